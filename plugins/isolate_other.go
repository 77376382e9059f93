//go:build !unix

package plugins

import (
	"os"
	"os/exec"
)

// An isolation is how well a worker can be kept apart from its start on.
type isolation int

func isolations() []isolation { return []isolation{0} }

func isolate(*exec.Cmd, isolation) (done func(), err error) { return func() {}, nil }

func isRefusal(error) bool { return false }

func (isolation) lacks() string { return "namespaces" }

func lowerPriority(int) {}

func enlarge(*os.File) {}
