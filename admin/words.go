package admin

import (
	"errors"
	"strings"
)

// Errors of Split.
var (
	errOpenQuote = errors.New("a quote isn't closed")
	errBackslash = errors.New("nothing follows the last backslash")
)

// Split returns the commands of a line, each of at least one word, as a POSIX
// shell would: spaces separate words, ';' and line ends separate commands,
// '#' at the start of a word begins a comment. In single quotes no character is
// special. A backslash makes the next character an ordinary one: in double quotes
// only ", \, $ and `, elsewhere any. All other characters, such as < and >, are
// ordinary.
func Split(line string) ([][]string, error) {
	var s splitter
	for rest := line; rest != ""; {
		c := rest[0]
		n := 1
		var err error
		switch {
		case c == ' ' || c == '\t' || c == '\r':
			s.endWord()
		case c == ';' || c == '\n':
			s.endCommand()
		case c == '#' && !s.inWord:
			n = len(rest) - len(strings.TrimLeftFunc(rest, func(r rune) bool { return r != '\n' }))
		case c == '\'', c == '"', c == '\\':
			n, err = s.quoted(rest)
		default:
			s.add(rest[:1])
		}
		if err != nil {
			return nil, err
		}
		rest = rest[n:]
	}
	s.endCommand()
	return s.commands, nil
}

// A splitter collects words.
type splitter struct {
	commands [][]string
	words    []string
	word     strings.Builder
	inWord   bool // true for an empty word too, if it is quoted
}

func (s *splitter) add(text string) {
	s.word.WriteString(text)
	s.inWord = true
}

func (s *splitter) endWord() {
	if s.inWord {
		s.words = append(s.words, s.word.String())
	}
	s.word.Reset()
	s.inWord = false
}

func (s *splitter) endCommand() {
	s.endWord()
	if len(s.words) > 0 {
		s.commands = append(s.commands, s.words)
	}
	s.words = nil
}

// quoted reads the quotation, or the backslash and its character, that text
// begins with. It returns their length in bytes.
func (s *splitter) quoted(text string) (int, error) {
	switch text[0] {
	case '\\':
		if len(text) == 1 {
			return 0, errBackslash
		}
		s.add(text[1:2])
		return 2, nil
	case '\'':
		end := strings.IndexByte(text[1:], '\'')
		if end < 0 {
			return 0, errOpenQuote
		}
		s.add(text[1 : 1+end])
		return end + 2, nil
	}
	s.add("")
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '"':
			return i + 1, nil
		case text[i] == '\\' && i+1 < len(text) && strings.IndexByte("\"\\$`", text[i+1]) >= 0:
			i++
		}
		s.add(text[i : i+1])
	}
	return 0, errOpenQuote
}

// Quote returns word in the form that Split reads back as that one word. It is
// quoted only if it has to be.
func Quote(word string) string {
	special := func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(";#'\"\\$`&|()", r) }
	if word != "" && !strings.ContainsFunc(word, special) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
