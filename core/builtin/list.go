package builtin

import (
	"errors"
	"fmt"
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
		c.Printf("%s\n", facts(info))
		return nil
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

// sendEntries sends the fact lines of a folder, and counts what is missing.
func sendEntries(c *core.Call, entries iter.Seq2[core.Info, error]) error {
	withheld, unreadable := 0, 0
	for info, err := range entries {
		switch {
		case err == nil:
			if _, err := fmt.Fprintf(c, "%s\n", facts(info)); err != nil {
				return err
			}
		case info.Name == "":
			return err
		case errors.Is(err, exports.ErrWithheld):
			withheld++
		default:
			unreadable++
		}
	}
	if withheld > 0 {
		c.Fact("withheld", strconv.Itoa(withheld))
	}
	if unreadable > 0 {
		c.Fact("unreadable", strconv.Itoa(unreadable))
	}
	return nil
}

// facts describes a file or folder as in RFC 3659, 7.2: facts, a space, the name.
func facts(i core.Info) string {
	var b []byte
	if i.Dir {
		b = appendFacts(b, "type", "dir", "modify", modify(i.Modified), "unique", i.Unique)
	} else {
		b = appendFacts(b, "type", "file", "size", strconv.FormatInt(i.Size, 10), "modify", modify(i.Modified), "etag", i.ETag)
	}
	return string(append(append(b, ' '), i.Name...))
}

// appendFacts appends names and their values, but for those without a value.
func appendFacts(b []byte, facts ...string) []byte {
	for ; len(facts) > 0; facts = facts[2:] {
		if facts[1] != "" {
			b = append(b, facts[0]+"="+facts[1]+";"...)
		}
	}
	return b
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
