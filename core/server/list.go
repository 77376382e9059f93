package server

import (
	"errors"
	"io/fs"
	"iter"
	"sync"

	"mts/core"
	"mts/core/exports"
	"mts/core/wire"
)

// List describes the entries of a folder, but for those that are missing.
func (c *caller) List(path string) (iter.Seq2[core.Info, error], error) {
	all, err := c.entries(path)
	if err != nil {
		return nil, err
	}
	return func(yield func(core.Info, error) bool) {
		for info, err := range all {
			missing := err != nil && info.Name != ""
			if !missing && !yield(info, err) {
				return
			}
		}
	}, nil
}

// entries is exports.Tree's List. What is missing is said in the log too.
func (c *caller) entries(path string) (iter.Seq2[core.Info, error], error) {
	if c.tree == nil {
		return nil, fs.ErrNotExist
	}
	all, err := c.tree.List(c.ctx, path)
	if err != nil {
		return nil, err
	}
	return func(yield func(core.Info, error) bool) {
		withheld, first := 0, ""
		for info, err := range all {
			switch {
			case err == nil:
			case errors.Is(err, exports.ErrWithheld):
				if withheld++; withheld == 1 {
					first = info.Name
				}
			case info.Name != "":
				c.logUnreadable(path, info.Name, err)
			}
			if !yield(info, err) {
				return
			}
		}
		if folder, _ := exports.Clean(path); withheld > 0 && c.server.withheld.first(folder) {
			c.server.log(c.handle, "withheld", "path", wire.Printable(folder), "names", withheld, "name", wire.Printable(first))
		}
	}, nil
}

// logUnreadable logs an entry that can't be looked at.
func (c *caller) logUnreadable(path, name string, err error) {
	c.server.rarely.command.Do(func() {
		c.server.cfg.Log.Error("unreadable", "session", c.handle.id, "path", wire.Printable(path), "name", wire.Printable(name), "err", err)
	})
}

// Entries is List with the entries that are missing, for the built-in LIST.
func (c control) Entries(path string) (iter.Seq2[core.Info, error], error) { return c.entries(path) }

// A logOnce tells which keys have a line in the log. It is bounded: if there are
// too many, it begins anew.
type logOnce struct {
	mu   sync.Mutex
	seen map[string]bool
}

const maxLogOnce = 1000

// first reports whether the key is asked for the first time.
func (l *logOnce) first(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen[key] {
		return false
	}
	if len(l.seen) >= maxLogOnce || l.seen == nil {
		l.seen = make(map[string]bool)
	}
	l.seen[key] = true
	return true
}
