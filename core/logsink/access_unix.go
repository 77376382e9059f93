//go:build unix

package logsink

import "golang.org/x/sys/unix"

// mayMakeIn returns what keeps the process from making a file in dir.
func mayMakeIn(dir string) error { return unix.Access(dir, unix.W_OK|unix.X_OK) }
