package clientcmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mts/core"
	"mts/core/units"
	"mts/core/wire"
)

// A status is how a file ended, as --json says it.
type status string

const (
	saved     status = "saved"
	unchanged status = "unchanged" // the same is there already
	notFound  status = "not-found"
	exists    status = "exists" // another one is there, and stays
	deleted   status = "deleted"
	skipped   status = "skipped" // by --dry-run, or because of a link loop
	failed    status = "failed"
)

// A record is a file's line of --json.
type record struct {
	Path   string `json:"path"` // as in the request
	File   string `json:"file"` // in the output folder
	Status status `json:"status"`
	Bytes  int64  `json:"bytes"`  // received
	Size   int64  `json:"size"`   // of the file, 0 if unknown
	SHA256 string `json:"sha256"` // of the file that is there
	Code   string `json:"code"`   // the protocol's code of a refusal
	Error  string `json:"error"`
}

// report reports the result of a file. After an interrupt it does so only with
// --json.
func (a *app) report(ctx context.Context, j *job, err error) {
	if err != nil {
		a.worst = max(a.worst, exitCode(err), exitSome)
		err = a.explain(err)
	}
	out := a.stdout
	if a.folder == nil { // the files themselves go to stdout
		out = a.stderr
	}
	r := newRecord(j, err)
	a.tally[r.Status]++
	switch {
	case a.json:
		writeJSON(out, r)
	case ctx.Err() != nil:
	case r.Status == saved:
		if a.saysEach() {
			fmt.Fprintf(out, "%s has been saved.\n", wire.Printable(j.name))
		}
	case r.Status == notFound:
		fmt.Fprintf(out, "File %s not found on server\n", wire.Printable(j.path))
	case err != nil:
		a.complain(fmt.Errorf("%s: %w", j.path, err))
	case r.Status == unchanged:
		a.detail("%s is unchanged", j.path)
	case !a.quiet:
		fmt.Fprintf(out, "%s would be saved.\n", wire.Printable(j.name))
	}
}

// saysEach reports whether each saved file has a line. For a tree on a terminal, the
// bars and the summary are enough.
func (a *app) saysEach() bool {
	return !a.quiet && a.folder != nil && (!a.recursive || a.verbose || !isTerminal(a.screen))
}

func newRecord(j *job, err error) record {
	r := record{Path: j.path, File: j.name, Status: j.status, Bytes: j.received, Size: j.size, SHA256: j.sum}
	if err == nil {
		return r
	}
	r.Status, r.Error = failed, wire.Printable(err.Error())
	switch {
	case errors.Is(err, errExists):
		r.Status = exists
	case errors.Is(err, errLoop):
		r.Status = skipped
	}
	var refusal *core.Error
	if errors.As(err, &refusal) {
		r.Code = string(refusal.Code)
		if refusal.Code == core.CodeNotFound {
			r.Status = notFound
		}
	}
	return r
}

// A tally counts files by their status.
type tally map[status]int64

// summarize says in one line what the lines for files don't say.
func (a *app) summarize() {
	if a.quiet || a.json || a.saysEach() && a.tally[unchanged] == 0 {
		return
	}
	var parts []string
	for _, s := range []status{saved, unchanged, deleted, skipped, exists, notFound, failed} {
		if n := a.tally[s]; n > 0 {
			parts = append(parts, units.Count(n, "file")+" "+strings.ReplaceAll(string(s), "-", " "))
		}
	}
	if a.folder != nil && len(parts) > 0 {
		fmt.Fprintf(a.stderr, "%s.\n", strings.Join(parts, ", "))
	}
}

// notice shows a message of the server or its operators, once for all connections.
func (a *app) notice(text string) {
	text = strings.TrimSpace(text)
	if last := a.noticed.Swap(&text); (last == nil || *last != text) && !a.quiet {
		fmt.Fprintf(a.stderr, "* %s\n", wire.Printable(text))
	}
}

// detail says what is said with --verbose only.
func (a *app) detail(format string, args ...any) {
	if a.verbose {
		fmt.Fprintf(a.stderr, "%s.\n", wire.Printable(fmt.Sprintf(format, args...)))
	}
}

// reportAll reports for --json that each requested file failed because there is no
// connection. Without --json, the error is shown once.
func (a *app) reportAll(ctx context.Context, args []string, err error) {
	if !a.json {
		return
	}
	for _, arg := range args {
		a.report(ctx, &job{path: arg, name: baseName(arg)}, err)
	}
}
