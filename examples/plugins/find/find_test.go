package find

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"
	"testing"
	"testing/fstest"

	"mts/core"
	"mts/core/coretest"
)

func TestFind(t *testing.T) {
	host := &coretest.Host{Files: fstest.MapFS{
		"readme.txt":       {},
		"c:/setup.log":     {},
		"pub/notes.txt":    {},
		"pub/new/a b.txt":  {},
		"pub/new/[x].md":   {},
		"pub/txt/none.png": {},
	}}
	for _, test := range []struct{ arg, want string }{
		{"*.txt", "pub/new/a b.txt\npub/notes.txt\nreadme.txt\n"},
		{"?etup.log", "c:/setup.log\n"},
		{"pub", "pub/\n"},
		{"*t*", "c:/setup.log\npub/new/a b.txt\npub/notes.txt\npub/txt/\nreadme.txt\n"},
		{"a b.*", "pub/new/a b.txt\n"},
		{"pub/*", "pub/new/\npub/notes.txt\npub/txt/\n"},
		{"/pub/*/*.txt", "pub/new/a b.txt\n"},
		{"/*.txt", "readme.txt\n"},
		{"c:/*", "c:/setup.log\n"},
		{`\[*`, "pub/new/[x].md\n"},
		{"nothing", ""},
	} {
		host.Data.Reset()
		err := host.Run(Commands()[0], test.arg)
		n := fmt.Sprint(strings.Count(test.want, "\n"))
		if err != nil || host.Data.String() != test.want || host.Text != "Found: "+n+"." || host.Facts["found"] != n {
			t.Errorf("FIND %s: %v, %q, %q, %v; want %q", test.arg, err, host.Data.String(), host.Text, host.Facts, test.want)
		}
	}
}

func TestWrongPattern(t *testing.T) {
	var told *core.Error
	for _, arg := range []string{"[", "a/[b", `x\`} {
		if err := new(coretest.Host).Run(Commands()[0], arg); !errors.As(err, &told) || told.Code != core.CodeUsage {
			t.Errorf("FIND %s: %v; want code usage", arg, err)
		}
	}
}

func TestLimits(t *testing.T) {
	deep := strings.Repeat("d/", maxDepth-1)
	for _, test := range []struct {
		names []string
		glob  string
		want  string
	}{
		{numbered(maxFound), "*", "Found: 1000."},
		{numbered(maxFound + 1), "*", "Found: 1000. Stopped there, the rest was not searched."},
		{numbered(maxSeen), "19999", "Found: 1."},
		{numbered(maxSeen + 1), "x", "Found: 0. Stopped there, the rest was not searched."},
		{[]string{deep + "x"}, "x", "Found: 1."},
		{[]string{deep + "x/x", "z/x"}, "x", "Found: 2. Folders below level 32 were left out."},
	} {
		files := fstest.MapFS{}
		for _, name := range test.names {
			files[name] = &fstest.MapFile{}
		}
		host := &coretest.Host{Files: files}
		if err := host.Run(Commands()[0], test.glob); err != nil || host.Text != test.want {
			t.Errorf("FIND %s in %d names: %v, %q; want %q", test.glob, len(files), err, host.Text, test.want)
		}
	}
}

func numbered(n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("%05d", i))
	}
	return names
}

// A partly host can't list one folder, nor write once it should be gone.
type partly struct {
	*coretest.Host
	unread string
	gone   bool
}

func (p *partly) List(name string) (iter.Seq2[core.Info, error], error) {
	if name == p.unread {
		return nil, fs.ErrNotExist
	}
	return p.Host.List(name)
}

var errGone = errors.New("gone")

func (p *partly) Write(b []byte) (int, error) {
	if p.gone {
		return 0, errGone
	}
	return p.Host.Write(b)
}

func TestUnreadFolder(t *testing.T) {
	host := &partly{Host: &coretest.Host{Files: fstest.MapFS{"a/x": {}, "b/x": {}}}, unread: "a"}
	err := find(core.NewCall(context.Background(), host, "x"))
	if want := "Found: 1. Folders that could not be read: 1."; err != nil || host.Text != want {
		t.Errorf("find: %v, %q; want %q", err, host.Text, want)
	}
	host.gone = true
	if err := find(core.NewCall(context.Background(), host, "x")); err != errGone {
		t.Errorf("find: %v; want the error of the write", err)
	}
}
