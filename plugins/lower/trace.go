package lower

import (
	"bytes"
	"fmt"
	"go/token"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// A trace collects what the interpreter says about the functions that a panic
// goes through: a line for each, with a place in the lowered text.
type trace struct {
	p     *Program
	w     io.Writer
	lines []string
}

// maxTrace bounds the functions of a trace.
const maxTrace = 20

// Stderr returns a writer for the interpreter's errors. It keeps what belongs
// to a trace and passes the rest on to w.
func (p *Program) Stderr(w io.Writer) io.Writer {
	p.trace.w = w
	return &p.trace
}

// Trace returns the functions that the last panic went through, innermost
// first, as "file:line:column: function", unless the script has recovered from
// it. The first place is exact if the script itself panicked, or where it used
// an index, a slice, a shift or a type that didn't fit; otherwise it is where
// the function begins.
func (p *Program) Trace() []string {
	lines := p.trace.lines
	p.trace.clear()
	return lines
}

func (t *trace) clear() { t.lines = nil }

var panicked = regexp.MustCompile(`^(?:[^:]*:)??([0-9]+):[0-9]+: panic: (\S+)\(\.\.\.\)$`)

func (t *trace) Write(b []byte) (int, error) {
	m := panicked.FindSubmatch(bytes.TrimSpace(b))
	if m == nil {
		return t.w.Write(b)
	}
	n, err := strconv.Atoi(string(m[1]))
	if err != nil || len(t.lines) >= maxTrace {
		return len(b), nil
	}
	pos := t.p.Position(n)
	if place := t.p.runtime.Place; len(t.lines) == 0 && place >= 0 && place < len(t.p.places) {
		pos = t.p.fset.Position(t.p.places[place])
	}
	t.p.runtime.Place = -1
	if name := function(string(m[2])); name != "" && pos.IsValid() {
		if s := fmt.Sprintf("%v: %s", pos, name); len(t.lines) == 0 || t.lines[len(t.lines)-1] != s {
			t.lines = append(t.lines, s)
		}
	}
	return len(b), nil
}

// function returns the script's name for a lowered function, or "" if it isn't
// one of the script's.
func function(lowered string) string {
	name := strings.TrimPrefix(lowered, "main.")
	name, _, _ = strings.Cut(name, ".func")
	switch parts := strings.Split(name, "_"); parts[0] {
	case "F":
		return parts[1]
	case "I":
		return "init"
	case "mk":
		return "func literal"
	}
	return ""
}

// Place returns where in the script an error of the interpreter that begins
// with a line and a column of the lowered text is, and the rest of its text.
func (p *Program) Place(err error) (token.Position, string) {
	line, rest, _ := strings.Cut(err.Error(), ":")
	_, rest, ok := strings.Cut(rest, ": ")
	n, bad := strconv.Atoi(line)
	if !ok || bad != nil {
		return token.Position{}, err.Error()
	}
	return p.Position(n), rest
}
