// Package worker is the process that one instance of a plugin lives in: an
// interpreter between two pipes.
//
// # Why a process
//
// Nothing but a process contains what a script can do to the Go program that
// interprets it: a panic in a goroutine, endless recursion, concurrent map
// writes and a huge allocation end the whole process, and no recover helps.
// Each instance has a process of its own, because two interpreters in one
// process share the data of the packages that scripts import: that isn't
// memory-safe. A process runs one call at a time, because the interpreter has
// data races that two calls would meet.
//
// # How a script is stopped
//
// Exactly one EvalWithContext is in flight for all of an interpreter's life,
// and its end stops whatever the interpreter runs: loops, waits for channels and
// deferred functions. So a call that is out of time is stopped without the end of its process,
// and the plugin is loaded anew into a fresh interpreter. If that takes too long,
// as in a function of the standard library, the parent kills the process.
//
// # How it is confined
//
// The process gives up what it doesn't need before it has read a byte of the
// plugin; see confine. A script can't name what it could do harm with: it may
// import only packages that compute. The confinement is for the day when a
// script finds an error in the interpreter and runs code of its own: what that
// code can reach is then the pipes to the parent, and nothing else.
package worker

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/traefik/yaegi/interp"

	"mts/plugins/internal/link"
)

const (
	// maxStack bounds the stack of a call, in bytes. A deeper recursion ends
	// the process.
	maxStack = 64 << 20

	// maxProcs is one processor: a call is one thread's work, and handing it
	// from thread to thread takes longer than most calls.
	maxProcs = 1
)

// A plugin is what the process runs.
type plugin struct {
	link.Spec
	files   fs.FS
	compile compiler
}

// A compiler makes a program of a plugin, which hands over to s what it offers.
// Findings are what is wrong with the plugin's source.
type compiler func(p *plugin, s *script) (prog program, findings []string, err error)

// Main serves the plugin that the parent sends through stdin until the parent
// closes the pipe. It returns the exit code.
func Main(stdin, stdout *os.File) int { return run(stdin, stdout, compile) }

// Unchecked is Main for tests of what contains scripts: none is refused, and
// they may import what more holds.
func Unchecked(stdin, stdout *os.File, more interp.Exports) int {
	return run(stdin, stdout, func(p *plugin, s *script) (program, []string, error) {
		prog, findings, err := raw(p, s)
		prog.symbols = append(prog.symbols, more)
		return prog, findings, err
	})
}

func run(stdin, stdout *os.File, compile compiler) int {
	runtime.GOMAXPROCS(maxProcs)
	debug.SetMaxStack(maxStack)
	debug.SetTraceback("none") // stacks would be the interpreter's own
	p, lacks, err := receive(stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "read the plugin:", err)
		return 1
	}
	p.compile = compile
	p.serve(link.NewConn(pipes{polled(stdin), stdout}), lacks)
	return 0
}

// receive confines the process and reads the plugin.
func receive(stdin io.Reader) (p *plugin, lacks string, err error) {
	memory, err := link.ReadMemory(stdin)
	if err != nil {
		return nil, "", err
	}
	lacks = confine(memory)
	if memory > 0 {
		go watchMemory(memory)
	}
	p = new(plugin)
	if p.Spec, err = link.ReadSpec(stdin); err != nil {
		return nil, "", err
	}
	p.files, err = zip.NewReader(bytes.NewReader(p.Sources), int64(len(p.Sources)))
	return p, lacks, err
}

// pipes are the two directions to the parent.
type pipes struct {
	io.Reader
	io.Writer
}
