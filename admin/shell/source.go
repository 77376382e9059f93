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

// maxDepth is how deep command files may call for each other.
const maxDepth = 8

// scriptCommands run files of commands and Go scripts.
func scriptCommands() []command {
	return []command{
		{admin.Command{Name: "source", Args: "FILE", Help: "runs a file of commands"}, source},
		{admin.Command{Name: "run", Args: "FILE.go [ARG...]", Help: "runs a Go script, which imports mts/admin"}, runGo},
		{admin.Command{Name: "eval", Args: "EXPR", Help: "prints the value of a Go expression, or runs a statement"}, eval},
	}
}

// Script runs the commands in r, which is called name in errors, and returns
// the exit code: that of the first command that fails, which ends it, or with
// KeepGoing the largest.
func (s *Shell) Script(ctx context.Context, name string, r io.Reader) int {
	s.depth++
	defer func() { s.depth-- }()
	in := newLineReader(r)
	worst := exitOK
	for n := 1; !s.done; n++ {
		line, err := readLine(in)
		if errors.Is(err, io.EOF) {
			break
		}
		where := fmt.Sprintf("%s:%d: ", name, n)
		if err != nil && !errors.Is(err, errLineTooLong) {
			return max(worst, s.report(where, err))
		}
		code := s.scriptLine(ctx, where, line, err)
		worst = max(worst, code)
		if code != exitOK && (!s.KeepGoing || code == exitInterrupted) {
			break
		}
	}
	return worst
}

// scriptLine runs the commands of a line, unless reading it has failed.
func (s *Shell) scriptLine(ctx context.Context, where, line string, err error) int {
	if err != nil {
		return s.report(where, usageError{err})
	}
	commands, err := split(line, s.isEval)
	if err != nil {
		return s.report(where, usageError{err})
	}
	worst := exitOK
	for _, words := range commands {
		code := s.report(where, s.run(ctx, words))
		worst = max(worst, code)
		if s.done || code != exitOK && !s.KeepGoing {
			break
		}
	}
	return worst
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
		return usagef("%s: command files call for each other too deeply", args[0])
	}
	if code := s.File(ctx, args[0]); code != exitOK {
		return reportedError(code)
	}
	return nil
}

// runGo runs a Go script.
func runGo(ctx context.Context, s *Shell, args []string) error {
	return script.Run(ctx, s.env(args), args[0])
}

// eval evaluates Go. What it declares lives as long as the shell.
func eval(ctx context.Context, s *Shell, args []string) error {
	if s.eval == nil {
		s.eval = script.NewEvaluator(s.env([]string{"eval"}))
	}
	value, err := s.eval.Eval(ctx, strings.Join(args, " "))
	if ctx.Err() != nil {
		s.eval = nil // the interpreter may still be busy
	}
	if value != "" {
		fmt.Fprintln(s.Stdout, wire.Printable(value))
	}
	return err
}

// env returns what a Go script works with.
func (s *Shell) env(args []string) script.Env {
	return script.Env{Dial: s.dial, Args: args, Stdout: stdout{s}, Stderr: s.Stderr, Table: s.scriptTable}
}

// stdout is where the output goes now: eval goes on while screens come and go.
type stdout struct{ s *Shell }

func (o stdout) Write(p []byte) (int, error) { return o.s.Stdout.Write(p) }

// scriptTable shows the table of a script in the format of the shell.
func (s *Shell) scriptTable(head []string, rows [][]string) error {
	columns := make([]admin.Column, len(head))
	for i, h := range head {
		columns[i] = admin.Column{Field: h, Head: h, Elastic: true}
	}
	out := s.output(admin.Command{Columns: columns})
	for _, cells := range rows {
		raw, err := object(head, cells)
		if err != nil {
			return err
		}
		if err := out.row(raw); err != nil {
			return err
		}
	}
	return out.end()
}

// object returns the JSON object of names and values, in their order.
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
