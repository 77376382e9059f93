package worker

import (
	"errors"
	"unsafe"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

var errNamespaces = errors.New("the process has no namespaces of its own")

// enterRoot makes a new empty file system the root of the process. It isn't
// attached anywhere, so that nothing is above it.
//
// It is entered by chroot(2) and not by pivot_root(2): the server's own Landlock
// sandbox, which workers inherit, forbids to change mounts. What makes chroot
// weak elsewhere is missing here: no descriptor refers to the outside, and the
// capability to leave is given up next.
func enterRoot(attributes int) error {
	fs, err := unix.Fsopen("tmpfs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return err
	}
	defer unix.Close(fs)
	if err := unix.FsconfigCreate(fs); err != nil {
		return err
	}
	root, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC,
		attributes|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC)
	if err != nil {
		return err
	}
	defer unix.Close(root)
	if err := unix.Fchdir(root); err != nil {
		return err
	}
	return unix.Chroot(".")
}

// emptyRoot gives the process a root that nobody can write to.
func emptyRoot(isolated bool) error {
	if !isolated {
		return errNamespaces
	}
	return enterRoot(unix.MOUNT_ATTR_RDONLY)
}

// dropCapabilities gives up the capabilities that emptyRoot needed, which are
// those over the process's own namespaces, in all threads that it can reach.
func dropCapabilities() error {
	header := &unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	none := new([2]unix.CapUserData)
	if !threadsKnown() {
		return unix.Capset(header, &none[0])
	}
	_, _, errno := psx.Syscall3(unix.SYS_CAPSET, uintptr(unsafe.Pointer(header)), uintptr(unsafe.Pointer(none)), 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// landlocked takes all access to files, TCP, abstract sockets and other
// processes from all threads of the process, as far as the kernel can.
func landlocked() error {
	if _, err := ll.LandlockGetABIVersion(); err != nil {
		return err
	}
	return withThreads(func() error { return landlock.V8.BestEffort().Restrict() })
}
