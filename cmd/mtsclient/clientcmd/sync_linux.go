package clientcmd

import (
	"os"

	"golang.org/x/sys/unix"

	"mts/core/atomicfile"
)

// syncFiles syncs one file, or the whole file systems of several files. Since Linux
// 5.8 syncfs reports write errors.
func syncFiles(files []*os.File) error {
	if len(files) == 1 {
		return syncEach(files)
	}
	synced := make(map[uint64]bool)
	for _, f := range files {
		var s unix.Stat_t
		fd := int(f.Fd())
		if err := unix.Fstat(fd, &s); err != nil {
			return err
		}
		if dev := uint64(s.Dev); !synced[dev] {
			synced[dev] = true
			err := unix.Syncfs(fd)
			if atomicfile.Unsupported(err) {
				return syncEach(files)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
