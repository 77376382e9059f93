//go:build !unix

package atomicfile

// Lock does nothing: a folder can't be locked here.
func Lock(string) (unlock func() error, err error) { return func() error { return nil }, nil }
