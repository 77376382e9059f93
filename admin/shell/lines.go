package shell

import (
	"bufio"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"strings"

	"mts/admin"
)

// maxLine bounds a line of a script, in bytes. The server takes commands of at
// most 4 KiB; a line may hold several, or Go.
const maxLine = 64 << 10

var errLineTooLong = errors.New("line too long")

// readLine returns the next line without its end. A line that is too long is
// skipped, and errLineTooLong returned for it.
func readLine(r *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, more, err := r.ReadLine()
		if err != nil {
			return "", err
		}
		if len(line) <= maxLine {
			line = append(line, part...)
		}
		if !more {
			break
		}
	}
	if len(line) > maxLine {
		return "", errLineTooLong
	}
	return string(line), nil
}

// newLineReader returns a reader for readLine.
func newLineReader(r io.Reader) *bufio.Reader { return bufio.NewReaderSize(r, 4<<10) }

// split splits a line into commands. If the line begins with eval, Go code follows,
// whose quotes needn't be quoted. It ends before the first ";" or "#" where it is
// complete. If it is one quoted word, the code is inside the quotes.
func split(line string, isEval func(word string) bool) ([][]string, error) {
	word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	rest = strings.TrimSpace(rest)
	if rest == "" || !isEval(word) {
		return admin.Split(line)
	}
	if all, err := admin.Split(line); err == nil && len(all[0]) == 2 && quoted(rest) {
		return all, nil
	}
	code, more, ok := cutGo(rest)
	if !ok {
		return [][]string{{word, rest}}, nil
	}
	all, err := admin.Split(more)
	return append([][]string{{word, code}}, all...), err
}

// quoted reports whether s begins with a quoted word, which a Go rune isn't.
func quoted(s string) bool {
	if s[0] == '\'' {
		_, err := parser.ParseExpr(s)
		return err != nil
	}
	return s[0] == '"'
}

// cutGo cuts s after the shortest piece of Go that it begins with.
func cutGo(s string) (code, rest string, ok bool) {
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] != ';' && s[i] != '#' {
			continue
		}
		if code := strings.TrimSpace(s[:i]); code != "" && isGo(code) {
			return code, strings.TrimPrefix(s[i:], ";"), true
		}
	}
	return "", "", false
}

// isGo reports whether s is a sequence of statements, or an import.
func isGo(s string) bool {
	fset := token.NewFileSet()
	_, err := parser.ParseFile(fset, "", "package p; func _() {\n"+s+"\n}", parser.SkipObjectResolution)
	if err != nil {
		_, err = parser.ParseFile(fset, "", "package p; "+s, parser.SkipObjectResolution)
	}
	return err == nil
}
