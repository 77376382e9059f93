package clientcmd

import (
	"context"
	"errors"
	"fmt"

	"mts/core"
	"mts/core/wire"
)

// A record is what --json says of a file.
type record struct {
	Path   string `json:"path"`   // as it was asked for
	File   string `json:"file"`   // below the output folder
	Status string `json:"status"` // saved, not-found, exists or failed
	Bytes  int64  `json:"bytes"`  // received
	Size   int64  `json:"size"`   // of the file, as far as it is known
	SHA256 string `json:"sha256"` // of the file, once it is saved
	Code   string `json:"code"`   // the protocol's code of a refusal
	Error  string `json:"error"`
}

// report says what became of a file. An interrupted run doesn't say it of each.
func (a *app) report(ctx context.Context, j *job, err error) {
	if err != nil {
		a.worst = max(a.worst, exitCode(err), exitSome)
	}
	out := a.stdout
	if a.folder == nil { // that is for the files themselves
		out = a.stderr
	}
	switch r := newRecord(j, err); {
	case a.json:
		writeJSON(out, r)
	case ctx.Err() != nil:
	case r.Status == "saved":
		if !a.quiet && a.folder != nil {
			fmt.Fprintf(out, "%s has been saved.\n", wire.Printable(j.name))
		}
	case r.Status == "not-found":
		fmt.Fprintf(out, "File %s not found on server\n", wire.Printable(j.path))
	default:
		a.complain(fmt.Errorf("%s: %w", j.path, err))
	}
}

func newRecord(j *job, err error) record {
	r := record{Path: j.path, File: j.name, Status: "saved", Bytes: j.received, Size: j.size, SHA256: j.sum}
	if err == nil {
		return r
	}
	r.Status, r.Error = "failed", wire.Printable(err.Error())
	if errors.Is(err, errExists) {
		r.Status = "exists"
	}
	var told *core.Error
	if errors.As(err, &told) {
		r.Code = string(told.Code)
		if told.Code == core.CodeNotFound {
			r.Status = "not-found"
		}
	}
	return r
}

// notice shows a message of the server's operators.
func (a *app) notice(text string) {
	if !a.quiet {
		fmt.Fprintf(a.stderr, "* %s\n", wire.Printable(text))
	}
}

// reportAll says of each file that was asked for that there is no connection
// to fetch it over. The error by itself is enough for people.
func (a *app) reportAll(ctx context.Context, args []string, err error) {
	if !a.json {
		return
	}
	for _, arg := range args {
		a.report(ctx, &job{path: arg, name: baseName(arg)}, err)
	}
}
