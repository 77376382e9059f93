package worker

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
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
	if err := giveUp(); err != nil {
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

// giveUp takes all access to files, TCP and other processes from all threads
// of the process, as far as the kernel can.
func giveUp() error {
	if _, err := ll.LandlockGetABIVersion(); err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	return landlock.V8.BestEffort().Restrict()
}
