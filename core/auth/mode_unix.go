//go:build unix

package auth

import "io/fs"

// othersMayWrite reports whether group or others may write.
func othersMayWrite(m fs.FileMode) bool { return m.Perm()&0o022 != 0 }
