package config

import (
	"bytes"
	"cmp"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/BurntSushi/toml"

	"mts/core/access"
)

// Load reads the file at path over the defaults and checks it as Parse does. On
// Unix it refuses a file that others can write or replace.
func Load(path string) (*Config, error) {
	data, err := read(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	return Parse(path, data)
}

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(access.CheckWrite(fi), access.CheckPath(path)); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(f)
	return data, err
}

// Parse reads data over the defaults and checks it, without touching a file.
// name is what errors call the file; relative paths start at its folder.
//
// The error is an *Error, and there is no configuration, if data isn't TOML.
// Otherwise the error is of type Errors. The configuration that comes with it
// is for finding further mistakes only: where it is Bad, its values are wrong.
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
	if c.TLS.ClientCA != "" {
		c.TLS.ClientAuth = cmp.Or(c.TLS.ClientAuth, "optional")
	}
	c.source.problems = d.problems
	c.check()
	return c, c.err()
}

// Encode writes the configuration as TOML, defaults included. Parse reads it back
// unchanged.
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
