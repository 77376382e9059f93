package config

import (
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"
)

// A source is the file of a configuration: on which line each key is, which the
// TOML library tells for syntax errors only, and which values are wrong.
type source struct {
	file string
	// lines has every key, table and list by its dotted name. The keys of the
	// second [[export]] are "export[1].dir" and so on; "export.dir" is that of
	// the first [[export]] that has one.
	lines    map[string]int
	problems problems
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

// cutStatement returns the first statement of text and its keys. It is the
// shortest run of lines that parses: a statement ends at the end of a line, and
// a value of several lines doesn't parse without the last of them.
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

// add records the line of key and of the tables above it that have none yet.
// element says that key starts a new element of a list of tables.
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

// join appends part to a key, in quotes if TOML needs them.
func join(key, part string) string {
	part = toml.Key{part}.String()
	if key == "" {
		return part
	}
	return key + "." + part
}
