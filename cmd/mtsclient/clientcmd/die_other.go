//go:build !unix

package clientcmd

import "os"

// die ends the program with the code that shells show for an interrupt.
func die(os.Signal) { os.Exit(130) }
