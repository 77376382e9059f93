package admin

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"mts/core"
	"mts/core/server"
)

func sessions(c *call) error {
	f, err := filter(c.words)
	if err != nil {
		return err
	}
	return rows(c, c.plane.cfg.Server.Rows(f))
}

func show(c *call) error {
	if _, err := c.id(); err != nil {
		return err
	}
	f, err := filter(c.words)
	if err != nil {
		return err
	}
	found := c.plane.cfg.Server.Rows(f)
	if len(found) == 0 {
		return noSession(c.words[0])
	}
	s := found[0]
	return c.row(Detail{s, s.Plugin, time.Since(s.Since).Milliseconds(), s.Limit})
}

// defaultReason is what clients are told without another reason.
const defaultReason = "by an operator"

func kick(c *call) error {
	reason, _ := c.take("reason")
	if reason == "" {
		reason = defaultReason
	}
	f, err := c.target(c.words)
	if err != nil {
		return err
	}
	return c.change(0, c.plane.cfg.Server.KickAll(f, reason)...)
}

func abort(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	switch err := c.plane.cfg.Server.Abort(id); {
	case errors.Is(err, server.ErrNoSession):
		return noSession(c.words[0])
	case errors.Is(err, server.ErrIdle):
		return core.Errorf(CodeNoMatch, "Session %d runs no command.", id)
	case err != nil:
		return err
	}
	return c.change(0, id)
}

func message(c *call) error {
	target, text := splitTarget(c.words)
	if len(text) == 0 {
		return errUsage
	}
	f, err := c.target(target)
	if err != nil {
		return err
	}
	ids := c.plane.cfg.Server.Notify(f, strings.Join(text, " "))
	if len(ids) == 0 {
		return core.Errorf(CodeNoMatch, "No session matched that takes notices.")
	}
	return c.change(0, ids...)
}

const (
	waitTime = 30 * time.Second
	waitTick = 50 * time.Millisecond
)

func wait(c *call) error {
	limit := waitTime
	if text, ok := c.take("timeout"); ok {
		var err error
		if limit, err = duration(text); err != nil {
			return err
		}
	}
	if len(c.words) == 0 {
		return errUsage
	}
	var f server.Filter
	if c.words[0] != "all" || len(c.words) > 1 {
		var err error
		if f, err = filter(c.words); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(c.here, limit)
	defer cancel()
	return c.await(ctx, f)
}

// await returns when f matches nothing. It looks less often where looking takes
// long, so that it never takes more than a tenth of a processor.
func (c *call) await(ctx context.Context, f server.Filter) error {
	for {
		began := time.Now()
		left := len(c.plane.cfg.Server.Rows(f))
		if left == 0 {
			return nil
		}
		select {
		case <-time.After(max(waitTick, 9*time.Since(began))):
		case <-ctx.Done():
			if c.here.Err() != nil {
				return context.Cause(c.here)
			}
			return core.Errorf(core.CodeTimeout, "Still %s.", plural(left, "session"))
		}
	}
}

func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}

// duration reads a time such as 90s or 1h30m.
func duration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, core.Errorf(core.CodeUsage, "%q is no time such as 30s or 1h.", text)
	}
	return d, nil
}
