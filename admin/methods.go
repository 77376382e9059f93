package admin

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Each method here is Do with the words and rows of one command, and fails as Do
// does. A filter is tokens such as "user=ann" and "idle>5m"; a session has to meet
// all of them.

// Sessions returns the sessions that filter selects, sorted by id.
func (c *Client) Sessions(ctx context.Context, filter ...string) ([]Session, error) {
	return list[Session](ctx, c, "sessions", filter...)
}

// Show returns everything about one session.
func (c *Client) Show(ctx context.Context, id uint64) (Detail, error) {
	return one[Detail](ctx, c, "show", number(id))
}

// Kick ends the session with that id, telling its client why.
func (c *Client) Kick(ctx context.Context, id uint64, reason string) error {
	return c.run(ctx, "kick", number(id), "reason="+reason)
}

// KickAll ends the sessions that filter selects; "all" selects all.
func (c *Client) KickAll(ctx context.Context, reason string, filter ...string) (Affected, error) {
	return one[Affected](ctx, c, "kick", append(slices.Clip(filter), "reason="+reason)...)
}

// Abort ends the transfer or command that a session runs. The session goes on.
func (c *Client) Abort(ctx context.Context, id uint64) error {
	return c.run(ctx, "abort", number(id))
}

// Limit sets the rate, in bytes a second, of a target: "12" is a session,
// others are "user=NAME", "client=ADDR" and "total". 0 is no limit.
func (c *Client) Limit(ctx context.Context, target string, bytesPerSecond int64) (Affected, error) {
	return one[Affected](ctx, c, "limit", target, strconv.FormatInt(bytesPerSecond, 10))
}

// Limits returns the rates that are in force.
func (c *Client) Limits(ctx context.Context) ([]Rate, error) { return list[Rate](ctx, c, "limit") }

// Ban keeps an address, a prefix or "user=NAME" out for d; 0 is for ever.
func (c *Client) Ban(ctx context.Context, target string, d time.Duration, reason string) error {
	words := []string{target, "reason=" + reason}
	if d > 0 {
		words = append(words, "for="+d.String())
	}
	return c.run(ctx, "ban", words...)
}

// Unban lets a target in again.
func (c *Client) Unban(ctx context.Context, target string) error {
	return c.run(ctx, "unban", target)
}

// Bans returns the bans in force.
func (c *Client) Bans(ctx context.Context) ([]Ban, error) { return list[Ban](ctx, c, "bans") }

// Message sends a notice to the sessions that filter selects; "all" selects all.
func (c *Client) Message(ctx context.Context, text string, filter ...string) (Affected, error) {
	return one[Affected](ctx, c, "message", append(slices.Clip(filter), text)...)
}

// Users returns the accounts, sorted by name.
func (c *Client) Users(ctx context.Context) ([]User, error) { return list[User](ctx, c, "users") }

// Plugins returns the plugins, sorted by name.
func (c *Client) Plugins(ctx context.Context) ([]Plugin, error) {
	return list[Plugin](ctx, c, "plugins")
}

// LoadPlugin loads a plugin.
func (c *Client) LoadPlugin(ctx context.Context, name string) error {
	return c.run(ctx, "plugins", "load", name)
}

// UnloadPlugin ends a plugin until it is loaded again.
func (c *Client) UnloadPlugin(ctx context.Context, name string) error {
	return c.run(ctx, "plugins", "unload", name)
}

// ReloadPlugin loads a plugin anew.
func (c *Client) ReloadPlugin(ctx context.Context, name string) error {
	return c.run(ctx, "plugins", "reload", name)
}

// Stats returns the server's counters.
func (c *Client) Stats(ctx context.Context) (Stats, error) { return one[Stats](ctx, c, "stats") }

// Events calls each with what happens from now on, until that returns an error
// or ctx ends, and returns why it ended.
func (c *Client) Events(ctx context.Context, each func(Event) error, filter ...string) error {
	_, err := c.Do(ctx, append([]string{"events"}, filter...), decode(each))
	return err
}

// Reload makes the server read a part again: "config", "tls", "users" or
// "plugins", or all for "".
func (c *Client) Reload(ctx context.Context, part string) error {
	return c.run(ctx, "reload", strings.Fields(part)...)
}

// LogLevel changes what the server logs: "debug", "info", "warn" or "error".
func (c *Client) LogLevel(ctx context.Context, level string) error {
	return c.run(ctx, "log", "level", level)
}

// Wait returns nil when no session matches the filter. After the timeout it
// returns an error with core.CodeTimeout.
func (c *Client) Wait(ctx context.Context, timeout time.Duration, filter ...string) error {
	return c.run(ctx, "wait", append(slices.Clip(filter), "timeout="+timeout.String())...)
}

// Drain makes the server accept no more sessions, and end when the running
// transfers have ended.
func (c *Client) Drain(ctx context.Context) error { return c.run(ctx, "drain") }

// Shutdown ends the server: now, or after its drain time at the latest.
func (c *Client) Shutdown(ctx context.Context, now bool) error {
	if now {
		return c.run(ctx, "shutdown", "now")
	}
	return c.run(ctx, "shutdown")
}

func number(id uint64) string { return strconv.FormatUint(id, 10) }

func (c *Client) run(ctx context.Context, name string, words ...string) error {
	_, err := c.Do(ctx, append([]string{name}, words...), nil)
	return err
}

func list[Row any](ctx context.Context, c *Client, name string, words ...string) ([]Row, error) {
	rows := []Row{}
	_, err := c.Do(ctx, append([]string{name}, words...), decode(func(r Row) error {
		rows = append(rows, r)
		return nil
	}))
	return rows, err
}

// one returns the only row of an answer.
func one[Row any](ctx context.Context, c *Client, name string, words ...string) (row Row, err error) {
	rows, err := list[Row](ctx, c, name, words...)
	if err == nil && len(rows) > 0 {
		row = rows[0]
	}
	return row, err
}

func decode[Row any](each func(Row) error) func(json.RawMessage) error {
	return func(raw json.RawMessage) error {
		var row Row
		if err := json.Unmarshal(raw, &row); err != nil {
			return err
		}
		return each(row)
	}
}
