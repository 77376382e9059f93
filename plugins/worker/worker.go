// Package worker is the process that one instance of a plugin lives in: an
// interpreter between two pipes.
//
// # Why a process, and why one for each instance
//
// A panic in a goroutine, endless recursion, concurrent map writes or a huge
// allocation ends a Go program, and no recover helps. So a script that does one
// of these must be in another program than the server.
//
// Two interpreters in one process share the variables and types of the packages
// that scripts import. A script can tear a slice that another goroutine uses
// and read and write foreign memory with it. So there is one interpreter in a
// process. It runs one call at a time, because it has data races of its own that
// two calls would meet. Calls run in parallel in several processes.
//
// One call at a time also makes the link simple: there is one stream of frames
// in each direction and nothing to multiplex. The pipe is the flow control. A
// multiplexer would be code on the server's side that a hostile worker could
// feed, and keep state for it.
//
// # How a script is stopped
//
// Exactly one EvalWithContext is in flight for all of an interpreter's life,
// and its end stops whatever the interpreter runs: loops, waits for channels and
// deferred functions. So a call that is out of time is stopped without ending the
// process, and the plugin is loaded into a new interpreter. Where that doesn't
// work, as in a function of the standard library, the parent kills the process.
//
// # How the process is confined
//
// A script can't name anything to do harm with: it may import only packages that
// compute. The confinement is for the day when a script finds an error in the
// interpreter and runs code of its own. It is complete before the process has
// read a byte of the plugin; only the memory limit comes before it. On Linux:
//
//   - Namespaces for users, mounts, processes, network, IPC and host names, from
//     the parent: there is no other process to signal or trace, no address to
//     connect to, also not in the abstract namespace of Unix sockets, and no
//     shared memory. If the server is root, the worker has another user.
//   - No environment, and no descriptors but the two pipes and standard error.
//   - An empty root that can't be written to: no file, no socket, no /proc.
//   - No capabilities, also not over its own namespaces, and no way to new ones.
//   - Landlock, for kernels that allow it but no namespaces: no files, no TCP, no
//     signals to others, no abstract sockets.
//   - A list of the system calls that are allowed: what the runtime needs to
//     compute and to use its pipes. So no socket, open, exec, ptrace, mount,
//     io_uring or bpf: what isn't called can't have an error either. No memory
//     becomes code.
//   - Limits for memory, descriptors, threads and core dumps.
//
// Each measure stands alone: what one of them lets through, another one stops.
// One that the system doesn't have is named in the server's log, once a start.
//
// In a program that is built with cgo, one thread gives up the capabilities over
// the process's own namespaces and the others keep them. No system call that is
// allowed has a use for them.
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
		prog, err := raw(p, s)
		prog.symbols = append(prog.symbols, more)
		return prog, nil, err
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
