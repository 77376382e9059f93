package tail

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"mts/core"
	"mts/core/coretest"
)

// A pipe is a file system whose files are readers only.
type pipe struct{ fs.FS }

func (p pipe) Open(name string) (fs.File, error) {
	f, err := p.FS.Open(name)
	return struct{ fs.File }{f}, err
}

func (p pipe) Stat(name string) (fs.FileInfo, error) { return fs.Stat(p.FS, name) }

// A deaf file system's files have a ReadAt that doesn't work.
type deaf struct{ pipe }

type deafFile struct{ fs.File }

func (deafFile) ReadAt([]byte, int64) (int, error) { return 0, errors.ErrUnsupported }

func (d deaf) Open(name string) (fs.File, error) {
	f, err := d.pipe.Open(name)
	return deafFile{f}, err
}

func TestTail(t *testing.T) {
	line := strings.Repeat("x", 1023) + "\n"
	long := strings.Repeat(line, 3*maxBytes/len(line))
	files := fstest.MapFS{
		"a b":     {Data: []byte("one\ntwo\n\nfour")},
		"empty":   {},
		"newline": {Data: []byte("\n")},
		"full":    {Data: []byte(long[:maxBytes])},
		"long":    {Data: []byte(long + "y")},
		"many":    {Data: []byte(strings.Repeat("\n", maxLines+1))},
	}
	for _, test := range []struct{ arg, want, reply string }{
		{"1 a b", "four\n", "Lines: 1."},
		{"2 a b", "\nfour\n", "Lines: 2."},
		{"4 a b", "one\ntwo\n\nfour\n", "Lines: 4."},
		{"5 a b", "one\ntwo\n\nfour\n", "Lines: 4."},
		{"1 empty", "", "Lines: 0."},
		{"3 newline", "\n", "Lines: 1."},
		{"10000 full", long[:maxBytes], "Lines: 1024."},
		{"2 long", line + "y\n", "Lines: 2."},
		{"10000 long", long[2*maxBytes+1:] + "y\n", "Lines: 1025. They are cut: only the last 1048576 bytes are read."},
		{"10000 many", strings.Repeat("\n", maxLines), "Lines: 10000."},
	} {
		for _, fsys := range []fs.FS{files, pipe{files}, deaf{pipe{files}}} {
			host := &coretest.Host{Files: fsys}
			if err := host.Run(Commands()[0], test.arg); err != nil {
				t.Errorf("TAIL %s of %T: %v", test.arg, fsys, err)
			}
			if got := host.Data.String(); got != test.want || host.Text != test.reply {
				t.Errorf("TAIL %s of %T: %d bytes %.20q, %q; want %d bytes %.20q, %q",
					test.arg, fsys, len(got), got, host.Text, len(test.want), test.want, test.reply)
			}
			if lines := fmt.Sprint(strings.Count(test.want, "\n")); host.Facts["lines"] != lines {
				t.Errorf("TAIL %s: fact lines=%s; want %s", test.arg, host.Facts["lines"], lines)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	host := &coretest.Host{Files: fstest.MapFS{"a": {}, "d/b": {}}}
	for arg, want := range map[string]error{
		"a":          core.ErrUsage,
		"3":          core.ErrUsage,
		"3 ":         core.ErrUsage,
		"x a":        core.ErrUsage,
		"3 missing":  fs.ErrNotExist,
		"3 d":        fs.ErrNotExist,
		"99999999 a": core.Errorf(core.CodeRange, "N is from 1 to 10000."),
		"-1 a":       core.Errorf(core.CodeRange, "N is from 1 to 10000."),
		"0 a":        core.Errorf(core.CodeRange, "N is from 1 to 10000."),
	} {
		err := host.Run(Commands()[0], arg)
		if told := (*core.Error)(nil); errors.As(want, &told) {
			if fmt.Sprintf("%+v", err) != fmt.Sprintf("%+v", want) {
				t.Errorf("TAIL %s: %v; want %v", arg, err, want)
			}
		} else if !errors.Is(err, want) {
			t.Errorf("TAIL %s: %v; want %v", arg, err, want)
		}
	}
}
