//go:build !unix

package auth

import "io/fs"

// othersMayWrite knows of no mode where access is by list.
func othersMayWrite(fs.FileMode) bool { return false }
