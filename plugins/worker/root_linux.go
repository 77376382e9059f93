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

// emptyRoot makes an empty file system that nobody can write to the root of the
// process. It isn't attached anywhere, so that nothing is above it.
//
// It is entered by chroot(2) and not by pivot_root(2): the server's own Landlock
// sandbox, which workers inherit, forbids to change mounts. What makes chroot
// weak elsewhere is missing here: no descriptor refers to the outside, and the
// capability to leave is given up next.
func emptyRoot(isolated bool) error {
	if !isolated {
		return errNamespaces
	}
	fs, err := unix.Fsopen("tmpfs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return err
	}
	defer unix.Close(fs)
	if err := unix.FsconfigCreate(fs); err != nil {
		return err
	}
	root, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC,
		unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC)
	if err != nil {
		return err
	}
	defer unix.Close(root)
	if err := unix.Fchdir(root); err != nil {
		return err
	}
	return unix.Chroot(".")
}

// dropCapabilities gives up the capabilities that emptyRoot needed, which are
// those over the process's own namespaces, in all threads.
func dropCapabilities() error {
	header := &unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	none := new([2]unix.CapUserData)
	if !allThreads() {
		return errors.Join(unix.Capset(header, &none[0]), errThreads)
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
	version, err := ll.LandlockGetABIVersion()
	if err != nil {
		return err
	}
	if version < wholeProcess && !allThreads() {
		return errThreads
	}
	return landlock.V8.BestEffort().Restrict()
}

// wholeProcess is the version of Landlock that restricts all threads by itself.
const wholeProcess = 8

var errThreads = errors.New("a program built with cgo can't do it for all threads; build with CGO_ENABLED=0")
