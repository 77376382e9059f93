//go:build !unix

package plugins

import "io/fs"

// writable is nothing, because the system keeps no such permissions.
const writable fs.FileMode = 0
