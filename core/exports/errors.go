package exports

import (
	"errors"
	"io/fs"
	"runtime"
	"slices"
	"syscall"
)

// refused are the errors of the system for names that aren't served.
var refused = []syscall.Errno{
	syscall.ENOENT, syscall.ENOTDIR, syscall.EISDIR, syscall.EACCES, syscall.EPERM,
	syscall.ENAMETOOLONG, syscall.EILSEQ, syscall.EINVAL, // the file system doesn't take the name
	syscall.ELOOP, syscall.EXDEV, // links: too many, or out of the root
	syscall.ENXIO, syscall.ENODEV, syscall.EOPNOTSUPP, // sockets, devices without a driver
}

// refusal returns fs.ErrNotExist for an error that only says that a name isn't
// served. It returns other errors unchanged.
func refusal(err error) error {
	errno, isErrno := errors.AsType[syscall.Errno](err)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrInvalid),
		isErrno && slices.Contains(refused, errno),
		isErrno && runtime.GOOS == "windows" && errno == 123: // ERROR_INVALID_NAME
		return fs.ErrNotExist
	}
	return err
}
