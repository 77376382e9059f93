package builtin

import (
	"io/fs"
	"strconv"
	"time"

	"mts/core"
	"mts/core/exports"
)

var file = core.Command{
	Verb: "FILE", Args: "PATH", Help: "sends a file",
	Run: func(c *core.Call) error {
		f, err := open(c, c.Arg())
		if err != nil {
			return err
		}
		defer f.Close()
		return sendFile(c, f)
	},
}

// open opens a file of the exports. The client sees the same words whatever is
// wrong.
func open(c *core.Call, path string) (fs.File, error) {
	f, err := c.Open(path)
	if err != nil {
		return nil, unopened(err, "File", path)
	}
	return f, nil
}

func sendFile(c *core.Call, f fs.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	n, err := c.Send(f)
	if err != nil {
		return err
	}
	sent(c, info, n, c.Arg())
	return nil
}

// sent sets the success line of a transfer of n bytes.
func sent(c *core.Call, info fs.FileInfo, n int64, path string) {
	c.Reply("File %s sent successfully.", path)
	if !control(c).Block() {
		return
	}
	c.Fact("bytes", strconv.FormatInt(n, 10))
	c.Fact("size", strconv.FormatInt(info.Size(), 10))
	c.Fact("modify", modify(info.ModTime()))
	c.Fact("etag", exports.ETag(info))
}

// modify formats a time as in RFC 3659, 2.3.
func modify(t time.Time) string { return t.UTC().Format("20060102150405") }
