package worker

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// A measure takes something from the process. Its name is what a process without
// it lacks.
type measure struct {
	name string
	take func() error
}

// measures returns what confine does, in this order: limits are computed from
// /proc, Landlock may need a root of its own first, a root needs capabilities, and
// the filter of system calls comes last, because the others make calls that it
// refuses.
func measures(memory int64) []measure {
	isolated := os.Getpid() == 1 // by the parent: the first process of its namespace
	return []measure{
		{"no inherited descriptors", closeInherited},
		{"memory limit", func() error { return limitMemory(memory) }},
		{"resource limits", func() error { return limitResources(isolated) }},
		{"Landlock", landlocked},
		{"empty root", func() error { return emptyRoot(isolated) }},
		{"no capabilities", dropCapabilities},
		{"system call filter", filterCalls},
	}
}

// confine gives up what the process doesn't need, and says what of it this
// system can't. Every measure stands alone: one that fails doesn't keep another
// one from being taken. The parent has given the process namespaces of its
// own before, if it could: users, mounts, processes, network, IPC and host name.
func confine(memory int64) string {
	_ = time.Now().Local().String() // reads the time zone
	var lacks []string
	for _, m := range measures(memory) {
		if err := m.take(); err != nil {
			lacks = append(lacks, fmt.Sprintf("%s: %v", m.name, err))
		}
	}
	return strings.Join(lacks, "; ")
}
