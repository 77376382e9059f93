//go:build !unix

package auth

// lock does nothing: a folder can't be locked here.
func lock(string) (unlock func() error, err error) { return func() error { return nil }, nil }
