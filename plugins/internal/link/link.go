// Package link is what passes between mtsd and the worker process of a plugin.
//
// The parent sends a [Spec] down the pipe; then the pipe carries yamux
// streams. Each stream belongs to one instance of the plugin's interpreter and
// carries its calls one after the other, as frames: while a call runs, the
// instance asks for what its script asks of its core.Call, and the parent,
// which holds the real one, answers. Flow control is yamux's, per stream, so
// that a client that doesn't read holds up its own call alone.
package link

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/yamux"
)

// Folder is where the interpreter looks for a plugin's folder.
const Folder = "src/plug/"

// A Spec tells a worker what to run, and within which bounds.
type Spec struct {
	Name     string
	Sources  []byte // a zip archive with Folder+Name/*.go
	Settings map[string]any
	Memory   int64 // bytes; 0: no limit
}

// maxSpec bounds what a worker reads before it knows anything.
const maxSpec = 64 << 20

// WriteSpec sends s, which a worker reads first of all. Settings hold what a
// TOML file can.
func WriteSpec(w io.Writer, s Spec) error {
	register()
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(s); err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	size := binary.BigEndian.AppendUint32(nil, uint32(b.Len()))
	_, err := w.Write(append(size, b.Bytes()...))
	return err
}

// ReadSpec reads what WriteSpec wrote, and not a byte more.
func ReadSpec(r io.Reader) (s Spec, err error) {
	register()
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return s, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxSpec {
		return s, errors.New("specification too large")
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return s, err
	}
	return s, gob.NewDecoder(bytes.NewReader(b)).Decode(&s)
}

// register tells gob which composite values settings have.
func register() {
	gob.Register(map[string]any{})
	gob.Register([]any{})
	gob.Register([]map[string]any{})
	gob.Register(time.Time{})
}

// Parent returns the parent's end of the streams over c.
func Parent(c io.ReadWriteCloser) (*yamux.Session, error) {
	return yamux.Client(&joined{ReadWriteCloser: c}, config())
}

// Worker returns the worker's end of the streams over c.
func Worker(c io.ReadWriteCloser) (*yamux.Session, error) {
	return yamux.Server(&joined{ReadWriteCloser: c}, config())
}

func config() *yamux.Config {
	c := yamux.DefaultConfig()
	c.EnableKeepAlive = false // a dead worker's pipe ends
	c.StreamOpenTimeout = 0
	c.StreamCloseTimeout = 10 * time.Second
	c.LogOutput = io.Discard
	return c
}

// joined writes a header of yamux and the data it announces at once, where
// yamux writes them one after the other: half the system calls, and the other
// side wakes up once. See the specification of yamux, "Framing".
type joined struct {
	io.ReadWriteCloser
	buf []byte // of the one goroutine that writes
}

const (
	yamuxHeader = 12
	yamuxData   = 0 // in byte 1; bytes 8 to 11 are the length
)

func (j *joined) Write(p []byte) (int, error) {
	announces := len(j.buf) == 0 && len(p) == yamuxHeader && p[1] == yamuxData && binary.BigEndian.Uint32(p[8:]) > 0
	j.buf = append(j.buf, p...)
	if announces {
		return len(p), nil
	}
	_, err := j.ReadWriteCloser.Write(j.buf)
	j.buf = j.buf[:0]
	if err != nil {
		return 0, err
	}
	return len(p), nil
}
