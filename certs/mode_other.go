//go:build !unix

package certs

import "io/fs"

// tooOpen knows of no mode where access is by list.
func tooOpen(fs.FileMode) bool { return false }
