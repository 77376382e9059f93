//go:build unix

package check

import "io/fs"

// writable are the permissions that let others than owner and group change a script.
const writable fs.FileMode = 0o002
