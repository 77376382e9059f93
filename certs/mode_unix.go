//go:build unix

package certs

import "io/fs"

// tooOpen reports whether group or others have any right to a key.
func tooOpen(m fs.FileMode) bool { return m.Perm()&0o077 != 0 }
