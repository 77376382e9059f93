package worker

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// confine gives up what the process doesn't need, and says what of it this
// system can't. Every measure stands alone, so that one that fails doesn't keep
// another one from being taken. The parent has given the process its own user,
// mount, network, process and IPC namespaces before, if it could.
//
// The order matters: resource limits are computed from /proc, a new root needs
// capabilities, and the filter of system calls comes last, because the others
// make calls that it refuses.
func confine(memory int64) string {
	_ = time.Now().Local().String() // reads the time zone
	isolated := os.Getpid() == 1
	var lacks []string
	for _, measure := range []struct {
		name string
		take func() error
	}{
		{"close descriptors", closeInherited},
		{"memory limit", func() error { return limitMemory(memory) }},
		{"resource limits", func() error { return limitResources(isolated) }},
		{"empty root", func() error { return emptyRoot(isolated) }},
		{"no capabilities", dropCapabilities},
		{"Landlock", landlocked},
		{"system call filter", filterCalls},
	} {
		if err := measure.take(); err != nil {
			lacks = append(lacks, fmt.Sprintf("%s: %v", measure.name, err))
		}
	}
	return strings.Join(lacks, "; ")
}
