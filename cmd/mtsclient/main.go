// Mtsclient fetches files from an mts server.
package main

import (
	"os"

	"mts/cmd/mtsclient/clientcmd"
)

func main() {
	os.Exit(clientcmd.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
