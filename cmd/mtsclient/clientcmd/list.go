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
	"mts/core/wire"
)

// listAll lists folders, or the server's root if none is named.
func (a *app) listAll(ctx context.Context, conn *client.Conn, paths []string) error {
	if len(paths) == 0 {
		paths = []string{"/"}
	}
	out := bufio.NewWriter(a.stdout)
	defer out.Flush()
	for i, path := range paths {
		if len(paths) > 1 && !a.json {
			fmt.Fprintf(out, "%s%s:\n", map[bool]string{true: "\n"}[i > 0], wire.Printable(path))
		}
		err := a.listOne(ctx, conn, path, out)
		if errors.Is(err, client.ErrLost) {
			return err
		}
		if err != nil {
			a.complain(fmt.Errorf("%s: %w", path, err))
			a.worst = max(a.worst, exitCode(err))
		}
	}
	return nil
}

// listOne lists a folder, or a file.
func (a *app) listOne(ctx context.Context, conn *client.Conn, path string, w io.Writer) error {
	for info, err := range conn.List(ctx, path) {
		if isCode(err, core.CodeNotFound) {
			if file, stat := conn.Stat(ctx, path); stat == nil {
				info, err = file, nil
			}
		}
		if err != nil {
			return err
		}
		a.listEntry(w, info)
	}
	return nil
}

func (a *app) listEntry(w io.Writer, info core.Info) {
	kind := "file"
	if info.Dir {
		kind = "dir"
	}
	if a.json {
		writeJSON(w, struct {
			Name   string    `json:"name"`
			Type   string    `json:"type"` // file or dir
			Size   int64     `json:"size"`
			Modify time.Time `json:"modify"`
			ETag   string    `json:"etag"`
		}{info.Name, kind, info.Size, info.Modified, info.ETag})
		return
	}
	size, when := "-", "-"
	if !info.Dir {
		size = fmt.Sprint(info.Size)
	}
	if !info.Modified.IsZero() {
		when = info.Modified.Local().Format(time.DateTime)
	}
	fmt.Fprintf(w, "%-4s %14s  %-19s  %s\n", kind, size, when, wire.Printable(info.Name))
}

// execAll sends the commands of --exec. The data of the replies go to stdout, the
// status lines to stderr.
func (a *app) execAll(ctx context.Context, conn *client.Conn) error {
	for _, line := range a.exec {
		reply, err := conn.Do(ctx, line, a.data())
		if err != nil {
			return err
		}
		if !a.quiet {
			fmt.Fprintln(a.stderr, wire.Printable(reply.Text))
		}
	}
	return nil
}
