package config

import (
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"
)

// A source knows on which line of its file each key is; the TOML library tells
// that of syntax errors only.
type source struct {
	file string
	// lines has every key, table and list by its dotted name, "export[1].dir"
	// for the second [[export]] and "export.dir" for the first that has one.
	lines map[string]int
}

// line returns the line of key, else of the nearest table around it, else 1.
func (s source) line(key string) int {
	for key != "" {
		if n, ok := s.lines[key]; ok {
			return n
		}
		key = key[:max(strings.LastIndexAny(key, ".["), 0)]
	}
	return 1
}

// locate finds the keys of a document that is known to parse.
func locate(file, text string) source {
	s := source{file: file, lines: map[string]int{}}
	elements := map[string]int{} // of each list of tables, so far
	var table toml.Key
	for line := 1; text != ""; {
		stmt, keys := cutStatement(text)
		header := strings.TrimLeft(stmt, " \t")
		for _, key := range keys {
			if strings.HasPrefix(header, "[") {
				table = key
			} else {
				key = append(table[:len(table):len(table)], key...)
			}
			s.add(key, line, strings.HasPrefix(header, "[["), elements)
		}
		line += strings.Count(stmt, "\n")
		text = text[len(stmt):]
	}
	return s
}

// cutStatement returns the first statement of text, with its keys: the fewest
// lines that parse, since TOML ends a statement with its line and a value that
// goes on over more lines doesn't parse without its last.
func cutStatement(text string) (stmt string, keys []toml.Key) {
	end := 0
	for end < len(text) {
		if i := strings.IndexByte(text[end:], '\n'); i >= 0 {
			end += i + 1
		} else {
			end = len(text)
		}
		if md, err := toml.Decode(text[:end], &struct{}{}); err == nil {
			return text[:end], md.Keys()
		}
	}
	return text, nil
}

// add notes the line of key, and of tables above it that have none yet.
// element says that key opens another element of a list of tables.
func (s source) add(key toml.Key, line int, element bool, elements map[string]int) {
	path := ""
	for i, part := range key {
		path = join(path, part)
		last := i == len(key)-1
		if last && element {
			elements[path]++
		}
		if _, ok := s.lines[path]; !ok || last && !element {
			s.lines[path] = line
		}
		if n := elements[path]; n > 0 {
			path = fmt.Sprintf("%s[%d]", path, n-1)
			if last {
				s.lines[path] = line
			}
		}
	}
	if _, ok := s.lines[key.String()]; !ok {
		s.lines[key.String()] = line
	}
}

// join appends a part of a key, quoted if TOML needs that.
func join(key, part string) string {
	part = toml.Key{part}.String()
	if key == "" {
		return part
	}
	return key + "." + part
}
