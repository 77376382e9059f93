package server

import (
	"errors"
	"io"
	"io/fs"
	"sync"
	"time"

	"mts/core"
	"mts/core/wire"
)

var errChanged = core.Errorf(core.CodeChanged, "The file changed while it was sent.")

// Send sends a source whose size is known in blocks of that size, and copies
// any other.
func (c *call) Send(r io.Reader) (int64, error) {
	c.sends, c.start = true, time.Now()
	c.handle.startTransfer(c.path, c.start)
	var err error
	switch r := r.(type) {
	case *io.SectionReader:
		c.bytes, err = c.sendSection(r)
	case fs.File:
		c.bytes, err = c.sendFile(r, r, -1)
	default:
		c.bytes, err = io.Copy(struct{ io.Writer }{c}, r)
	}
	if errors.Is(err, wire.ErrShort) {
		err = errChanged
	}
	return c.bytes, err
}

// sendFile sends n bytes of f from r, or all that it has now if n is negative,
// and then checks that the file hasn't changed.
func (c *call) sendFile(f fs.File, r io.Reader, n int64) (int64, error) {
	before, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if n < 0 && before.Size() == 0 {
		return c.sendUnsized(r)
	}
	if n < 0 {
		n = before.Size()
	}
	c.handle.setSize(n)
	sent, err := c.session.out.Send(r, n, c.pace)
	if err != nil {
		return sent, err
	}
	after, err := f.Stat()
	if err == nil && hasChanged(before, after) {
		err = errChanged
	}
	return sent, err
}

// sendUnsized sends what a file holds that says 0 of its size: nothing, or, in
// file systems such as /proc, more. Some of those answer only reads that are large.
func (c *call) sendUnsized(r io.Reader) (int64, error) {
	b := unsized.Get().(*[]byte)
	defer unsized.Put(b)
	for total := int64(0); ; {
		n, err := r.Read(*b)
		if n > 0 {
			m, err := c.Write((*b)[:n])
			total += int64(m)
			c.handle.sent.Add(int64(m))
			if err != nil {
				return total, err
			}
		}
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

var unsized = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// hasChanged reports whether the bytes that were sent may be of two versions. A
// file that has grown, such as a log, still begins with what was sent.
func hasChanged(before, after fs.FileInfo) bool {
	return after.Size() < before.Size() ||
		after.Size() == before.Size() && !after.ModTime().Equal(before.ModTime())
}

// sendSection sends a part of a file. A file that can seek is read directly, so
// that it can be sent by sendfile.
func (c *call) sendSection(part *io.SectionReader) (int64, error) {
	outer, off, n := part.Outer()
	f, ok := outer.(fs.File)
	if !ok {
		return c.session.out.Send(part, n, c.pace)
	}
	seeker, ok := f.(io.Seeker)
	if !ok {
		return c.sendFile(f, part, n)
	}
	if _, err := seeker.Seek(off, io.SeekStart); err != nil {
		return 0, err
	}
	return c.sendFile(f, f, n)
}

// pace is the wire.Pace of a transfer.
func (c *call) pace(n int64) (int64, error) {
	n, err := c.waitForBytes(n)
	if err != nil {
		return 0, err
	}
	c.handle.sent.Add(n)
	c.counted += n
	c.server.counters.bytes.Add(n)
	return n, nil
}
