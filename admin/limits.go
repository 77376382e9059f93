package admin

import (
	"errors"
	"strconv"
	"time"

	"mts/core"
	"mts/core/config"
	"mts/core/limit"
)

func limits(c *call) error {
	switch len(c.words) {
	case 0:
		return c.listRates()
	case 2:
	default:
		return errUsage
	}
	target := c.words[0]
	bytesPerSecond, err := byteRate(c.words[1])
	if err != nil {
		return err
	}
	if !isID(target) {
		if err := c.plane.cfg.Limits.SetRate(target, bytesPerSecond); err != nil {
			return core.Errorf(core.CodeUsage, "%s.", err)
		}
		return c.change(1)
	}
	id, err := strconv.ParseUint(target, 10, 64)
	if err != nil || c.plane.cfg.Server.SetRate(id, max(0, bytesPerSecond)) != nil {
		return noSession(target)
	}
	return c.change(0, id)
}

// listRates lists what Limits holds, and then the sessions that are held.
func (c *call) listRates() error {
	if err := rows(c, c.plane.cfg.Limits.Rates()); err != nil {
		return err
	}
	for _, s := range c.plane.cfg.Server.Rows(nil) {
		if s.Limit == 0 {
			continue
		}
		if err := c.row(Rate{Target: strconv.FormatUint(s.ID, 10), Rate: s.Limit}); err != nil {
			return err
		}
	}
	return nil
}

// byteRate reads a number of bytes a second; none is 0, and default is what the
// configuration says.
func byteRate(text string) (int64, error) {
	switch text {
	case "none":
		return 0, nil
	case "default":
		return limit.Configured, nil
	}
	var n config.Size
	if err := n.UnmarshalText([]byte(text)); err != nil {
		return 0, core.Errorf(core.CodeUsage, "%s.", err)
	}
	return int64(n), nil
}

func ban(c *call) error {
	b := Ban{By: c.who.name}
	b.Reason, _ = c.take("reason")
	if text, ok := c.take("for"); ok {
		d, err := duration(text)
		if err != nil {
			return err
		}
		b.Until = time.Now().Add(d).UTC().Truncate(time.Second)
	}
	var err error
	if b.Target, err = c.only(); err != nil {
		return err
	}
	if err := c.plane.cfg.Limits.Ban(b); err != nil {
		return badTarget(err)
	}
	return c.change(1)
}

// badTarget tells a target that is none from a ban that couldn't be kept.
func badTarget(err error) error {
	if errors.Is(err, limit.ErrTarget) {
		return core.Errorf(core.CodeUsage, "%s.", err)
	}
	return err
}

func unban(c *call) error {
	target, err := c.only()
	if err != nil {
		return err
	}
	found, err := c.plane.cfg.Limits.Unban(target)
	switch {
	case err != nil:
		return badTarget(err)
	case !found:
		return core.Errorf(CodeNoMatch, "There is no ban of %s.", target)
	}
	return c.change(1)
}

func bans(c *call) error {
	if len(c.words) > 0 {
		return errUsage
	}
	for _, b := range c.plane.cfg.Limits.Bans() {
		row := banRow{Target: b.Target, Kind: b.Kind, Reason: b.Reason, By: b.By}
		if !b.Until.IsZero() {
			row.Until = &b.Until
		}
		if err := c.row(row); err != nil {
			return err
		}
	}
	return nil
}

// A banRow is a Ban as JSON, in which a time that doesn't come is null.
type banRow struct {
	Target string     `json:"target"`
	Kind   string     `json:"kind"`
	Until  *time.Time `json:"until"`
	Reason string     `json:"reason"`
	By     string     `json:"by"`
}
