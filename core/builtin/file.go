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
	if info.Size() > 0 || n == 0 { // or else it has content and says 0
		c.Fact("size", strconv.FormatInt(info.Size(), 10))
	}
	if when := modify(info.ModTime()); when != "" {
		c.Fact("modify", when)
	}
	c.Fact("etag", exports.ETag(info))
}

// modify formats a time as in RFC 3659, 2.3. It returns "" for a time whose year
// doesn't have four digits.
func modify(t time.Time) string {
	if t = t.UTC(); t.Year() < 0 || t.Year() > 9999 {
		return ""
	}
	return t.Format("20060102150405")
}
