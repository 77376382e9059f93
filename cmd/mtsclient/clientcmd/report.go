package clientcmd

import (
	"context"
	"errors"
	"fmt"

	"mts/core"
	"mts/core/wire"
)

// A record is a file's line of --json.
type record struct {
	Path   string `json:"path"`   // as in the request
	File   string `json:"file"`   // in the output folder
	Status string `json:"status"` // saved, not-found, exists or failed
	Bytes  int64  `json:"bytes"`  // received
	Size   int64  `json:"size"`   // of the file, 0 if unknown
	SHA256 string `json:"sha256"` // of the saved file
	Code   string `json:"code"`   // the protocol's code of a refusal
	Error  string `json:"error"`
}

// report reports the result of a file. After an interrupt it does so only with
// --json.
func (a *app) report(ctx context.Context, j *job, err error) {
	if err != nil {
		a.worst = max(a.worst, exitCode(err), exitSome)
	}
	out := a.stdout
	if a.folder == nil { // the files themselves go to stdout
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
	var refusal *core.Error
	if errors.As(err, &refusal) {
		r.Code = string(refusal.Code)
		if refusal.Code == core.CodeNotFound {
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
