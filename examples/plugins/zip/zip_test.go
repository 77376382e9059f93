package zip

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"mts/core"
	"mts/core/coretest"
)

var modified = time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC)

func files() fstest.MapFS {
	return fstest.MapFS{
		"top":              {Data: []byte("TOP"), ModTime: modified},
		"c:/other":         {Data: []byte("OTHER")},
		"pub/a b.txt":      {Data: []byte("A"), ModTime: modified},
		"pub/deep/ä":       {Data: []byte(strings.Repeat("umlaut", 50000)), ModTime: modified},
		"pub/deep/no data": {ModTime: modified},
		"pub/void":         {Mode: fs.ModeDir},
	}
}

// unpack returns the archive's files.
func unpack(t *testing.T, archive []byte) fstest.MapFS {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	unpacked := fstest.MapFS{}
	for _, f := range r.File {
		body, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(body) // looks at the checksum, too
		if err != nil {
			t.Fatal(err)
		}
		unpacked[f.Name] = &fstest.MapFile{Data: data, ModTime: f.Modified}
	}
	return unpacked
}

func TestZip(t *testing.T) {
	for arg, want := range map[string][]string{
		"pub":      {"a b.txt", "deep/ä", "deep/no data"},
		"/pub/":    {"a b.txt", "deep/ä", "deep/no data"},
		`pub\deep`: {"ä", "no data"},
		"c:":       {"other"},
		"/":        {"pub/a b.txt", "pub/deep/ä", "pub/deep/no data", "top"},
		"pub/void": nil,
	} {
		host := &coretest.Host{Files: files()}
		if err := host.Run(Commands()[0], arg); err != nil {
			t.Fatalf("ZIP %s: %v", arg, err)
		}
		got := unpack(t, host.Data.Bytes())
		for _, name := range want {
			original := files()[strings.TrimPrefix(strings.Trim(strings.ReplaceAll(arg, `\`, "/"), "/")+"/"+name, "/")]
			if f := got[name]; f == nil || !bytes.Equal(f.Data, original.Data) || !original.ModTime.IsZero() && !f.ModTime.Equal(modified) {
				t.Errorf("ZIP %s: %s is not in the archive as it was", arg, name)
			}
		}
		if n := fmt.Sprint(len(want)); len(got) != len(want) || host.Facts["files"] != n || host.Facts["skipped"] != "0" {
			t.Errorf("ZIP %s: %d files, facts %v; want %s", arg, len(got), host.Facts, n)
		}
	}
}

func TestRefusals(t *testing.T) {
	host := &coretest.Host{Files: files()}
	for _, arg := range []string{"missing", "top"} {
		if err := host.Run(Commands()[0], arg); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("ZIP %s: %v; want fs.ErrNotExist", arg, err)
		}
	}
	if host.Data.Len() > 0 {
		t.Errorf("a refusal sent %d bytes", host.Data.Len())
	}
}

// A folder that holds too much is refused before anything is sent.
func TestLimits(t *testing.T) {
	many, deep := fstest.MapFS{}, strings.Repeat("d/", maxDepth)
	for i := range maxEntries {
		many[fmt.Sprint("full/", i)] = &fstest.MapFile{}
		many[fmt.Sprint("over/", i/100, "/", i)] = &fstest.MapFile{}
	}
	many["deep/"+deep[2:]+"x"] = &fstest.MapFile{}
	many["deeper/"+deep+"x"] = &fstest.MapFile{}
	for arg, fits := range map[string]bool{"full": true, "over": false, "deep": true, "deeper": false} {
		host := &coretest.Host{Files: many}
		err := host.Run(Commands()[0], arg)
		if fits && err != nil || !fits && (err != errLarge || host.Data.Len() > 0) {
			t.Errorf("ZIP %s: %v, %d bytes", arg, err, host.Data.Len())
		}
	}
	host := &odd{Host: &coretest.Host{Files: files()}, size: maxBytes/3 + 1}
	if err := run(core.NewCall(t.Context(), host, "pub")); err != errLarge {
		t.Errorf("ZIP of more than %d bytes: %v", maxBytes, err)
	}
}

// An odd host has what a test sets.
type odd struct {
	*coretest.Host
	size    int64  // of every file, 0 is its own
	missing string // can be listed, but neither opened nor entered
	room    int    // bytes that the client takes; 0: all
	failed  int    // writes
}

var errGone = errors.New("gone")

func (o *odd) List(name string) (iter.Seq2[core.Info, error], error) {
	if name == o.missing {
		return nil, fs.ErrNotExist
	}
	all, err := o.Host.List(name)
	return func(yield func(core.Info, error) bool) {
		for info, err := range all {
			if o.size > 0 && !info.Dir {
				info.Size = o.size
			}
			if !yield(info, err) {
				return
			}
		}
	}, err
}

func (o *odd) Open(name string) (fs.File, error) {
	if name == o.missing {
		return nil, fs.ErrNotExist
	}
	return o.Host.Open(name)
}

func (o *odd) Write(p []byte) (int, error) {
	if o.room > 0 && o.Data.Len()+len(p) > o.room {
		o.failed++
		return 0, errGone
	}
	return o.Host.Write(p)
}

func TestSkips(t *testing.T) {
	for missing, want := range map[string]int{"pub/a b.txt": 2, "pub/deep": 1} {
		host := &odd{Host: &coretest.Host{Files: files()}, missing: missing}
		if err := run(core.NewCall(t.Context(), host, "pub")); err != nil {
			t.Fatal(err)
		}
		n := len(unpack(t, host.Data.Bytes()))
		if n != want || host.Facts["files"] != fmt.Sprint(n) || host.Facts["skipped"] != "1" {
			t.Errorf("without %s: %d files, facts %v; want %d and 1 skipped", missing, n, host.Facts, want)
		}
	}
}

func TestSendsNoMoreThanPlanned(t *testing.T) {
	host := &odd{Host: &coretest.Host{Files: files()}, size: 1}
	if err := run(core.NewCall(t.Context(), host, "pub")); err != nil {
		t.Fatal(err)
	}
	if f := unpack(t, host.Data.Bytes())["deep/ä"]; f == nil || string(f.Data) != "u" {
		t.Error("a file that has grown isn't cut at the size it was listed with")
	}
}

func TestStopsAtTheFirstFailedWrite(t *testing.T) {
	host := &odd{Host: &coretest.Host{Files: files()}, room: 100000}
	if err := run(core.NewCall(t.Context(), host, "pub")); err != errGone || host.failed != 1 {
		t.Errorf("ZIP: %v after %d failed writes; want the error of the first", err, host.failed)
	}
}
