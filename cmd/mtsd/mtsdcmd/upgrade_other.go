//go:build !unix

package mtsdcmd

import (
	"errors"
	"os"
)

// upgradeSignals is empty: a process can't pass sockets to another.
var upgradeSignals []os.Signal

func (*upgrade) run() error { return errors.ErrUnsupported }

// listens reports whether a socket accepts connections.
func listens(*os.File) bool { return false }
