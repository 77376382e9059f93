package shell

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"mts/admin"
	"mts/admin/script"
	"mts/core/wire"
)

// maxDepth is how deep command files may be nested.
const maxDepth = 8

// scriptCommands run files of commands and Go scripts.
func scriptCommands() []command {
	return []command{
		{admin.Command{Name: "source", Args: "FILE", Help: "runs a file of commands"}, source},
		{admin.Command{Name: "run", Args: "FILE.go [ARG...]", Help: "runs a Go script, which imports mts/admin"}, runGo},
		{admin.Command{Name: "eval", Args: "EXPR", Help: "prints the value of a Go expression, or runs statements; what it declares stays"}, eval},
	}
}

// Script runs the commands in r; errors call it name. It ends at the first command
// that fails, or with KeepGoing at the last one, and returns the highest exit
// code.
func (s *Shell) Script(ctx context.Context, name string, r io.Reader) int {
	s.depth++
	defer func() { s.depth-- }()
	in := newLineReader(r)
	highest := exitOK
	for n := 1; !s.done; n++ {
		line, err := readLine(in)
		if errors.Is(err, io.EOF) {
			break
		}
		where := fmt.Sprintf("%s:%d: ", name, n)
		if err != nil && !errors.Is(err, errLineTooLong) {
			return max(highest, s.report(where, err))
		}
		code := s.runLine(ctx, where, line, err)
		highest = max(highest, code)
		if s.ends(code) {
			break
		}
	}
	return highest
}

// runLine runs the commands of a line, or reports that it couldn't be read.
func (s *Shell) runLine(ctx context.Context, where, line string, err error) int {
	var commands [][]string
	if err == nil {
		commands, err = split(line, s.isEval)
	}
	if err != nil {
		return s.report(where, usageError{err})
	}
	highest := exitOK
	for _, words := range commands {
		code := s.report(where, s.run(ctx, words))
		highest = max(highest, code)
		if s.ends(code) {
			break
		}
	}
	return highest
}

// ends reports whether no further command may run after one with that exit code.
func (s *Shell) ends(code int) bool {
	return s.done || code == exitInterrupted || code != exitOK && !s.KeepGoing
}

// File runs the commands in the file at path, as Script does.
func (s *Shell) File(ctx context.Context, path string) int {
	f, err := os.Open(path)
	if err != nil {
		return s.report("", usageError{err})
	}
	defer f.Close()
	return s.Script(ctx, path, f)
}

func source(ctx context.Context, s *Shell, args []string) error {
	if s.depth == maxDepth {
		return usagef("%s: command files are nested too deeply", args[0])
	}
	if code := s.File(ctx, args[0]); code != exitOK {
		return reportedError(code)
	}
	return nil
}

// runGo runs a Go script.
func runGo(ctx context.Context, s *Shell, args []string) error {
	s.limit()
	return script.Run(ctx, s.env(args), args[0])
}

// eval evaluates Go. What it declares lives as long as the shell.
func eval(ctx context.Context, s *Shell, args []string) error {
	if s.eval == nil {
		s.limit()
		s.setEval(script.NewEvaluator(s.env([]string{"eval"})))
	}
	value, err := s.eval.Eval(ctx, strings.Join(args, " "))
	if ctx.Err() != nil {
		s.setEval(nil) // its interpreter may still run
	}
	if value != "" {
		fmt.Fprintln(s.Stdout, wire.Printable(value))
	}
	return err
}

// limit bounds the memory of this process, once, and says if it can't.
func (s *Shell) limit() {
	if s.Limit == nil {
		return
	}
	if err := s.Limit(); err != nil {
		fmt.Fprintln(s.Stderr, "the memory of scripts isn't bounded:", wire.Printable(err.Error()))
	}
	s.Limit = nil
}

func (s *Shell) setEval(e *script.Evaluator) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.eval = e
}

// env returns the environment of a Go script.
func (s *Shell) env(args []string) script.Env {
	return script.Env{Dial: s.dial, Args: args, Stdout: stdout{s}, Stderr: s.Stderr, Table: s.scriptTable}
}

// stdout writes to the current Stdout of the shell, which screens replace.
type stdout struct{ s *Shell }

func (o stdout) Write(p []byte) (int, error) { return o.s.Stdout.Write(p) }

// scriptTable shows a script's table in the format of the shell.
func (s *Shell) scriptTable(head []string, rows [][]string) error {
	columns := make([]admin.Column, len(head))
	for i, h := range head {
		columns[i] = admin.Column{Field: h, Head: h, Elastic: true}
	}
	each, end := s.show(admin.Command{Columns: columns})
	for _, cells := range rows {
		raw, err := object(head, cells)
		if err != nil {
			return err
		}
		if err := each(raw); err != nil {
			return err
		}
	}
	return end()
}

// object returns a JSON object with the values under their names, in order.
func object(names, values []string) (json.RawMessage, error) {
	if len(names) != len(values) {
		return nil, fmt.Errorf("a row of %d cells under %d headings", len(values), len(names))
	}
	var b bytes.Buffer
	for i, name := range names {
		b.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
		field, _ := json.Marshal(name)
		value, _ := json.Marshal(values[i])
		fmt.Fprintf(&b, "%s:%s", field, value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
