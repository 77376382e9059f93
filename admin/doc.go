// Package admin is the control plane: what operators can see of a running
// server and do to it, as commands on a Unix socket, and the Client of them.
package admin
