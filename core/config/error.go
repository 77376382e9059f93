package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"mts/core/wire"
)

// An Error is one mistake of a configuration.
type Error struct {
	File string // as given to Load or Parse; empty: no file was read
	Line int    // from 1; 0: the file can't be read
	Key  string // dotted, e.g. "limits.ban_time"
	Msg  string
}

// Error returns "file:line: key: what is wrong", always one printable line.
func (e *Error) Error() string {
	s := e.Key + ": " + e.Msg
	switch {
	case e.Line == 0 && e.File != "":
		s = e.File + ": " + e.Msg
	case e.File != "":
		s = fmt.Sprintf("%s:%d: %s", e.File, e.Line, s)
	}
	return wire.Printable(s)
}

// fileError returns the error of a file that can't be read, or that others may
// write to.
func fileError(path string, err error) *Error {
	pe, ok := errors.AsType[*fs.PathError](err)
	switch {
	case !ok:
		return &Error{File: path, Line: 1, Key: "file", Msg: err.Error()}
	case errors.Is(err, fs.ErrPermission):
		return &Error{File: path, Msg: pe.Err.Error()}
	}
	return &Error{File: path, Msg: pe.Err.Error() + "; is this the path of the configuration?"}
}

// Errors are all mistakes of a configuration and of what it names. Those with a
// line are of type *Error and come first, in the order of the lines.
type Errors []error

// Error returns one line for each mistake.
func (e Errors) Error() string {
	var lines []string
	for _, err := range e {
		lines = append(lines, wire.Printable(err.Error()))
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the mistakes.
func (e Errors) Unwrap() []error { return e }

// Join returns the errors, some of which may be nil or joined errors, as Errors,
// or nil if there are none. An error that is there twice is told once.
func Join(errs ...error) error {
	all := flatten(nil, errs)
	slices.SortStableFunc(all, func(a, b error) int {
		x, y := errorLine(a), errorLine(b)
		return cmp.Or(cmp.Compare(x.Line, y.Line), cmp.Compare(x.Key, y.Key), cmp.Compare(x.Msg, y.Msg))
	})
	all = slices.CompactFunc(all, func(a, b error) bool { return a.Error() == b.Error() })
	if len(all) == 0 {
		return nil
	}
	return all
}

func flatten(all Errors, errs []error) Errors {
	for _, err := range errs {
		joined, ok := err.(interface{ Unwrap() []error })
		switch {
		case ok:
			all = flatten(all, joined.Unwrap())
		case err != nil:
			all = append(all, err)
		}
	}
	return all
}

// errorLine returns err if it has a line, or else an Error that sorts after
// all lines.
func errorLine(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Line: math.MaxInt}
}

var listIndex = regexp.MustCompile(`\[\d+\]`)

// Errorf returns an error about the value at key, for checks made after Load.
// Its line is that of the key, or of its table if the file doesn't have the key,
// or 1. The keys of the second [[export]] are "export[1].dir" and so on.
func (c *Config) Errorf(key, format string, args ...any) *Error {
	return &Error{
		File: c.source.file,
		Line: c.source.line(key),
		Key:  listIndex.ReplaceAllString(key, ""),
		Msg:  fmt.Sprintf(format, args...),
	}
}

// Has reports whether the file has the key itself.
func (c *Config) Has(key string) bool {
	_, ok := c.source.lines[key]
	return ok
}

// A problem is a mistake in the value at a key. See source.lines for how keys
// are spelled.
type problem struct{ key, msg string }

type problems []problem

func (p *problems) addf(key, format string, args ...any) {
	*p = append(*p, problem{key, fmt.Sprintf(format, args...)})
}

// Bad reports whether the error of Load or Parse is about the value at key, or
// something in it. Then the value isn't what was meant.
func (c *Config) Bad(key string) bool {
	return slices.ContainsFunc(c.source.problems, func(p problem) bool {
		rest, found := strings.CutPrefix(p.key, key)
		return found && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// err returns all problems as one error.
func (c *Config) err() error {
	var errs []error
	for _, p := range c.source.problems {
		errs = append(errs, c.Errorf(p.key, "%s", p.msg))
	}
	return Join(errs...)
}

// syntaxError turns an error of the TOML library about text into an Error.
func syntaxError(file, text string, err error) *Error {
	e := &Error{File: file, Line: 1, Key: "syntax", Msg: err.Error()}
	pe, ok := errors.AsType[toml.ParseError](err)
	if !ok {
		return e
	}
	// If the mistake is at the end of a line, the library tells the next line.
	end := pe.Position.Start + pe.Position.Len - 1
	if strings.Contains(pe.Message, "control characters") {
		end++ // the position is that of the character before
	}
	e.Line += strings.Count(text[:min(max(end, 0), len(text))], "\n")
	e.Msg = pe.Message
	// The error of a table comes with the last key of the table before.
	if header := line(text, e.Line); strings.HasPrefix(header, "[") && tableMistake.MatchString(pe.Message) {
		if closed := closeHeader(header); closed != header {
			e.Msg = "the name of a table isn't closed: write " + closed
		}
		return e
	}
	e.Key = cmp.Or(pe.LastKey, e.Key)
	return e
}

// tableMistake matches what the TOML library says of a line such as [limits].
var tableMistake = regexp.MustCompile("table (array )?name|already been defined")

// line returns the line with that number, without a comment.
func line(text string, number int) string {
	text, _, _ = strings.Cut(strings.Split(text, "\n")[number-1], "#")
	return strings.TrimSpace(text)
}

// closeHeader returns a line such as [limits with all its brackets.
func closeHeader(header string) string {
	name := strings.TrimLeft(header, "[")
	if name == "" {
		return header
	}
	n := len(header) - len(name)
	return header[:n] + strings.TrimRight(name, "]") + strings.Repeat("]", n)
}
