//go:build !unix

package atomicfile

// Lock does nothing: this system can't lock a folder.
func Lock(string) (unlock func() error, err error) { return func() error { return nil }, nil }
