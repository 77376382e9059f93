package config

import (
	"bytes"
	"cmp"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"mts/core/access"
)

// Load reads the file at path over the defaults and checks it as Parse does,
// and also that exported directories and the client CA file exist and that
// others can neither write nor replace the file (Unix). Every error is an *Error.
func Load(path string) (*Config, error) {
	data, err := read(path)
	if err != nil {
		return nil, &Error{File: path, Line: 1, Key: "file", Msg: err.Error()}
	}
	c, err := Parse(path, data)
	if err != nil {
		return nil, err
	}
	if e := c.first(c.checkFiles()); e != nil {
		return nil, e
	}
	return c, nil
}

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, reason(err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, reason(err)
	}
	if err := cmp.Or(access.CheckWrite(fi), access.CheckReplace(path)); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(f)
	return data, reason(err)
}

// Parse reads data over the defaults and checks it, without touching a file.
// name is what errors call the file; relative paths start at its folder.
// Every error is an *Error about the first problem: syntax, then keys and
// values, then what doesn't fit together.
func Parse(name string, data []byte) (*Config, error) {
	dir, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return nil, &Error{File: name, Line: 1, Key: "file", Msg: err.Error()}
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	var doc map[string]any
	if _, err := toml.Decode(text, &doc); err != nil {
		return nil, syntaxError(name, text, err)
	}
	c := Default()
	c.source = locate(name, text)
	d := decoder{dir: dir}
	d.table("", doc, reflect.ValueOf(c).Elem())
	if e := c.first(d.problems); e != nil {
		return nil, e
	}
	if c.TLS.ClientCA != "" {
		c.TLS.ClientAuth = cmp.Or(c.TLS.ClientAuth, "optional")
	}
	if e := c.first(c.check()); e != nil {
		return nil, e
	}
	return c, nil
}

// Encode writes the configuration as TOML, defaults included. Parse makes the
// same configuration of it.
func (c *Config) Encode(w io.Writer) error {
	var buf bytes.Buffer
	enc := toml.NewEncoder(&buf)
	enc.Indent = ""
	if err := enc.Encode(c); err != nil {
		return err
	}
	if len(c.Plugins.Settings) > 0 {
		var settings bytes.Buffer
		enc := toml.NewEncoder(&settings)
		enc.Indent = ""
		if err := enc.Encode(map[string]any{"plugins": c.Plugins.Settings}); err != nil {
			return err
		}
		// [plugins] itself is written above; a table may be opened once.
		buf.Write(bytes.TrimPrefix(settings.Bytes(), []byte("[plugins]\n")))
	}
	_, err := buf.WriteTo(w)
	return err
}

// A problem is something wrong with the value at a key; see source.lines for
// how keys are spelled.
type problem struct{ key, msg string }

// first returns the problem that comes first in the file, nil without any.
func (c *Config) first(problems []problem) *Error {
	if len(problems) == 0 {
		return nil
	}
	p := slices.MinFunc(problems, func(a, b problem) int {
		return cmp.Or(cmp.Compare(c.source.line(a.key), c.source.line(b.key)), cmp.Compare(a.key, b.key), cmp.Compare(a.msg, b.msg))
	})
	return c.Errorf(p.key, "%s", p.msg)
}
