// Package link is the protocol between mtsd and a worker, the process that runs
// one instance of a plugin.
//
// There are two pipes and one stream of frames in each direction. The parent
// sends the memory limit, so that the worker can confine itself before it has
// seen anything else, and then a [Spec]. The worker loads the plugin and says
// what it offers, a [Ready]. From then on the parent sends one [Call] after the
// other: while a call runs, the worker asks for what the script asks of its
// core.Call, and the parent, which holds the real one, answers.
//
// There is no multiplexing, because a worker runs one call at a time. So flow
// control is the pipe's: a client that doesn't read holds up its own call
// alone, and what a worker writes without being asked stays in the pipe.
package link

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"time"
)

// Folder is where the interpreter looks for a plugin's folder.
const Folder = "src/plug/"

// Bounds of a plugin's source, as it is sent.
const (
	MaxFiles = 100
	MaxBytes = 2 << 20 // of all files together
)

// A Spec tells a worker what to run.
type Spec struct {
	Name     string
	Sources  []byte // a zip archive with Folder+Name/*.go
	Settings map[string]any
	Check    bool // only tell whether the plugin can be loaded
}

// maxSpec bounds what a worker reads of a Spec.
const maxSpec = 64 << 20

// WriteSpec sends the memory limit in bytes, 0 for none, and s. Settings hold
// what a TOML file can.
func WriteSpec(w io.Writer, memory int64, s Spec) error {
	register()
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(s); err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	head := binary.BigEndian.AppendUint64(nil, uint64(memory))
	head = binary.BigEndian.AppendUint32(head, uint32(b.Len()))
	_, err := w.Write(append(head, b.Bytes()...))
	return err
}

// ReadMemory reads the memory limit, and not a byte more.
func ReadMemory(r io.Reader) (int64, error) {
	var b [8]byte
	_, err := io.ReadFull(r, b[:])
	return int64(binary.BigEndian.Uint64(b[:])), err
}

// ReadSpec reads what follows the memory limit, and not a byte more.
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
