package atomicfile

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
)

// Lacks remembers what a file system can't do. The zero value remembers nothing
// yet. Any goroutine may use it.
type Lacks struct {
	mu   sync.Mutex
	warn func(error)
	said map[string]bool
}

// OnLack has warn called, once, for each thing that a file system can't do.
func (l *Lacks) OnLack(warn func(error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.warn = warn
}

// Without returns nil for an error that says that the file system of path lacks
// what can be gone without, such as "lock files", and other errors as they are.
func (l *Lacks) Without(path, what string, err error) error {
	if !Unsupported(err) {
		return err
	}
	if warn := l.first(what); warn != nil {
		warn(fmt.Errorf("%s: this file system can't %s (%w); going on without", path, what, err))
	}
	return nil
}

// first returns what to call if it is the first time that something is lacking.
func (l *Lacks) first(what string) (warn func(error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.warn == nil || l.said[what] {
		return nil
	}
	if l.said == nil {
		l.said = make(map[string]bool)
	}
	l.said[what] = true
	return l.warn
}

// Unsupported reports whether an error is one of a system call that a file system
// lacks: NFS, SMB, FUSE and exFAT each return another one.
func Unsupported(err error) bool {
	for _, lack := range []error{errors.ErrUnsupported, syscall.EINVAL, syscall.EPERM, errNoLocks} {
		if errors.Is(err, lack) {
			return true
		}
	}
	return false
}

// lacks are those of the files that Write and Lock are for.
var lacks Lacks

// OnLack has warn called, once in this process, for each thing that Write and Lock
// go without because a file system can't do it: locks, syncs, owners and permissions.
func OnLack(warn func(error)) { lacks.OnLack(warn) }
