//go:build !unix

package admin

func restrictUmask() (undo func()) { return func() {} }
