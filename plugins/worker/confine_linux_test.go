package worker

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"mts/plugins/internal/payload"
)

const (
	measureArg = "take-a-measure"
	memoryTest = 64 << 20
)

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == measureArg {
		takeMeasure(os.Args[2], os.Args[3:])
		return
	}
	os.Exit(m.Run())
}

// takeMeasure takes one measure, or all of them or none, and prints what it can
// do then.
func takeMeasure(name string, attempts []string) {
	for _, m := range measures(memoryTest) {
		if name == m.name || name == "all" {
			if err := m.take(); err != nil {
				fmt.Println("lacks", m.name, err)
			}
		}
	}
	for _, attempt := range attempts {
		name, target, _ := strings.Cut(attempt, "|")
		if payload.Try(name, target) == "" {
			fmt.Println("could", name)
		}
	}
	if len(attempts) == 0 {
		b := make([]byte, 1<<30)
		fmt.Println("could allocate", len(b))
	}
}

// taken runs takeMeasure in a process with namespaces, as the parent of a worker
// starts it, and returns what it prints.
func taken(t *testing.T, measure string, attempts ...string) string {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", append([]string{measureArg, measure}, attempts...)...)
	cmd.Env, cmd.Dir = []string{}, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID |
			syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 65534, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 65534, HostID: os.Getegid(), Size: 1}},
		AmbientCaps: []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_SYS_CHROOT},
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	cmd.ExtraFiles = []*os.File{w}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Skip("no namespaces here:", err)
	}
	_ = cmd.Wait() // it may be killed by what it tries
	if lacks, found := strings.CutPrefix(out.String(), "lacks "); found {
		t.Skip("not here:", lacks)
	}
	return out.String()
}

// Each measure alone keeps a process from what it is there for, which it could
// do without it.
func TestEachMeasure(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for measure, attempts := range map[string][]string{
		"no inherited descriptors": {"use an inherited descriptor"},
		"resource limits":          {"open many files", "raise a limit"},
		"empty root":               {"read a file|/etc/passwd", "list /proc", "write a file", "connect to a socket|" + socket, "execute a program|/bin/true"},
		"no capabilities":          {"make a file system", "leave the root"},
		"Landlock":                 {"read a file|/etc/passwd", "list /proc", "write a file", "execute a program|/bin/true"},
		"system call filter": {
			"read a file|/etc/passwd", "list /proc", "write a file", "connect to a socket|" + socket, "open a socket",
			"make a socketpair", "signal a process|1", "make a process", "make a user namespace", "make a file system",
			"leave the root", "make memory code", "make an anonymous file", "raise a limit", "execute a program|/bin/true",
		},
	} {
		t.Run(measure, func(t *testing.T) {
			for _, attempt := range attempts {
				name, _, _ := strings.Cut(attempt, "|")
				if could := taken(t, measure, attempt); strings.Contains(could, "could") {
					t.Errorf("with it, it %s", could)
				}
				if could := taken(t, "none", attempt); name != "execute a program" && !strings.Contains(could, "could") {
					t.Errorf("without it, it couldn't %s either: %s", name, could)
				}
			}
		})
	}
}

func TestMemoryLimit(t *testing.T) {
	if could := taken(t, "memory limit"); strings.Contains(could, "could") {
		t.Errorf("it %s bytes", could)
	}
}

// A process that takes all measures goes on, and can do nothing.
func TestAllMeasures(t *testing.T) {
	var attempts []string
	for _, name := range payload.Names() {
		attempts = append(attempts, name+"|"+map[string]string{
			"read a file": "/etc/passwd", "connect to a socket": "/x", "execute a program": "/bin/true",
		}[name])
	}
	for i, a := range attempts {
		if strings.HasSuffix(a, "process|") || strings.HasSuffix(a, "memory|") {
			attempts[i] += "1"
		}
	}
	if could := taken(t, "all", attempts...); could != "" {
		t.Errorf("it %s", could)
	}
}
