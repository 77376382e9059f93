package worker

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxFiles bounds the process's descriptors; it opens none after its start.
const maxFiles = 32

// confine gives up what the process doesn't need: descriptors and memory
// beyond a limit, core dumps, new privileges, all files, TCP, and signals to
// and abstract sockets of others. It says what of it this system can't.
func confine(memory int64) string {
	_ = time.Now().Local().String() // reads the time zone
	var lacks []string
	if err := limit(memory); err != nil {
		lacks = append(lacks, err.Error())
	}
	if err := landlock(); err != nil {
		lacks = append(lacks, err.Error())
	}
	return strings.Join(lacks, "; ")
}

// mappings is what the runtime may map beyond what it uses.
const mappings = 256 << 20

// limit bounds memory twice: the kernel checks RLIMIT_DATA only when the next
// page is asked for, so that one huge piece would get by it.
func limit(memory int64) error {
	limits := map[int]uint64{unix.RLIMIT_CORE: 0, unix.RLIMIT_NOFILE: maxFiles}
	if memory > 0 {
		var data, space uint64
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			return err
		}
		if _, err = fmt.Sscanf(after(status, "VmSize:"), "%d kB", &space); err != nil {
			return fmt.Errorf("read /proc/self/status: %w", err)
		}
		if _, err = fmt.Sscanf(after(status, "VmData:"), "%d kB", &data); err != nil {
			return fmt.Errorf("read /proc/self/status: %w", err)
		}
		limits[unix.RLIMIT_DATA] = data<<10 + uint64(memory)
		limits[unix.RLIMIT_AS] = space<<10 + 2*uint64(memory) + mappings
	}
	for resource, n := range limits {
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: n, Max: n}); err != nil {
			return fmt.Errorf("set resource limit %d: %w", resource, err)
		}
	}
	return nil
}

// after returns what follows the name of a field in /proc/self/status.
func after(status []byte, name string) string {
	_, rest, _ := bytes.Cut(status, []byte(name))
	return string(rest)
}

// What each version of Landlock can refuse (landlock(7)).
var (
	landlockFiles = []uint64{1: 1<<13 - 1, 2: 1<<14 - 1, 3: 1<<15 - 1, 4: 1<<15 - 1, 5: 1<<16 - 1}
	errCgo        = errors.New("no Landlock in a binary built with cgo")
)

type landlockAttr struct{ files, net, scoped uint64 }

// landlock takes all access to files, TCP and other processes from all threads
// of the process.
func landlock() error {
	version, _, errno := syscall.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return fmt.Errorf("landlock: %w", errno)
	}
	attr := landlockAttr{files: landlockFiles[min(int(version), len(landlockFiles)-1)]}
	size := unsafe.Sizeof(attr.files)
	if version >= 4 {
		attr.net, size = 3, size+unsafe.Sizeof(attr.net)
	}
	if version >= 6 {
		attr.scoped, size = 3, size+unsafe.Sizeof(attr.scoped)
	}
	fd, _, errno := syscall.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if errno != 0 {
		return fmt.Errorf("landlock: %w", errno)
	}
	defer unix.Close(int(fd))
	for _, call := range [][3]uintptr{
		{unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1},
		{unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0},
	} {
		_, _, errno := syscall.AllThreadsSyscall6(call[0], call[1], call[2], 0, 0, 0, 0)
		if errno == syscall.ENOTSUP {
			return errCgo
		}
		if errno != 0 {
			return fmt.Errorf("landlock: %w", errno)
		}
	}
	return nil
}
