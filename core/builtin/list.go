package builtin

import (
	"errors"
	"fmt"
	"io/fs"

	"mts/core"
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
		entries, err := c.Host().List(path)
		if err != nil {
			return unopened(err, "Folder", path)
		}
		for info, err := range entries {
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(c, "%s\n", facts(info)); err != nil {
				return err
			}
		}
		return nil
	},
}

// facts describes a file or folder as in RFC 3659, 7.2: facts, a space, the name.
func facts(i core.Info) string {
	if i.Dir {
		return fmt.Sprintf("type=dir;modify=%s; %s", modify(i.Modified), i.Name)
	}
	return fmt.Sprintf("type=file;size=%d;modify=%s;etag=%s; %s", i.Size, modify(i.Modified), i.ETag, i.Name)
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
