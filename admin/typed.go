package admin

import (
	"context"
	"encoding/json"
	"strconv"
	"time"
)

// The methods here are Do with the words and the rows of one command each. A
// filter is tokens such as "user=ann" and "idle>5m", all of which have to hold.

// Sessions returns the sessions that filter selects, sorted by id.
func (c *Client) Sessions(filter ...string) ([]Session, error) {
	return list[Session](c, append([]string{"sessions"}, filter...))
}

// Show tells all about one session.
func (c *Client) Show(id uint64) (Detail, error) { return one[Detail](c, "show", number(id)) }

// Kick ends the session with that id, telling its client why.
func (c *Client) Kick(id uint64, reason string) error {
	_, err := one[Affected](c, "kick", number(id), "reason="+reason)
	return err
}

// KickAll ends the sessions that filter selects; "all" selects all.
func (c *Client) KickAll(reason string, filter ...string) (Affected, error) {
	return one[Affected](c, append(append([]string{"kick"}, filter...), "reason="+reason)...)
}

// Abort ends the transfer or command of a session, and keeps the session.
func (c *Client) Abort(id uint64) error {
	_, err := one[Affected](c, "abort", number(id))
	return err
}

// Limit sets the rate, in bytes a second, of a target: "12" is a session,
// others are "user=NAME", "client=ADDR" and "total". 0 is no limit.
func (c *Client) Limit(target string, bytesPerSecond int64) (Affected, error) {
	return one[Affected](c, "limit", target, strconv.FormatInt(bytesPerSecond, 10))
}

// Limits returns the rates that are in force.
func (c *Client) Limits() ([]Rate, error) { return list[Rate](c, []string{"limit"}) }

// Ban keeps an address, a prefix or "user=NAME" out for some time, 0: for ever.
func (c *Client) Ban(target string, d time.Duration, reason string) error {
	words := []string{"ban", target, "reason=" + reason}
	if d > 0 {
		words = append(words, "for="+d.String())
	}
	_, err := one[Affected](c, words...)
	return err
}

// Unban lets a target in again.
func (c *Client) Unban(target string) error {
	_, err := one[Affected](c, "unban", target)
	return err
}

// Bans returns the bans in force.
func (c *Client) Bans() ([]Ban, error) { return list[Ban](c, []string{"bans"}) }

// Message sends a notice to the sessions that filter selects; "all" selects all.
func (c *Client) Message(text string, filter ...string) (Affected, error) {
	return one[Affected](c, append(append([]string{"message"}, filter...), text)...)
}

// Users returns the accounts, sorted by name.
func (c *Client) Users() ([]User, error) { return list[User](c, []string{"users"}) }

// Plugins returns the plugins, sorted by name.
func (c *Client) Plugins() ([]Plugin, error) { return list[Plugin](c, []string{"plugins"}) }

// LoadPlugin loads a plugin, UnloadPlugin ends it until it is loaded again, and
// ReloadPlugin loads it anew.
func (c *Client) LoadPlugin(name string) error   { return c.run("plugins", "load", name) }
func (c *Client) UnloadPlugin(name string) error { return c.run("plugins", "unload", name) }
func (c *Client) ReloadPlugin(name string) error { return c.run("plugins", "reload", name) }

// Stats returns the server's counters.
func (c *Client) Stats() (Stats, error) { return one[Stats](c, "stats") }

// Events calls each with what happens from now on, until that returns an error
// or ctx ends, and returns why it ended.
func (c *Client) Events(ctx context.Context, each func(Event) error, filter ...string) error {
	_, err := c.Do(ctx, append([]string{"events"}, filter...), decode(each))
	return err
}

// Reload has the server read a part again: "config", "tls", "users" or
// "plugins", or "" for all.
func (c *Client) Reload(part string) error {
	if part == "" {
		return c.run("reload")
	}
	return c.run("reload", part)
}

// LogLevel changes what the server logs: "debug", "info", "warn" or "error".
func (c *Client) LogLevel(level string) error { return c.run("log", "level", level) }

// Wait returns when no session matches the filter. After the timeout, or if
// the server is gone, that is an error.
func (c *Client) Wait(timeout time.Duration, filter ...string) error {
	return c.run(append(append([]string{"wait"}, filter...), "timeout="+timeout.String())...)
}

// Drain has the server take no more sessions and end when the transfers have.
func (c *Client) Drain() error { return c.run("drain") }

// Shutdown ends the server: at once, or after its drain time at the latest.
func (c *Client) Shutdown(now bool) error {
	if now {
		return c.run("shutdown", "now")
	}
	return c.run("shutdown")
}

func number(id uint64) string { return strconv.FormatUint(id, 10) }

func (c *Client) run(words ...string) error {
	_, err := c.Do(context.Background(), words, nil)
	return err
}

func list[Row any](c *Client, words []string) ([]Row, error) {
	rows := []Row{}
	_, err := c.Do(context.Background(), words, decode(func(r Row) error {
		rows = append(rows, r)
		return nil
	}))
	return rows, err
}

func one[Row any](c *Client, words ...string) (row Row, err error) {
	_, err = c.Do(context.Background(), words, decode(func(r Row) error {
		row = r
		return nil
	}))
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
