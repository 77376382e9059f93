package builtin

import (
	"errors"
	"io/fs"
	"iter"
	"strconv"

	"mts/core"
	"mts/core/exports"
)

var stat = core.Command{
	Verb: "STAT", Args: "PATH", Help: "describes a file or folder",
	Run: func(c *core.Call) error {
		info, err := c.Stat(c.Arg())
		if err != nil {
			return unopened(err, "File", c.Arg())
		}
		_, err = c.Write(appendInfo(nil, info))
		return err
	},
}

var list = core.Command{
	Verb: "LIST", Args: "[PATH]", Help: "describes what a folder holds",
	Run: func(c *core.Call) error {
		path := c.Arg()
		if path == "" {
			path = "/"
		}
		entries, err := control(c).Entries(path)
		if err != nil {
			return unopened(err, "Folder", path)
		}
		return sendEntries(c, entries)
	},
}

// linesSize is how many bytes of fact lines are sent together.
const linesSize = 8 << 10

// sendEntries sends the fact lines of a folder, and counts what is missing.
func sendEntries(c *core.Call, entries iter.Seq2[core.Info, error]) error {
	withheld, unreadable := 0, 0
	var lines []byte
	for info, err := range entries {
		switch {
		case err == nil:
			if lines = appendInfo(lines, info); len(lines) < linesSize {
				continue
			}
			if _, err := c.Write(lines); err != nil {
				return err
			}
			lines = lines[:0]
		case info.Name == "":
			return err
		case errors.Is(err, exports.ErrWithheld):
			withheld++
		default:
			unreadable++
		}
	}
	if _, err := c.Write(lines); err != nil {
		return err
	}
	if withheld > 0 {
		c.Fact("withheld", strconv.Itoa(withheld))
	}
	if unreadable > 0 {
		c.Fact("unreadable", strconv.Itoa(unreadable))
	}
	return nil
}

// appendInfo appends the line that describes a file or folder as in RFC 3659,
// 7.2: facts, a space, the name.
func appendInfo(b []byte, i core.Info) []byte {
	if i.Dir {
		b = append(b, "type=dir;"...)
	} else {
		b = append(b, "type=file;size="...)
		b = append(strconv.AppendInt(b, i.Size, 10), ';')
	}
	b = appendFact(b, "modify=", modify(i.Modified))
	b = appendFact(b, "etag=", i.ETag)
	b = appendFact(b, "unique=", i.Unique)
	return append(append(append(b, ' '), i.Name...), '\n')
}

// appendFact appends a fact, unless it has no value.
func appendFact(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return append(append(append(b, name...), value...), ';')
}

// unopened is the error for a path that could not be opened; what is "File" or
// "Folder". The client sees the reason only if a hook has vetoed.
func unopened(err error, what, path string) error {
	if veto := (*core.Error)(nil); errors.As(err, &veto) {
		return veto
	}
	clientErr := core.Errorf(core.CodeNotFound, "%s %s could not be opened.", what, path)
	if !errors.Is(err, fs.ErrNotExist) {
		clientErr.Code, clientErr.Err = core.CodeInternal, err
	}
	return clientErr
}
