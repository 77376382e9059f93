package admin

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"mts/core"
	"mts/core/server"
	"mts/core/units"
)

func sessions(c *call) error {
	f, err := filter(c.words)
	if err != nil {
		return err
	}
	return writeRows(c, c.plane.cfg.Server.Rows(f))
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
	return c.writeRow(Detail{s, s.Plugin, time.Since(s.Since).Milliseconds(), s.Limit})
}

// defaultReason is what clients are told if the operator gives no reason.
const defaultReason = "by an operator"

func kick(c *call) error {
	f, err := c.target(c.words)
	if err != nil {
		return err
	}
	reason := cmp.Or(c.options["reason"], defaultReason)
	return c.change(0, c.plane.cfg.Server.KickAll(f, reason)...)
}

func confirmKick(words []string) string {
	if slices.Contains(words, "all") {
		return "Kick all sessions?"
	}
	return ""
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
	waitTimeout  = 30 * time.Second
	waitInterval = 50 * time.Millisecond
)

func wait(c *call) error {
	limit, err := c.duration("timeout", waitTimeout)
	if err != nil {
		return err
	}
	f, err := selection(c.words)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.connected, limit)
	defer cancel()
	return c.await(ctx, f)
}

// await returns when f matches no session. Its pauses are nine times as long as
// listing the sessions takes, so that it uses at most a tenth of a processor.
func (c *call) await(ctx context.Context, f server.Filter) error {
	for {
		began := time.Now()
		left := len(c.plane.cfg.Server.Rows(f))
		if left == 0 {
			return nil
		}
		select {
		case <-time.After(max(waitInterval, 9*time.Since(began))):
		case <-ctx.Done():
			if c.connected.Err() != nil {
				return context.Cause(c.connected)
			}
			return core.Errorf(core.CodeTimeout, "Still %s.", units.Count(int64(left), "session"))
		}
	}
}

// duration reads an option that is a time such as 90s or 1h30m. If the option
// isn't given, it returns missing.
func (c *call) duration(option string, missing time.Duration) (time.Duration, error) {
	text, given := c.options[option]
	if !given {
		return missing, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, core.Errorf(core.CodeUsage, "%q is not a time such as 30s or 1h.", text)
	}
	return d, nil
}
