//go:build !unix

package atomicfile

import "errors"

// errNoLocks is what a file system without locks says.
var errNoLocks = errors.ErrUnsupported

// Lock does nothing: this system can't lock a folder.
func Lock(string) (unlock func() error, err error) { return func() error { return nil }, nil }
