//go:build unix

package clientcmd

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// die ends the program by a signal. A shell shows 128 and the number of the signal.
func die(sig os.Signal) {
	number := sig.(syscall.Signal)
	signal.Reset(sig)
	syscall.Kill(os.Getpid(), number)
	time.Sleep(time.Second) // the signal may be blocked
	os.Exit(128 + int(number))
}
