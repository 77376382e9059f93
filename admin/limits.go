package admin

import (
	"errors"
	"strconv"
	"time"

	"mts/core"
	"mts/core/limit"
	"mts/core/units"
)

func limits(c *call) error {
	if len(c.words) == 0 {
		return c.listRates()
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

// listRates lists the rates in force, and then the sessions that have one of
// their own.
func (c *call) listRates() error {
	if err := writeRows(c, c.plane.cfg.Limits.ByteRates()); err != nil {
		return err
	}
	for _, s := range c.plane.cfg.Server.Rows(nil) {
		if s.Limit == 0 {
			continue
		}
		if err := c.writeRow(Rate{Target: strconv.FormatUint(s.ID, 10), Rate: s.Limit}); err != nil {
			return err
		}
	}
	return nil
}

// byteRate reads a rate in bytes a second. "none" is 0, and "default" the
// configured rate.
func byteRate(text string) (int64, error) {
	switch text {
	case "none":
		return 0, nil
	case "default":
		return limit.Configured, nil
	}
	n, err := units.ParseSize(text)
	if err != nil {
		return 0, core.Errorf(core.CodeUsage, "%s.", err)
	}
	return int64(n), nil
}

func ban(c *call) error {
	b := Ban{Target: c.words[0], Reason: c.options["reason"], By: c.operator.name}
	d, err := c.duration("for", 0)
	if err != nil {
		return err
	}
	if d > 0 {
		b.Until = time.Now().Add(d).UTC().Truncate(time.Second)
	}
	if err := c.plane.cfg.Limits.Ban(b); err != nil {
		return targetError(err)
	}
	return c.change(1)
}

// targetError returns err as a usage error if it is about the target of a ban.
func targetError(err error) error {
	if errors.Is(err, limit.ErrTarget) {
		return core.Errorf(core.CodeUsage, "%s.", err)
	}
	return err
}

func unban(c *call) error {
	found, err := c.plane.cfg.Limits.Unban(c.words[0])
	switch {
	case err != nil:
		return targetError(err)
	case !found:
		return core.Errorf(CodeNoMatch, "There is no ban of %s.", c.words[0])
	}
	return c.change(1)
}

func bans(c *call) error {
	for _, b := range c.plane.cfg.Limits.Bans() {
		if err := c.writeRow(banRow{b.Target, b.Kind, orNull(b.Until), b.Reason, b.By}); err != nil {
			return err
		}
	}
	return nil
}

// A banRow is the JSON of a Ban. A ban without an end has null.
type banRow struct {
	Target string     `json:"target"`
	Kind   string     `json:"kind"`
	Until  *time.Time `json:"until"`
	Reason string     `json:"reason"`
	By     string     `json:"by"`
}
