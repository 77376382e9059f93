package clientcmd

import (
	"context"
	"errors"
	"fmt"
	"hash"

	"mts/core"
	"mts/core/client"
)

// firstPiece is how much of a file is asked for before anything is known of
// it. What is larger comes in two pieces, and can be gone on with.
const firstPiece = 1 << 20

// A target is where a transfer writes to.
type target interface {
	Write(p []byte) (int, error)
	// restart forgets what was written.
	restart() error
	// learn tells which version of the file is coming, when more than one
	// piece of it is.
	learn(core.Info) error
}

// A transfer is one file on its way, for as many tries as it takes.
type transfer struct {
	path     string
	to       target
	info     core.Info // the version of the file; without an ETag: not known
	size     int64     // bytes in the target
	received int64
	said     int64     // the size of the file, as the server announced it
	sum      hash.Hash // of what is in the target; nil if nobody wants it
	pace     func(bytes int) error
	moved    func(bytes int) // told of each piece
	atOnce   bool            // it changes too often to come in pieces
	err      error           // of the target
}

// Write passes on what has come.
func (t *transfer) Write(b []byte) (int, error) {
	if err := t.pace(len(b)); err != nil {
		return 0, err
	}
	n, err := t.to.Write(b)
	t.size += int64(n)
	t.received += int64(n)
	t.moved(n)
	if t.sum != nil {
		t.sum.Write(b[:n])
	}
	if err != nil {
		t.err = err
	}
	return n, err
}

// known reports whether it is known which version of the file is coming.
func (t *transfer) known() bool { return t.info.ETag != "" }

// restart begins the file anew, for the reason why.
func (t *transfer) restart(why error) error {
	if t.sum != nil {
		t.sum.Reset()
	}
	t.size, t.info = 0, core.Info{}
	if err := t.to.restart(); err != nil {
		t.err = fmt.Errorf("%w; %w", why, err)
	}
	return t.err
}

// run goes on with the file until it is whole, or something breaks.
func (t *transfer) run(ctx context.Context, conn *client.Conn) error {
	if t.known() && t.size > 0 {
		if err := t.compare(ctx, conn); err != nil {
			return err
		}
	}
	if !t.known() {
		if err := t.begin(ctx, conn); err != nil || t.size == t.info.Size {
			return err
		}
	}
	return t.finish(ctx, conn)
}

// compare looks whether the server still has the version of which a part is
// here, and else begins anew.
func (t *transfer) compare(ctx context.Context, conn *client.Conn) error {
	info, err := conn.Stat(ctx, t.path)
	switch {
	case isCode(err, core.CodeUnknownCommand):
		return nil // finish sees it
	case err == nil && (info.ETag != t.info.ETag || info.Size != t.info.Size):
		return t.restart(errChanged)
	}
	return err
}

// begin fetches the first piece of a file: all of it, if it is small, or is
// changing, or the server doesn't know parts or versions.
func (t *transfer) begin(ctx context.Context, conn *client.Conn) (err error) {
	var info core.Info
	defer func() { t.said = max(t.said, info.Size) }()
	if t.atOnce {
		info, err = conn.Fetch(ctx, t.path, t)
		t.info = info
		return err
	}
	info, err = conn.FetchPart(ctx, t.path, 0, firstPiece, t)
	nothing := t.size == 0 && errors.Is(err, client.ErrIntegrity)
	switch {
	case isCode(err, core.CodeUnknownCommand), isCode(err, core.CodeRange), nothing:
		info, err = conn.Fetch(ctx, t.path, t)
	case err == nil && info.ETag == "" && t.size < info.Size:
		if err := t.restart(errNoVersion); err != nil {
			return err
		}
		info, err = conn.Fetch(ctx, t.path, t)
	}
	if err != nil {
		return err
	}
	t.info = info
	if t.size < info.Size {
		t.err = t.to.learn(info)
	}
	return t.err
}

var (
	errChanged   = core.Errorf(core.CodeChanged, "The file changed while it was sent.")
	errNoVersion = errors.New("the server doesn't say which version of the file it sends")
)

// finish fetches what is missing. Only its reply tells whether that is of the
// same version. If not, the file is fetched in one piece from then on: a log
// that grows can be had that way.
func (t *transfer) finish(ctx context.Context, conn *client.Conn) error {
	info, err := conn.FetchPart(ctx, t.path, t.size, t.info.Size-t.size, t)
	whole := err == nil || errors.Is(err, client.ErrIntegrity)
	if isCode(err, core.CodeRange) || whole && info.ETag != t.info.ETag {
		t.atOnce = true
		return errChanged
	}
	return err
}

func isCode(err error, code core.Code) bool {
	var told *core.Error
	return errors.As(err, &told) && told.Code == code
}
