//go:build unix

package auth

import "io/fs"

// othersMayWrite reports whether others than owner and group may write.
func othersMayWrite(m fs.FileMode) bool { return m.Perm()&0o002 != 0 }
