// Package plugins is the folder of the shipped plugins, one package each. They
// are read by the server and by people who want to write one; see README.md.
package plugins
