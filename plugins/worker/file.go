package worker

import (
	"io"
	"io/fs"
	"time"

	"mts/plugins/internal/link"
)

// A file is a file of the exports that the parent has open. Its errors are
// the parent's.
type file struct {
	host   *host
	path   string
	handle string
	off    int64

	ahead []byte // what was read from off on
}

// Read reads ahead, because every request costs a way to the parent and back.
func (f *file) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(f.ahead) == 0 {
		b, err := f.request(f.off, link.Chunk)
		if len(b) == 0 {
			return 0, err
		}
		f.ahead = b
	}
	n := copy(p, f.ahead)
	f.ahead = f.ahead[n:]
	f.off += int64(n)
	return n, nil
}

// request returns up to n bytes from off on; none only with an error.
func (f *file) request(off int64, n int) ([]byte, error) {
	texts, err := f.host.ask(nil, link.Read, f.handle, link.Int(off), link.Int(int64(n)))
	if err != nil {
		return nil, err
	}
	b := texts.Bytes()
	if len(b) == 0 {
		return nil, io.EOF
	}
	return b, nil
}

// ReadAt fails with errors.ErrUnsupported in exports whose files can't.
func (f *file) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		b, err := f.request(off+int64(n), min(len(p)-n, link.Chunk))
		n += copy(p[n:], b)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// Seek moves within the file; what it finds there is up to the next Read.
func (f *file) Seek(off int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		off += f.off
	case io.SeekEnd:
		info, err := f.Stat()
		if err != nil {
			return f.off, err
		}
		off += info.Size()
	}
	if off < 0 {
		return f.off, &fs.PathError{Op: "seek", Path: f.path, Err: fs.ErrInvalid}
	}
	f.off, f.ahead = off, nil
	return off, nil
}

func (f *file) Stat() (fs.FileInfo, error) {
	texts, err := f.host.ask(nil, link.StatFile, f.handle)
	if err != nil {
		return nil, err
	}
	return info{texts.Next(), texts.Int(), fs.FileMode(texts.Int()), texts.Time()}, nil
}

func (f *file) Close() error {
	_, err := f.host.ask(nil, link.CloseFile, f.handle)
	return err
}

// An info describes a file that the parent has open.
type info struct {
	name     string
	size     int64
	mode     fs.FileMode
	modified time.Time
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return i.mode }
func (i info) ModTime() time.Time { return i.modified }
func (i info) IsDir() bool        { return i.mode.IsDir() }
func (i info) Sys() any           { return nil }
