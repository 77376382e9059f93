package tar

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
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
		"top":           {Data: []byte("TOP"), ModTime: modified},
		"c:/other":      {Data: []byte("OTHER")},
		"pub/a b.txt":   {Data: []byte("A"), ModTime: modified},
		"pub/deep/ä":    {Data: []byte(strings.Repeat("umlaut", 50000)), ModTime: modified},
		"pub/deep/none": {ModTime: modified},
		"pub/void":      {Mode: fs.ModeDir},
	}
}

// list returns the names and sizes in an archive, and checks the contents.
func list(t *testing.T, data io.Reader, root string) (names []string) {
	t.Helper()
	for r := tar.NewReader(data); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, fmt.Sprint(h.Name, " ", h.Size))
		got, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if f := files()[root+h.Name]; f != nil && h.Typeflag == tar.TypeReg && (string(got) != string(f.Data) || !f.ModTime.IsZero() && !h.ModTime.Equal(modified)) {
			t.Errorf("%s is not in the archive as it was", h.Name)
		}
	}
}

func TestTar(t *testing.T) {
	for arg, want := range map[string][]string{
		"pub":      {"a b.txt 1", "deep/ 0", "deep/none 0", "deep/ä 300000", "void/ 0"},
		"/pub/":    {"a b.txt 1", "deep/ 0", "deep/none 0", "deep/ä 300000", "void/ 0"},
		`pub\deep`: {"none 0", "ä 300000"},
		"c:":       {"other 5"},
		"/":        {"pub/ 0", "pub/a b.txt 1", "pub/deep/ 0", "pub/deep/none 0", "pub/deep/ä 300000", "pub/void/ 0", "top 3"},
		"pub/void": nil,
	} {
		host := &coretest.Host{Files: files()}
		if err := host.Run(Commands()[0], arg); err != nil {
			t.Fatalf("TAR %s: %v", arg, err)
		}
		root := strings.TrimPrefix(strings.Trim(strings.ReplaceAll(arg, `\`, "/"), "/")+"/", "/")
		if got := list(t, &host.Data, root); !slices.Equal(got, want) || host.Facts["entries"] != fmt.Sprint(len(want)) {
			t.Errorf("TAR %s: %q, facts %v; want %q", arg, got, host.Facts, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	many, deep := fstest.MapFS{}, strings.Repeat("d/", maxDepth)
	for i := range maxEntries {
		many[fmt.Sprint("full/", i)] = &fstest.MapFile{}
		many[fmt.Sprint("over/", i/100, "/", i)] = &fstest.MapFile{}
	}
	many["deep/"+deep[2:]+"x"] = &fstest.MapFile{}
	many["deeper/"+deep+"x"] = &fstest.MapFile{}
	for arg, want := range map[string]error{
		"full": nil, "over": errLarge, "deep": nil, "deeper": errLarge, "missing": fs.ErrNotExist, "full/1": fs.ErrNotExist,
	} {
		host := &coretest.Host{Files: many}
		if err := host.Run(Commands()[0], arg); !errors.Is(err, want) || err != nil && host.Data.Len() > 0 {
			t.Errorf("TAR %s: %v, %d bytes; want %v", arg, err, host.Data.Len(), want)
		}
	}
}

// An odd host has what a test sets.
type odd struct {
	*coretest.Host
	more    int64  // by which each file seems to be larger
	missing string // can be listed, but neither opened nor entered
}

func (o *odd) List(name string) (iter.Seq2[core.Info, error], error) {
	if name == o.missing {
		return nil, fs.ErrNotExist
	}
	all, err := o.Host.List(name)
	return func(yield func(core.Info, error) bool) {
		for info, err := range all {
			if !info.Dir {
				info.Size += o.more
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

func TestFilesThatChange(t *testing.T) {
	for name, test := range map[string]struct {
		host odd
		code core.Code
		want []string
	}{
		"gone":        {odd{missing: "pub/a b.txt"}, "", []string{"deep/ 0", "deep/none 0", "deep/ä 300000", "void/ 0"}},
		"gone folder": {odd{missing: "pub/deep"}, "", []string{"a b.txt 1", "deep/ 0", "void/ 0"}},
		"shorter":     {odd{more: 1}, core.CodeChanged, nil},
	} {
		test.host.Host = &coretest.Host{Files: files()}
		err := run(core.NewCall(t.Context(), &test.host, "pub"))
		if told, _ := errors.AsType[*core.Error](err); err != nil && (told == nil || told.Code != test.code) {
			t.Errorf("%s: %v; want code %q", name, err, test.code)
		}
		if err == nil {
			if got := list(t, &test.host.Data, "pub/"); !slices.Equal(got, test.want) {
				t.Errorf("%s: %q; want %q", name, got, test.want)
			}
		}
	}
}
