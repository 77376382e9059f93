package clientcmd

import (
	"context"
	"errors"
	"fmt"
	"hash"

	"mts/core"
	"mts/core/client"
)

// firstPiece is the size of the first request, when nothing is known about the
// file. A larger file is fetched in two pieces, and can be resumed.
const firstPiece = 1 << 20

// A target takes the content of a file.
type target interface {
	Write(p []byte) (int, error)
	// restart discards what was written.
	restart() error
	// hash returns the SHA-256 of what was written, in hexadecimal.
	hash() (string, error)
	// setVersion tells the target which version of the file it gets, if the file
	// has more than one piece.
	setVersion(core.Info) error
}

// A transfer fetches one file, in one or more attempts.
type transfer struct {
	path      string
	to        target
	info      core.Info // the version of the file; unknown without an ETag
	size      int64     // bytes in the target
	furthest  int64     // the largest size so far
	received  int64
	announced int64     // the size of the file that the server has announced
	sum       hash.Hash // of the content of the target; nil if it isn't needed
	pace      func(bytes int) error
	moved     func(bytes int) // called with the size of each block
	atOnce    bool            // fetch it in one piece, because it changes too often
	doubtful  bool            // the parts may be of two versions: the etag has changed, size and time haven't
	err       error           // of the target
}

// Write writes received data to the target.
func (t *transfer) Write(b []byte) (int, error) {
	if err := t.pace(len(b)); err != nil {
		return 0, err
	}
	n, err := t.to.Write(b)
	t.size += int64(n)
	t.furthest = max(t.furthest, t.size)
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

// known reports whether the version of the file is known.
func (t *transfer) known() bool { return t.info.ETag != "" }

// restart discards what has been received. why is the reason, for errors.
func (t *transfer) restart(why error) error {
	if t.sum != nil {
		t.sum.Reset()
	}
	t.size, t.info, t.doubtful = 0, core.Info{}, false
	if err := t.to.restart(); err != nil {
		t.err = fmt.Errorf("%w; %w", why, err)
	}
	return t.err
}

// run continues the file until it is complete or an error occurs.
func (t *transfer) run(ctx context.Context, conn *client.Conn) error {
	if t.known() && t.size > 0 {
		if err := t.compare(ctx, conn); err != nil {
			return err
		}
	}
	if !t.known() {
		if err := t.fetchFirst(ctx, conn); err != nil || t.size == t.info.Size {
			return err
		}
	}
	return t.fetchRest(ctx, conn)
}

// compare checks that the server still has the version of the received part. It
// restarts if that is certainly another one. If only the etag differs, which can
// be another server's, the hash of the whole decides in the end.
func (t *transfer) compare(ctx context.Context, conn *client.Conn) error {
	info, err := conn.Stat(ctx, t.path)
	same := info.Size == t.info.Size && info.Modified.Equal(t.info.Modified) && !info.Modified.IsZero()
	switch {
	case isCode(err, core.CodeUnknownCommand), errors.Is(err, client.ErrLine):
		return nil // fetchRest notices a change
	case err != nil:
		return err
	case info.ETag == t.info.ETag && info.Size == t.info.Size:
		t.info.Modified = info.Modified
		return nil
	case !same || info.ETag == "":
		return t.restart(errChanged)
	}
	t.doubtful = true
	return t.setVersion(info)
}

// setVersion sets the version that is being fetched.
func (t *transfer) setVersion(info core.Info) error {
	t.info = info
	t.err = t.to.setVersion(info)
	return t.err
}

// fetchFirst fetches the first piece of a file. It fetches the whole file if that
// is small or changing, or if the server doesn't know parts or versions.
func (t *transfer) fetchFirst(ctx context.Context, conn *client.Conn) (err error) {
	var info core.Info
	defer func() { t.announced = max(t.announced, info.Size) }()
	if t.atOnce {
		info, err = conn.Fetch(ctx, t.path, t)
		t.info = info
		return err
	}
	info, err = conn.FetchPart(ctx, t.path, 0, firstPiece, t)
	nothing := t.size == 0 && errors.Is(err, client.ErrIntegrity)
	switch {
	case errors.Is(err, client.ErrLine), isCode(err, core.CodeUnknownCommand), isCode(err, core.CodeRange), nothing:
		info, err = conn.Fetch(ctx, t.path, t)
	case errors.Is(err, client.ErrSize):
		if err := t.restart(err); err != nil {
			return err
		}
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
	if t.size < info.Size {
		return t.setVersion(info)
	}
	t.info = info
	return nil
}

var (
	errChanged   = core.Errorf(core.CodeChanged, "The file changed while it was sent.")
	errNoVersion = errors.New("the server doesn't say which version of the file it sends")
)

// fetchRest fetches the rest of the file. If its reply shows that the version has
// changed, the file is fetched in one piece from then on, which works for a
// growing log.
func (t *transfer) fetchRest(ctx context.Context, conn *client.Conn) error {
	info, err := conn.FetchPart(ctx, t.path, t.size, t.info.Size-t.size, t)
	whole := err == nil || errors.Is(err, client.ErrIntegrity)
	if isCode(err, core.CodeRange) || whole && info.ETag != t.info.ETag {
		t.atOnce = true
		return errChanged
	}
	if err == nil {
		t.info.Modified = info.Modified
	}
	return err
}

func isCode(err error, code core.Code) bool {
	var refusal *core.Error
	return errors.As(err, &refusal) && refusal.Code == code
}
