// Command mtsd is the mts server and its tools. See mtsd --help.
package main

import (
	"os"

	"mts/cmd/mtsd/mtsdcmd"
)

func main() { os.Exit(mtsdcmd.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
