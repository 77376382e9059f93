// Package lower rewrites ordinary Go into the small part of Go that the
// interpreter runs as the compiler would.
package lower
