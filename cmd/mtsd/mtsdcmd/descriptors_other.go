//go:build !linux

package mtsdcmd

// keepDescriptors does nothing: it takes a call of Linux.
func keepDescriptors() {}
