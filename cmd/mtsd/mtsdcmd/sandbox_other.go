//go:build !linux

package mtsdcmd

import (
	"errors"

	"mts/core/config"
)

// sandboxSupport returns why there can be no sandbox.
func sandboxSupport() error { return errors.New("only on Linux a process can confine itself") }

// confine does nothing.
func (*daemon) confine(*config.Config, *serveFlags) error { return nil }
