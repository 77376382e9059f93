package clientcmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"mts/core"
	"mts/core/client"
	"mts/core/output"
	"mts/core/units"
	"mts/core/wire"
)

// listAll lists what the arguments stand for, or the server's root if there is none.
func (a *app) listAll(ctx context.Context, paths []string) error {
	if len(paths) == 0 {
		paths = []string{"/"}
	}
	out := bufio.NewWriter(a.stdout)
	for i, path := range paths {
		if len(paths) > 1 && !a.json {
			fmt.Fprintf(out, "%s%s:\n", map[bool]string{true: "\n"}[i > 0], wire.Printable(path))
		}
		for j := range a.plan(ctx, []string{path}) {
			if err := a.listEntry(out, j); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}

// listEntry writes a row, or complains about what can't be listed.
func (a *app) listEntry(out io.Writer, j *job) error {
	if errors.Is(j.err, client.ErrLost) || errors.Is(j.err, output.ErrWrite) {
		return j.err
	}
	if j.err != nil {
		a.fail(fmt.Errorf("%s: %w", j.path, a.explain(j.err)))
		return nil
	}
	if a.json {
		return writeJSON(out, newRow(j))
	}
	return a.writeRow(out, j.name, *j.info)
}

// A row is an entry's line of --list --json.
type row struct {
	Name   string    `json:"name"` // below the folder that was listed
	Type   string    `json:"type"` // file or dir
	Size   int64     `json:"size"`
	Modify time.Time `json:"modify"`
	ETag   string    `json:"etag"`
	Path   string    `json:"path"` // on the server
}

func newRow(j *job) row {
	return row{j.name, kind(*j.info), j.info.Size, j.info.Modified, j.info.ETag, j.path}
}

func kind(info core.Info) string {
	if info.Dir {
		return "dir"
	}
	return "file"
}

func (a *app) writeRow(out io.Writer, name string, info core.Info) error {
	size, when := "-", "-"
	switch {
	case info.Dir:
	case a.human:
		size = units.Size(info.Size).Short()
	default:
		size = fmt.Sprint(info.Size)
	}
	if !info.Modified.IsZero() {
		when = info.Modified.Local().Format(time.DateTime)
	}
	_, err := fmt.Fprintf(out, "%-4s %14s  %-19s  %s\n", kind(info), size, when, wire.Printable(name))
	return err
}

// execAll sends the commands of --exec. The data of the replies go to stdout, the
// status lines to stderr.
func (a *app) execAll(ctx context.Context, conn *client.Conn) error {
	for _, line := range a.exec {
		reply, err := conn.Do(ctx, line, a.data())
		if errors.Is(err, client.ErrLine) {
			return usageError{fmt.Errorf("--exec: %w", err)}
		}
		if isCode(err, core.CodeUnknownCommand) {
			return err
		}
		if err != nil {
			return a.advise(ctx, err)
		}
		if !a.quiet {
			fmt.Fprintln(a.stderr, wire.Printable(reply.Text))
		}
	}
	return nil
}
