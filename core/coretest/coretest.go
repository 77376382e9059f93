// Package coretest runs commands without a server, for tests of plugins and of
// other commands. It is what net/http/httptest is for handlers.
//
//	host := &coretest.Host{Files: fstest.MapFS{"a.txt": {Data: []byte("one two\n")}}}
//	err := host.Run(wc, "a.txt")
//	// host.Data is what a client would receive
package coretest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"path"
	"strings"

	"mts/core"
)

// A Host is a core.Host in memory. The zero value has no files, and nobody is
// logged in. It is not safe for concurrent use.
type Host struct {
	Files fs.FS          // what Open, Stat and List see
	User  core.Session   // what Session returns
	Peers []core.Session // what Sessions returns
	Store map[string]string

	// What the calls have done.
	Data    bytes.Buffer
	Text    string // of the success line; "" if the command set none
	Facts   map[string]string
	Notices []string // "filter: text"
	Logs    []string
}

// Run calls a command with the argument arg and returns its error.
func (h *Host) Run(cmd core.Command, arg string) error {
	return cmd.Run(h.Call(arg))
}

// Call returns a call with the argument arg, for hooks.
func (h *Host) Call(arg string) *core.Call {
	return core.NewCall(context.Background(), h, arg)
}

// Session returns h.User.
func (h *Host) Session() core.Session { return h.User }

// Sessions returns h.Peers.
func (h *Host) Sessions() []core.Session { return h.Peers }

// Write adds to h.Data.
func (h *Host) Write(p []byte) (int, error) { return h.Data.Write(p) }

// Send adds what r holds to h.Data.
func (h *Host) Send(r io.Reader) (int64, error) { return io.Copy(&h.Data, r) }

// Open opens a regular file of h.Files.
func (h *Host) Open(name string) (fs.File, error) {
	info, err := h.stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return nil, fs.ErrNotExist
	}
	return h.Files.Open(clean(name))
}

// Stat describes a file or folder of h.Files.
func (h *Host) Stat(name string) (core.Info, error) {
	info, err := h.stat(name)
	if err != nil {
		return core.Info{}, err
	}
	return describe(info), nil
}

// List describes what a folder of h.Files holds.
func (h *Host) List(name string) (iter.Seq2[core.Info, error], error) {
	if h.Files == nil {
		return nil, fs.ErrNotExist
	}
	entries, err := fs.ReadDir(h.Files, clean(name))
	if err != nil {
		return nil, fs.ErrNotExist
	}
	return func(yield func(core.Info, error) bool) {
		for _, e := range entries {
			info, err := e.Info()
			if err != nil || !yield(describe(info), nil) {
				return
			}
		}
	}, nil
}

// Reply sets h.Text.
func (h *Host) Reply(text string) { h.Text = text }

// Fact adds to h.Facts.
func (h *Host) Fact(name, value string) {
	if h.Facts == nil {
		h.Facts = make(map[string]string)
	}
	h.Facts[name] = value
}

// Notify adds to h.Notices and returns the number of h.Peers.
func (h *Host) Notify(filter, text string) (int, error) {
	h.Notices = append(h.Notices, filter+": "+text)
	return len(h.Peers), nil
}

// Logf adds to h.Logs.
func (h *Host) Logf(text string) { h.Logs = append(h.Logs, text) }

// Load reads h.Store.
func (h *Host) Load(key string) (string, bool) {
	value, ok := h.Store[key]
	return value, ok
}

// Save writes h.Store.
func (h *Host) Save(key, value string) error {
	if key == "" {
		return errors.New("empty key")
	}
	if h.Store == nil {
		h.Store = make(map[string]string)
	}
	h.Store[key] = value
	return nil
}

func (h *Host) stat(name string) (fs.FileInfo, error) {
	if h.Files == nil {
		return nil, fs.ErrNotExist
	}
	info, err := fs.Stat(h.Files, clean(name))
	if err != nil {
		return nil, fs.ErrNotExist
	}
	return info, nil
}

// clean turns a path as clients write it into a name of an fs.FS.
func clean(name string) string {
	name = strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/")
	return path.Clean(name)
}

func describe(info fs.FileInfo) core.Info {
	return core.Info{Name: info.Name(), Size: info.Size(), Modified: info.ModTime(), Dir: info.IsDir(), ETag: "etag"}
}
