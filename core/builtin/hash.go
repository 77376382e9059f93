package builtin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"sync"
	"time"

	"mts/core"
	"mts/core/exports"
)

const (
	// maxHashes bounds the hashes that are kept.
	maxHashes = 10000

	// maxHashing is how many files are hashed at a time for one account.
	maxHashing = 2

	// settled is the age of a file's last change from which on its version can be
	// trusted: within the resolution of a file system's clock, a second change
	// may not show.
	settled = 3 * time.Second
)

// hash returns the verb HASH.
func hash() core.Command {
	hashes := newHashes()
	return core.Command{
		Verb: "HASH", Args: "PATH", Help: "computes a file's SHA-256, as sha256sum prints it",
		Run: func(c *core.Call) error {
			f, err := open(c, c.Arg())
			if err != nil {
				return err
			}
			sum, err := hashes.sum(c.Context(), c.Session().User, f)
			if err != nil {
				return err
			}
			c.Printf("%s  %s\n", sum, c.Arg())
			return nil
		},
	}
}

// hashes computes hashes of files. Those who want the hash of the same version of
// a file share one computation, which ends with the last of them. What was
// computed is kept for a version that has settled.
type hashes struct {
	now   func() time.Time
	turns chan struct{} // to hash a piece: for half of the processors

	mu      sync.Mutex
	sums    map[exports.Version]string
	running map[exports.Version]*hashing // that can be shared
	users   map[string]int               // how many files are hashed for an account
	ended   chan struct{}                // closed when one of them has ended
}

// A hashing is the computation of one hash.
type hashing struct {
	user    string
	version exports.Version
	shared  bool            // the version has settled
	wanted  int             // by how many; guarded by hashes.mu
	ctx     context.Context // ends with the last of them
	cancel  context.CancelFunc
	done    chan struct{} // closed when sum and err are set
	sum     string
	err     error
}

func newHashes() *hashes {
	return &hashes{
		now:     time.Now,
		turns:   make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
		sums:    make(map[exports.Version]string),
		running: make(map[exports.Version]*hashing),
		users:   make(map[string]int),
		ended:   make(chan struct{}),
	}
}

// sum returns the hash of a file in hexadecimal, for the account user. It closes
// the file.
func (h *hashes) sum(ctx context.Context, user string, f fs.File) (string, error) {
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return "", err
	}
	for {
		work, isNew, ended := h.begin(user, info)
		switch {
		case isNew:
			go h.run(work, f)
			return h.wait(ctx, work)
		case work != nil:
			f.Close()
			return h.wait(ctx, work)
		}
		select {
		case <-ended:
		case <-ctx.Done():
			f.Close()
			return "", context.Cause(ctx)
		}
	}
}

// begin returns the computation of a hash: one that others want too or have
// wanted, or a new one, which the caller runs. If the account has too many, there
// is none, and ended is closed when that may have changed.
func (h *hashes) begin(user string, info fs.FileInfo) (work *hashing, isNew bool, ended <-chan struct{}) {
	version, ok := exports.VersionOf(info)
	age := h.now().Sub(time.Unix(0, max(version.Changed, version.Modified)))
	shared := ok && age > settled && version.Size > 0 // a file that says 0 may have content
	h.mu.Lock()
	defer h.mu.Unlock()
	if shared {
		if work = h.find(version); work != nil {
			work.wanted++
			return work, false, nil
		}
	}
	if h.users[user] >= maxHashing {
		return nil, false, h.ended
	}
	h.users[user]++
	work = &hashing{user: user, version: version, shared: shared, wanted: 1, done: make(chan struct{})}
	work.ctx, work.cancel = context.WithCancel(context.Background())
	if shared {
		h.running[version] = work
	}
	return work, true, nil
}

// find returns the computation of a version that is known or under way. The
// caller holds h.mu.
func (h *hashes) find(version exports.Version) *hashing {
	if sum, ok := h.sums[version]; ok {
		done := make(chan struct{})
		close(done)
		return &hashing{cancel: func() {}, done: done, sum: sum}
	}
	return h.running[version]
}

// wait waits for a computation. Without anybody who wants it, it ends.
func (h *hashes) wait(ctx context.Context, work *hashing) (string, error) {
	select {
	case <-work.done:
		return work.sum, work.err
	case <-ctx.Done():
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if work.wanted--; work.wanted == 0 {
		work.cancel()
		h.forget(work)
	}
	return "", context.Cause(ctx)
}

// forget makes a computation one that nobody can join. The caller holds h.mu.
func (h *hashes) forget(work *hashing) {
	if h.running[work.version] == work {
		delete(h.running, work.version)
	}
}

// run computes a hash. If the file changes meanwhile, the hash isn't kept.
func (h *hashes) run(work *hashing, f fs.File) {
	defer work.cancel()
	work.sum, work.err = h.read(work.ctx, f)
	info, err := f.Stat()
	f.Close()
	h.mu.Lock()
	defer h.mu.Unlock()
	if work.shared && work.err == nil && err == nil {
		if after, _ := exports.VersionOf(info); after == work.version {
			h.remember(after, work.sum)
		}
	}
	h.forget(work)
	if h.users[work.user]--; h.users[work.user] == 0 {
		delete(h.users, work.user)
	}
	close(work.done)
	close(h.ended)
	h.ended = make(chan struct{})
}

// read hashes a file piece by piece. To hash a piece it waits for its turn, so
// that many large files leave time for everything else. It reads without one:
// a file system that hangs stops nobody else.
func (h *hashes) read(ctx context.Context, f fs.File) (sum string, err error) {
	defer func() {
		if p := recover(); p != nil { // in a file that isn't a local one
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	b := pieces.Get().(*[]byte)
	defer pieces.Put(b)
	for digest := sha256.New(); ; {
		n, err := f.Read(*b)
		select {
		case h.turns <- struct{}{}:
			digest.Write((*b)[:n])
			<-h.turns
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
		if errors.Is(err, io.EOF) {
			return hex.EncodeToString(digest.Sum(nil)), nil
		}
		if err != nil {
			return "", err
		}
	}
}

var pieces = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// remember keeps a hash. If there are too many, it drops an arbitrary one. The
// caller holds h.mu.
func (h *hashes) remember(version exports.Version, sum string) {
	for old := range h.sums {
		if len(h.sums) < maxHashes {
			break
		}
		delete(h.sums, old)
	}
	h.sums[version] = sum
}
