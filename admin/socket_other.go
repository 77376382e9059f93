//go:build !unix

package admin

func private() (undo func()) { return func() {} }
