package builtin

import (
	"io"
	"io/fs"
	"strconv"
	"strings"

	"mts/core"
)

var part = core.Command{
	Verb: "PART", Args: "OFFSET LENGTH|- PATH", Help: "sends a part of a file",
	Run: func(c *core.Call) error {
		words := strings.SplitN(c.Arg(), " ", 3)
		if len(words) < 3 || words[2] == "" {
			return core.ErrUsage
		}
		f, err := open(c, words[2])
		if err != nil {
			return err
		}
		defer f.Close()
		return sendPart(c, f, words[0], words[1], words[2])
	},
}

func sendPart(c *core.Call, f fs.File, offset, length, path string) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	off, n, err := parseRange(offset, length, info.Size())
	if err != nil {
		return err
	}
	r, ok := f.(io.ReaderAt)
	if !ok {
		return core.Errorf(core.CodeRange, "File %s can't be sent in parts.", path)
	}
	m, err := c.Send(io.NewSectionReader(r, off, n))
	if err != nil {
		return err
	}
	sent(c, info, m, path)
	return nil
}

// parseRange parses which part of a file of size bytes is asked for. A part that
// goes beyond the end of the file is cut there.
func parseRange(offset, length string, size int64) (off, n int64, err error) {
	off, err = parseBytes(offset)
	if err != nil {
		return 0, 0, err
	}
	if off > size {
		return 0, 0, core.Errorf(core.CodeRange, "The offset is behind the end, at %d.", size)
	}
	if length == "-" {
		return off, size - off, nil
	}
	n, err = parseBytes(length)
	return off, min(n, size-off), err
}

// parseBytes parses a decimal number without a sign.
func parseBytes(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err == nil && s[0] != '+' && s[0] != '-':
		return n, nil
	case strings.Trim(s, "+-0123456789") == "" && s != "":
		return 0, core.Errorf(core.CodeRange, "%s is out of range.", s)
	}
	return 0, core.ErrUsage
}
