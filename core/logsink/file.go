package logsink

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"mts/core/access"
)

// Open opens a log file for appending, and creates it if there is none. If the
// last line of the file has no line end, Open writes one. The file may be a named
// pipe that has a reader. It may not be a link of another user than root and that
// of this process.
func Open(path string) (*os.File, error) {
	f, err := open(path, os.O_CREATE)
	if err != nil {
		return nil, err
	}
	if lacksLineEnd(path) {
		f.WriteString("\n") // if that fails, so does what follows
	}
	return f, nil
}

// Check returns the error that Open would return, without making the file.
func Check(path string) error {
	f, err := open(path, 0)
	switch {
	case err == nil:
		return f.Close()
	case errors.Is(err, fs.ErrNotExist):
		if err = mayMakeIn(filepath.Dir(path)); err != nil {
			return &fs.PathError{Op: "open", Path: path, Err: err}
		}
	}
	return err
}

func open(path string, flags int) (*os.File, error) {
	if err := access.CheckLink(path); err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.OpenFile(path, flags|os.O_WRONLY|os.O_APPEND|syscall.O_NONBLOCK, 0o640)
}

// lacksLineEnd reports whether path is a regular file whose last line has no line
// end. It returns false if that can't be read.
func lacksLineEnd(path string) bool {
	if st, err := os.Stat(path); err != nil || !st.Mode().IsRegular() || st.Size() == 0 {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	last := make([]byte, 1)
	_, err = f.Seek(-1, io.SeekEnd)
	if err == nil {
		_, err = f.Read(last)
	}
	return err == nil && last[0] != '\n'
}
