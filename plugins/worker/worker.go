// Package worker is the process that a plugin lives in: an interpreter between
// two pipes.
//
// The process gives up what it doesn't need before it reads a line of the
// plugin, and ends with its parent. It holds several instances of the plugin,
// each with an interpreter of its own, for one call at a time: the interpreter
// has data races that two calls in one instance would meet.
package worker

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"sync"

	"github.com/hashicorp/yamux"

	"mts/plugins/internal/link"
)

// maxStack bounds the stack of a call, in bytes. A deeper recursion ends the
// process.
const maxStack = 64 << 20

// A plugin is what the instances of a worker have in common.
type plugin struct {
	name     string
	files    fs.FS
	settings map[string]any
	warning  string // what of the confinement the platform lacks
	loading  sync.Mutex
}

// Main serves the plugin that the parent sends through stdin until the parent
// closes the pipe. It returns the exit code.
func Main(stdin, stdout *os.File) int {
	spec, err := link.ReadSpec(stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "read the plugin:", err)
		return 1
	}
	files, err := zip.NewReader(bytes.NewReader(spec.Sources), int64(len(spec.Sources)))
	if err != nil {
		fmt.Fprintln(os.Stderr, "read the plugin:", err)
		return 1
	}
	debug.SetMaxStack(maxStack)
	p := &plugin{name: spec.Name, files: files, settings: spec.Settings, warning: confine(spec.Memory)}
	if spec.Memory > 0 {
		go watchMemory(spec.Memory)
	}
	session, err := link.Worker(link.Pipes{ReadCloser: stdin, Out: stdout})
	if err != nil {
		fmt.Fprintln(os.Stderr, "serve the plugin:", err)
		return 1
	}
	p.serve(session)
	return 0
}

// serve makes an instance for each stream that the parent opens.
func (p *plugin) serve(session *yamux.Session) {
	for {
		stream, err := session.AcceptStream()
		if err != nil {
			return
		}
		go func() {
			defer stream.Close()
			p.instance(link.NewConn(stream))
		}()
	}
}
