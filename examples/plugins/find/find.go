// Package find looks for files and folders by name.
//
//	FIND GLOB
//
// walks all that the account can see and prints the path of what matches, a
// folder with a slash at the end. In the pattern * is any text, ? one character,
// [a-z] one of several; a \ makes the next one an ordinary character. A pattern
// without a slash is for the last element of a path, one with a slash for all
// of it, where * and ? match no slash:
//
//	C: FIND *.txt
//	S: pub/notes.txt
//	S: readme.txt
//	S: #Found: 2.
//	C: FIND pub/*
//	S: pub/notes.txt
//	S: #Found: 1.
//
// It stops after 1000 matches or after 20000 names, and enters folders down to
// the 32nd level. The success line says so, and how many
// folders could not be read. The fact found= has the number. It has no settings.
package find

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"mts/core"
)

const (
	maxFound = 1000
	maxSeen  = 20000
	maxDepth = 32
)

var errEnough = errors.New("enough")

// Commands returns FIND.
func Commands() []core.Command {
	return []core.Command{{Verb: "FIND", Args: "GLOB", Help: "finds files and folders by name", Run: find}}
}

func find(c *core.Call) error {
	if _, err := path.Match(c.Arg(), ""); err != nil {
		return core.Errorf(core.CodeUsage, "The pattern is wrong.")
	}
	s := &search{call: c, glob: strings.TrimPrefix(c.Arg(), "/"), whole: strings.Contains(c.Arg(), "/")}
	err := s.walk("", 1)
	if errors.Is(err, errEnough) {
		s.limit = " Stopped there, the rest was not searched."
	} else if err != nil {
		return err
	}
	c.Fact("found", fmt.Sprint(s.found))
	c.Reply("%v", s)
	return nil
}

type search struct {
	call        *core.Call
	glob        string
	whole       bool // the pattern is for the whole path
	seen, found int
	unread      int    // folders that could not be read
	limit       string // which limit was met
}

// walk shows what matches in the folder and below.
func (s *search) walk(folder string, depth int) error {
	infos, err := s.call.List(folder)
	if err != nil {
		s.unread++
	}
	for _, info := range infos {
		if s.found == maxFound || s.seen == maxSeen {
			return errEnough
		}
		s.seen++
		if err := s.entry(folder, info, depth); err != nil {
			return err
		}
	}
	return nil
}

func (s *search) entry(folder string, info core.Info, depth int) error {
	name := path.Join(folder, info.Name)
	if err := s.show(name, info); err != nil || !info.Dir {
		return err
	}
	if depth == maxDepth {
		s.limit = fmt.Sprintf(" Folders below level %d were left out.", maxDepth)
		return nil
	}
	return s.walk(name, depth+1)
}

// show prints the path if it matches.
func (s *search) show(name string, info core.Info) error {
	subject := info.Name
	if s.whole {
		subject = name
	}
	if ok, err := path.Match(s.glob, subject); err != nil || !ok {
		return err
	}
	s.found++
	if info.Dir {
		name += "/"
	}
	_, err := fmt.Fprintln(s.call, name)
	return err
}

// String sums up what was found.
func (s *search) String() string {
	text := fmt.Sprintf("Found: %d.%s", s.found, s.limit)
	if s.unread > 0 {
		text += fmt.Sprintf(" Folders that could not be read: %d.", s.unread)
	}
	return text
}
