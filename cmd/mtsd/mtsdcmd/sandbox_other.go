//go:build !linux

package mtsdcmd

import "mts/core/config"

// confine does nothing: only on Linux a process can confine itself.
func (*daemon) confine(*config.Config, *serveFlags) {}
