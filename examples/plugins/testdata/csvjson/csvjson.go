// Package csvjson sends a CSV file as JSON.
package csvjson

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"mts/core"
)

// ErrHeader says that the first line names no columns.
var ErrHeader = errors.New("no header")

// A RowError tells which row is wrong.
type RowError struct {
	Row    int
	Column string
	Err    error
}

func (e *RowError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("row %d: %v", e.Row, e.Err)
	}
	return fmt.Sprintf("row %d, column %s: %v", e.Row, e.Column, e.Err)
}

func (e *RowError) Unwrap() error { return e.Err }

type tooWide int

func (t tooWide) Error() string { return fmt.Sprintf("%d columns too many", int(t)) }

// Commands returns CSVJSON.
func Commands() []core.Command {
	return []core.Command{{Verb: "CSVJSON", Args: "PATH", Help: "sends a CSV file as JSON", Run: run}}
}

func run(c *core.Call) (err error) {
	defer func() {
		var row *RowError
		var wide tooWide
		switch {
		case errors.As(err, &wide):
			err = core.Errorf(core.CodeRange, "%v (%d)", err, int(wide))
		case errors.As(err, &row):
			err = core.Errorf(core.CodeUsage, "%v", row)
		case errors.Is(err, ErrHeader):
			err = core.Errorf(core.CodeUsage, "%s has %v", c.Arg(), err)
		}
	}()
	f, err := c.Open(c.Arg())
	if err != nil {
		return err
	}
	defer func(f fs.File) {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}(f)
	n, err := convert(c, f)
	if err != nil {
		return fmt.Errorf("convert: %w", err)
	}
	c.Fact("rows", strconv.Itoa(n))
	c.Reply("Rows: %d.", n)
	return nil
}

func convert(w io.Writer, r io.Reader) (rows int, err error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord = -1
	in.TrimLeadingSpace = true
	in.Comment = '#'
	head, err := in.Read()
	if err == io.EOF {
		return 0, ErrHeader
	} else if err != nil {
		return 0, &RowError{Row: 1, Err: err}
	}
	out := json.NewEncoder(w)
	for rows = 1; ; rows++ {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows - 1, nil
		}
		if err != nil {
			return rows, &RowError{Row: rows + 1, Err: err}
		}
		if len(record) > len(head) {
			return rows, &RowError{Row: rows + 1, Err: tooWide(len(record) - len(head))}
		}
		object := make(map[string]any, len(head))
		for i, text := range record {
			v, err := value(text)
			if err != nil {
				return rows, &RowError{rows + 1, head[i], err}
			}
			object[head[i]] = v
		}
		if err := out.Encode(object); err != nil {
			return rows, err
		}
	}
}

// value returns a number, a boolean, a list, null or the text.
func value(text string) (any, error) {
	switch lower := strings.ToLower(text); {
	case lower == "":
		return nil, nil
	case lower == "true", lower == "false":
		return lower == "true", nil
	case strings.HasPrefix(text, "["):
		var list []any
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return nil, fmt.Errorf("list: %w", err)
		}
		return list, nil
	}
	if n, err := strconv.ParseInt(text, 0, 64); err == nil {
		return n, nil
	} else if errors.Is(err, strconv.ErrRange) {
		return nil, err
	}
	if x, err := strconv.ParseFloat(text, 64); err == nil {
		return x, nil
	}
	return text, nil
}
