// Package payload tries what native code in a worker must not be able to do.
// Only tests use it: it stands for an attacker's code that a script has brought
// into its worker through an error in the interpreter.
package payload

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// attempts return nil if they succeed. Each gets a target where it needs one: a
// path or a process.
var attempts = map[string]func(target string) error{
	"read a file": func(path string) error { _, err := os.ReadFile(path); return err },
	"list /proc":  func(string) error { _, err := os.ReadDir("/proc"); return err },
	"write a file": func(string) error {
		f, err := os.CreateTemp("/", "")
		if err != nil {
			f, err = os.CreateTemp("/tmp", "")
		}
		if err == nil {
			os.Remove(f.Name())
		}
		return err
	},
	"connect to a socket": func(path string) error {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		return unix.Connect(fd, &unix.SockaddrUnix{Name: path})
	},
	"open a socket":     func(string) error { _, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0); return err },
	"make a socketpair": func(string) error { _, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0); return err },
	"signal a process":  func(pid string) error { return unix.Kill(number(pid), unix.SIGURG) },
	"signal everybody":  func(string) error { return call(unix.SYS_KILL, ^uintptr(0), uintptr(unix.SIGURG)) },
	"trace a process":   func(pid string) error { return unix.PtraceSeize(number(pid)) },
	"open a process":    func(pid string) error { _, err := unix.PidfdOpen(number(pid), 0); return err },
	"read a process's memory": func(pid string) error {
		b := make([]byte, 1)
		local := []unix.Iovec{{Base: &b[0], Len: 1}}
		_, err := unix.ProcessVMReadv(number(pid), local, []unix.RemoteIovec{{Base: uintptr(unsafe.Pointer(&b[0])), Len: 1}}, 0)
		return err
	},
	"execute a program": func(path string) error { return unix.Exec(path, []string{path}, nil) },
	"make a process": func(string) error {
		pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
		if errno != 0 {
			return errno
		}
		if pid == 0 {
			unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
		}
		return nil
	},
	"make a user namespace": func(string) error { return unix.Unshare(unix.CLONE_NEWUTS) },
	"make a file system":    func(string) error { _, err := unix.Fsopen("tmpfs", 0); return err },
	"leave the root":        func(string) error { return unix.Chroot("/") },
	"make an io_uring": func(string) error {
		var p [120]byte
		return call(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&p)))
	},
	"load a BPF program": func(string) error { return call(unix.SYS_BPF, 0, 0, 0) },
	"use a key ring":     func(string) error { return call(unix.SYS_KEYCTL, unix.KEYCTL_GET_KEYRING_ID, ^uintptr(2), 1) },
	"make memory code": func(string) error {
		_, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
		return err
	},
	"make an anonymous file": func(string) error { _, err := unix.MemfdCreate("x", 0); return err },
	"raise a limit": func(string) error {
		return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20})
	},
	"open many files": func(string) error {
		for range 64 {
			if _, err := unix.Open("/", unix.O_PATH, 0); err != nil {
				return err
			}
		}
		return nil
	},
	"use an inherited descriptor": func(string) error { _, err := unix.Write(3, []byte("x")); return err },
	"read the environment": func(string) error {
		if env := os.Environ(); len(env) == 0 {
			return errors.New("it is empty")
		}
		return nil
	},
}

// Names returns what there is to try.
func Names() []string { return slices.Sorted(maps.Keys(attempts)) }

// Try returns why an attempt failed, "" if it succeeded.
func Try(name, target string) string {
	attempt, ok := attempts[name]
	if !ok {
		panic(fmt.Sprintf("no attempt %q", name))
	}
	if err := attempt(target); err != nil {
		return err.Error()
	}
	return ""
}

// Flood writes frames to the pipe to the server, as fast as it takes them, and
// returns why it doesn't any more.
func Flood(op, call int, payload string) string {
	frame := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))
	frame = binary.BigEndian.AppendUint32(append(frame, byte(op)), uint32(call))
	frame = append(frame, payload...)
	frames := bytes.Repeat(frame, max(1, 4096/len(frame)))
	for {
		if _, err := os.Stdout.Write(frames); err != nil {
			return err.Error()
		}
	}
}

func number(pid string) int {
	n, err := strconv.Atoi(pid)
	if err != nil {
		panic(err)
	}
	return n
}

func call(number uintptr, args ...uintptr) error {
	var a [3]uintptr
	copy(a[:], args)
	if _, _, errno := unix.Syscall(number, a[0], a[1], a[2]); errno != 0 {
		return errno
	}
	return nil
}
