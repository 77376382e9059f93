//go:build !unix

package plugins

import "os/exec"

// isolate and lower are for systems that have process groups.
func isolate(*exec.Cmd, bool) {}

func lower(int) {}
