package grep

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"mts/core"
	"mts/core/coretest"
)

func TestGrep(t *testing.T) {
	long := strings.Repeat("a", maxLine)
	host := &coretest.Host{Files: fstest.MapFS{
		"a b":  {Data: []byte("one two\r\nthree\n\ntwo \"x\" y")},
		"many": {Data: []byte(strings.Repeat("hit\n", maxMatches) + "miss\nhit\n")},
		"full": {Data: []byte(strings.Repeat("hit\n", maxMatches))},
		"long": {Data: []byte(long + "end\nend\n" + long[2:] + "\n")},
		"huge": {Data: []byte(strings.Repeat(strings.Repeat("a", 1<<20)+"\n", maxBytes>>20) + "x\nend\n")},
	}}
	for _, test := range []struct{ arg, want, reply string }{
		{"two a b", "1:one two\n4:two \"x\" y\n", "Matches: 2."},
		{"^T a b", "", "Matches: 0."},
		{"(?i)^T a b", "2:three\n4:two \"x\" y\n", "Matches: 2."},
		{"^$ a b", "3:\n", "Matches: 1."},
		{`"e t" a b`, "1:one two\n", "Matches: 1."},
		{`"o \x22x\x22 y" a b`, "4:two \"x\" y\n", "Matches: 1."},
		{"end long", "2:end\n", "Matches: 1. Lines that were cut at 65536 bytes: 1."},
		{"miss many", "1001:miss\n", "Matches: 1."},
		{"x*$ a b", "1:one two\n2:three\n3:\n4:two \"x\" y\n", "Matches: 4."},
		{"two$ a b", "1:one two\n", "Matches: 1."},
		{`e[^x]*"x a b`, "", "Matches: 0."}, // not across lines
		{`o[^z]*y a b`, "4:two \"x\" y\n", "Matches: 1."},
		{"hit full", numbered("hit", maxMatches), "Matches: 1000."},
		{"hit many", numbered("hit", maxMatches), "Matches: 1000. Stopped there, the rest was not searched."},
		{"end huge", "", "Matches: 0. Stopped there, the rest was not searched. Lines that were cut at 65536 bytes: 32."},
	} {
		host.Data.Reset()
		err := host.Run(Commands()[0], test.arg)
		if err != nil || host.Data.String() != test.want || host.Text != test.reply {
			t.Errorf("GREP %s: %v, %.100q, %q; want %.100q, %q", test.arg, err, host.Data.String(), host.Text, test.want, test.reply)
		}
	}
}

// numbered returns the first n lines of output if all are the same.
func numbered(line string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d:%s\n", i+1, line)
	}
	return b.String()
}

// Whatever the lines' lengths, the result is that of a loop over them.
func TestGrepEveryLine(t *testing.T) {
	for _, length := range []int{1, 7, 100, 1000, maxLine/2 - 1, maxLine / 2, maxLine - 1} {
		text := strings.Repeat(strings.Repeat("a", length)+"\n"+"b\r\n", 100000/length+3)
		for _, pattern := range []string{"b", "^b$", "[^c]b", "a$", "c"} {
			host := &coretest.Host{Files: fstest.MapFS{"f": {Data: []byte(text)}}}
			if err := host.Run(Commands()[0], pattern+" f"); err != nil {
				t.Fatal(err)
			}
			re, want, n := regexp.MustCompile(pattern), &strings.Builder{}, 0
			for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
				line = strings.TrimSuffix(line, "\r")
				if re.MatchString(line) && n < maxMatches {
					n++
					fmt.Fprintf(want, "%d:%s\n", i+1, line)
				}
			}
			if host.Data.String() != want.String() {
				t.Errorf("%s in lines of %d bytes: %d bytes of output, %s; want %d", pattern, length, host.Data.Len(), host.Text, want.Len())
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	host := &coretest.Host{Files: fstest.MapFS{"a": {}, "d/b": {}}}
	for arg, want := range map[string]error{
		"a":           core.ErrUsage,
		"a ":          core.ErrUsage,
		`"x a`:        core.ErrUsage,
		`""x a`:       core.ErrUsage,
		`"" a`:        core.ErrUsage,
		"x missing":   fs.ErrNotExist,
		"x d":         fs.ErrNotExist,
		`"x "y" z" a`: fs.ErrNotExist, // the quotes end behind y
	} {
		if err := host.Run(Commands()[0], arg); !errors.Is(err, want) {
			t.Errorf("GREP %s: %v; want %v", arg, err, want)
		}
	}
	var told *core.Error
	if err := host.Run(Commands()[0], "a[ a"); !errors.As(err, &told) || told.Code != core.CodeUsage ||
		!strings.Contains(told.Text, "missing closing ]") {
		t.Errorf("a wrong pattern is answered with %v", err)
	}
}

// A gone host's client can't be reached.
type gone struct {
	*coretest.Host
	writes int
}

var errGone = errors.New("gone")

func (g *gone) Write([]byte) (int, error) {
	g.writes++
	return 0, errGone
}

func TestStopsWhenTheClientIsGone(t *testing.T) {
	host := &gone{Host: &coretest.Host{Files: fstest.MapFS{"a": {Data: []byte("x\nx\nx\n")}}}}
	err := grep(core.NewCall(context.Background(), host, "x a"))
	if err != errGone || host.writes != 1 {
		t.Errorf("grep: %v after %d writes; want the error of the first", err, host.writes)
	}
}
