//go:build !unix

package check

import "io/fs"

// writable is empty where a file's mode doesn't tell who may change it.
const writable fs.FileMode = 0
