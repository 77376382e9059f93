package builtin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"sync"

	"mts/core"
	"mts/core/exports"
)

// maxHashes bounds the hashes that are kept.
const maxHashes = 10000

// hash returns the verb HASH, which keeps the hashes it has computed. The key is
// the ETag, which stands for the identity, size and time of a file.
func hash() core.Command {
	known := &hashes{sums: make(map[string]string)}
	return core.Command{
		Verb: "HASH", Args: "PATH", Help: "computes a file's SHA-256, as sha256sum prints it",
		Run: func(c *core.Call) error {
			f, err := open(c, c.Arg())
			if err != nil {
				return err
			}
			defer f.Close()
			sum, err := known.sum(c.Context(), f)
			if err != nil {
				return err
			}
			c.Printf("%s  %s\n", sum, c.Arg())
			return nil
		},
	}
}

type hashes struct {
	mu   sync.Mutex
	sums map[string]string // by ETag
}

// sum returns the hash of a file in hexadecimal.
func (h *hashes) sum(ctx context.Context, f fs.File) (string, error) {
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	etag := exports.ETag(info)
	h.mu.Lock()
	sum, ok := h.sums[etag]
	h.mu.Unlock()
	if ok {
		return sum, nil
	}
	digest := sha256.New()
	if _, err := io.Copy(digest, contextReader{ctx, f}); err != nil {
		return "", err
	}
	sum = hex.EncodeToString(digest.Sum(nil))
	if after, err := f.Stat(); err == nil && exports.ETag(after) == etag {
		h.remember(etag, sum)
	}
	return sum, nil
}

// remember keeps a hash. If there are too many, it drops an arbitrary one.
func (h *hashes) remember(etag, sum string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for old := range h.sums {
		if len(h.sums) < maxHashes {
			break
		}
		delete(h.sums, old)
	}
	h.sums[etag] = sum
}

// A contextReader reads until its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.r.Read(p)
}
