package worker

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

const (
	maxFiles   = 32 // descriptors; the process opens none after its start
	maxThreads = 64 // the runtime needs about ten

	// mappings is what the runtime may map beyond what it uses.
	mappings = 256 << 20
)

// closeInherited closes the descriptors that the process was started with,
// except for the pipes. Those that the runtime has opened are closed on exec.
func closeInherited() error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= 2 {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			_ = unix.CloseRange(uint(fd), uint(fd), 0)
		}
	}
	return nil
}

// limitMemory bounds memory twice: the kernel checks RLIMIT_DATA only at the next
// request for memory, so that it alone would allow one huge allocation.
func limitMemory(memory int64) error {
	if memory <= 0 {
		return nil
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	space, err1 := kilobytes(status, "VmSize:")
	data, err2 := kilobytes(status, "VmData:")
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	return errors.Join(
		setLimit(unix.RLIMIT_DATA, data+uint64(memory)),
		setLimit(unix.RLIMIT_AS, space+2*uint64(memory)+mappings))
}

// kilobytes returns a field of /proc/self/status, in bytes.
func kilobytes(status []byte, name string) (n uint64, err error) {
	_, rest, _ := bytes.Cut(status, []byte(name))
	if _, err := fmt.Sscanf(string(rest), "%d kB", &n); err != nil {
		return 0, fmt.Errorf("read %s of /proc/self/status: %w", name, err)
	}
	return n << 10, nil
}

// limitResources forbids core dumps and bounds descriptors and threads. Threads
// are counted per user, so that only a process with users of its own has a limit.
func limitResources(isolated bool) error {
	err := errors.Join(setLimit(unix.RLIMIT_CORE, 0), setLimit(unix.RLIMIT_NOFILE, maxFiles))
	if isolated {
		err = errors.Join(err, setLimit(unix.RLIMIT_NPROC, maxThreads))
	}
	return err
}

func setLimit(resource int, n uint64) error {
	if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: n, Max: n}); err != nil {
		return fmt.Errorf("set resource limit %d: %w", resource, err)
	}
	return nil
}
