package auth

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"mts/core/access"
	"mts/core/names"
)

// A LineError is a mistake in one line of a users file.
type LineError struct {
	File string
	Line int // from 1
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }
func (e *LineError) Unwrap() error { return e.Err }

// A line of a users file is an account, or a comment if its name is empty.
type line struct {
	name string
	text string // the hash as it was written, or the whole comment
	hash hash
}

// readTrusted is readFile for a file that decides who may log in.
func readTrusted(path string) ([]line, error) {
	if err := access.CheckPath(path); err != nil {
		return nil, fmt.Errorf("users file %s: %w", path, err)
	}
	return readFile(path)
}

func readFile(path string) ([]line, error) {
	fi, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("open users file: %w", err)
	case !fi.Mode().IsRegular():
		return nil, fmt.Errorf("users file %s is not a regular file", path)
	}
	if err := access.CheckMode(fi); err != nil {
		return nil, fmt.Errorf("users file %s: %w", path, err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read users file: %w", err)
	}
	return parse(path, data)
}

func parse(file string, data []byte) ([]line, error) {
	var lines []line
	seen := map[string]int{}
	number := 0
	for text := range strings.Lines(string(data)) {
		number++
		l, err := parseLine(strings.TrimRight(text, "\r\n"))
		if first := seen[l.name]; err == nil && first != 0 {
			err = fmt.Errorf("account %q is already on line %d", l.name, first)
		}
		if err != nil {
			return nil, &LineError{file, number, err}
		}
		if l.name != "" {
			seen[l.name] = number
		}
		lines = append(lines, l)
	}
	return lines, nil
}

func parseLine(text string) (line, error) {
	trimmed := strings.TrimSpace(text)
	if trimmed == "" || trimmed[0] == '#' {
		return line{text: text}, nil
	}
	name, hash, ok := strings.Cut(trimmed, ":")
	if !ok {
		return line{}, errors.New("not of the form name:hash")
	}
	return newAccount(name, hash)
}

// newAccount returns the line of an account after checking both parts.
func newAccount(name, hash string) (line, error) {
	if err := names.CheckAccount(name); err != nil {
		return line{}, err
	}
	h, err := parseHash(hash)
	if err != nil {
		return line{}, fmt.Errorf("account %q: %w", name, err)
	}
	return line{name, hash, h}, nil
}
