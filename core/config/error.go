package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/BurntSushi/toml"

	"mts/core/wire"
)

// An Error is one thing wrong with a configuration.
type Error struct {
	File string // as given to Load or Parse; empty: no file was read
	Line int    // from 1
	Key  string // dotted, e.g. "limits.ban_time"
	Msg  string
}

// Error returns "file:line: key: what is wrong", always one printable line.
func (e *Error) Error() string {
	s := e.Key + ": " + e.Msg
	if e.File != "" {
		s = fmt.Sprintf("%s:%d: %s", e.File, e.Line, s)
	}
	return wire.Printable(s)
}

// Errorf returns an error about the value at key, for checks made after Load.
// Its line is the key's, or that of its table if the file doesn't have the key,
// or 1. The keys of the second [[export]] are "export[1].dir" and so on.
func (c *Config) Errorf(key, format string, args ...any) *Error {
	return &Error{
		File: c.source.file,
		Line: c.source.line(key),
		Key:  regexp.MustCompile(`\[\d+\]`).ReplaceAllString(key, ""),
		Msg:  fmt.Sprintf(format, args...),
	}
}

// Has reports whether the file has the key itself.
func (c *Config) Has(key string) bool {
	_, ok := c.source.lines[key]
	return ok
}

// syntaxError turns an error of the TOML library about text into one of ours.
func syntaxError(file, text string, err error) *Error {
	e := &Error{File: file, Line: 1, Key: "syntax", Msg: err.Error()}
	pe, ok := errors.AsType[toml.ParseError](err)
	if !ok {
		return e
	}
	// The library's own line is the next one when the culprit is a line's end.
	culprit := pe.Position.Start + pe.Position.Len - 1
	if strings.Contains(pe.Message, "control characters") {
		culprit++ // it points at the character before
	}
	e.Line += strings.Count(text[:min(max(culprit, 0), len(text))], "\n")
	e.Key = cmp.Or(pe.LastKey, e.Key)
	e.Msg = pe.Message
	return e
}

// reason drops the operation and the path from an error of package os.
func reason(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}
