//go:build !linux

package mtsdcmd

import "mts/core/config"

// confine is for systems that let a process confine itself.
func (*daemon) confine(*config.Config, *serveFlags) {}
