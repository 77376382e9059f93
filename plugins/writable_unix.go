//go:build unix

package plugins

import "io/fs"

// writable are the permissions with which others could change what runs.
const writable fs.FileMode = 0o002
