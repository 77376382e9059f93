// Package logstat sums up the log of a web server.
package logstat

import (
	"bufio"
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"mts/core"
)

// A Class is the kind of an answer.
type Class int

const (
	Other Class = iota
	Success
	Redirect
	ClientError
	ServerError
)

var classNames = [...]string{"other", "success", "redirect", "client error", "server error"}

func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("Class(%d)", int(c))
}

func classOf(status int) Class {
	switch {
	case status >= 200 && status < 300:
		return Success
	case status >= 300 && status < 400:
		return Redirect
	case status >= 400 && status < 500:
		return ClientError
	case status >= 500:
		return ServerError
	}
	return Other
}

// 192.0.2.1 - ann [02/Jan/2026:03:04:05 +0000] "GET /a HTTP/1.1" 200 512
var line = regexp.MustCompile(`^(?P<client>\S+) \S+ (?P<user>\S+) \[(?P<at>[^]]+)\] "(?P<method>[A-Z]+) (?P<path>\S+)[^"]*" (?P<status>\d{3}) (?P<bytes>\d+|-)$`)

type entry struct {
	client, user string
	at           time.Time
	method, path string
	class        Class
	bytes        int64
}

type parseError struct {
	line int
	text string
	err  error
}

func (e *parseError) Error() string {
	if e.err != nil {
		return fmt.Sprintf("line %d: %v", e.line, e.err)
	}
	return fmt.Sprintf("line %d: %q is no log line", e.line, e.text)
}

func (e *parseError) Unwrap() error { return e.err }

func parse(n int, text string) (e entry, err error) {
	m := line.FindStringSubmatch(text)
	if m == nil {
		return e, &parseError{line: n, text: text}
	}
	field := func(name string) string { return m[line.SubexpIndex(name)] }
	if e.at, err = time.Parse("02/Jan/2006:15:04:05 -0700", field("at")); err != nil {
		return e, &parseError{n, text, err}
	}
	status, err := strconv.Atoi(field("status"))
	if err != nil {
		return e, &parseError{n, text, err}
	}
	e.client, e.user, e.method, e.path = field("client"), field("user"), field("method"), field("path")
	e.class = classOf(status)
	if b := field("bytes"); b != "-" {
		e.bytes, err = strconv.ParseInt(b, 10, 64)
	}
	return e, err
}

type stats struct {
	classes map[Class]int
	paths   map[string]struct{ hits, bytes int64 }
	perHour [24]int
	first   time.Time
	last    time.Time
	errs    []error
}

func newStats() *stats {
	return &stats{
		classes: make(map[Class]int),
		paths:   make(map[string]struct{ hits, bytes int64 }),
	}
}

func (s *stats) add(e entry) {
	s.classes[e.class]++
	p := s.paths[e.path]
	p.hits++
	p.bytes += e.bytes
	s.paths[e.path] = p
	s.perHour[e.at.UTC().Hour()]++
	if s.first.IsZero() || e.at.Before(s.first) {
		s.first = e.at
	}
	if e.at.After(s.last) {
		s.last = e.at
	}
}

// Commands returns LOGSTAT.
func Commands() []core.Command {
	return []core.Command{{
		Verb: "LOGSTAT", Args: "PATH [TOP]", Help: "sums up the log of a web server",
		Run: func(c *core.Call) error {
			fields := c.Fields()
			top := 3
			switch len(fields) {
			case 2:
				n, err := strconv.Atoi(fields[1])
				if err != nil {
					return fmt.Errorf("%w: %v", core.ErrUsage, err)
				}
				top = n
			case 1:
			default:
				return core.ErrUsage
			}
			return report(c, fields[0], top)
		},
	}}
}

func report(c *core.Call, path string, top int) error {
	f, err := c.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	s := newStats()
	scanner := bufio.NewScanner(f)
	for n := 1; scanner.Scan(); n++ {
		text := strings.TrimSpace(scanner.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		e, err := parse(n, text)
		if err != nil {
			s.errs = append(s.errs, err)
			continue
		}
		s.add(e)
	}
	if err := scanner.Err(); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	for _, class := range slices.Sorted(maps.Keys(s.classes)) {
		c.Printf("%-14v %5d\n", class, s.classes[class])
	}
	paths := slices.Collect(maps.Keys(s.paths))
	slices.SortFunc(paths, func(a, b string) int {
		return cmp.Or(cmp.Compare(s.paths[b].hits, s.paths[a].hits), strings.Compare(a, b))
	})
	for i, p := range paths[:min(top, len(paths))] {
		c.Printf("%d. %s: %+v\n", i+1, p, s.paths[p])
	}
	for hour, n := range s.perHour {
		if n > 0 {
			c.Printf("%02d:00 %s\n", hour, strings.Repeat("#", n))
		}
	}
	for _, err := range s.errs {
		c.Printf("! %v\n", err)
	}
	c.Fact("span", s.last.Sub(s.first).String())
	c.Reply("Classes: %v.", s.classes)
	return nil
}
