// Package quota limits how many bytes an account may fetch in a day.
//
// Once an account has fetched that much, FILE, PART and HASH are refused with
// the code rate-limited until midnight UTC. Anybody can ask how much is left:
//
//	C: QUOTA
//	S: used=8000000 left=2000000 limit=10000000
//	S: #Left today: 2000000 bytes.
//
// The setting is a number of bytes, plain or with a unit (KB MB GB TB are
// powers of 1000, KiB MiB GiB TiB of 1024); 0 is no limit, no setting is 10 GB:
//
//	[plugins.quota]
//	bytes = "10GB"
//
// The limit is checked before a transfer, and its bytes are counted after it, also
// if it was interrupted. So the last file, and all files that are sent at the same
// time, may exceed the limit. If two transfers end at the same moment, one may not
// be counted. What other
// plugins write themselves, such as an archive of ZIP, isn't counted. Counts
// outlive restarts. Each account has one entry, which is overwritten on a new day.
package quota

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"mts/core"
)

const defaultLimit = 10 * 1000 * 1000 * 1000

var limit int64 = defaultLimit // bytes a day; 0: none

// Configure takes the setting.
func Configure(settings map[string]any) error {
	limit = defaultLimit
	for name, value := range settings {
		if name != "bytes" {
			return fmt.Errorf("unknown setting %s; there is bytes", name)
		}
		n, err := parse(fmt.Sprint(value))
		if err != nil {
			return err
		}
		limit = n
	}
	return nil
}

var units = map[string]int64{
	"": 1, "b": 1,
	"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
}

// parse reads a size such as 500, 10GB or 64MiB.
func parse(size string) (int64, error) {
	number := strings.TrimRightFunc(size, unicode.IsLetter)
	factor, ok := units[strings.ToLower(size[len(number):])]
	n, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || n < 0 || n > math.MaxInt64/factor {
		return 0, fmt.Errorf("bytes is %q, which is not a size such as \"10GB\" or 500000", size)
	}
	return n * factor, nil
}

// Commands returns QUOTA.
func Commands() []core.Command {
	return []core.Command{{Verb: "QUOTA", Help: "shows what may still be fetched today", Run: quota}}
}

// Hooks returns the hooks around transfers.
func Hooks() core.Hooks {
	return core.Hooks{Open: open, Done: done}
}

func quota(c *core.Call) error {
	n := used(c)
	if limit == 0 {
		c.Printf("used=%d\n", n)
		c.Reply("There is no limit.")
		return nil
	}
	left := max(limit-n, 0)
	c.Printf("used=%d left=%d limit=%d\n", n, left, limit)
	c.Reply("Left today: %d bytes.", left)
	return nil
}

func open(c *core.Call) error {
	if n := used(c); limit > 0 && n >= limit {
		return core.Errorf(core.CodeRateLimited, "The %d bytes of today are used up. Come back after midnight UTC.", limit)
	}
	return nil
}

func done(c *core.Call, bytes int64, _ error) {
	if bytes == 0 {
		return
	}
	value := fmt.Sprintf("%s %d", today(), used(c)+bytes)
	if err := c.Save(key(c), value); err != nil {
		c.Logf("count %d bytes: %v", bytes, err)
	}
}

// used returns what the account has fetched today. Its entry is the day, a
// space and the number of bytes.
func used(c *core.Call) int64 {
	value, _ := c.Load(key(c))
	day, number, _ := strings.Cut(value, " ")
	if day != today() {
		return 0
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		c.Logf("entry %q is damaged and counts as 0", value)
	}
	return n
}

func key(c *core.Call) string { return "day:" + c.Session().User }

func today() string { return time.Now().UTC().Format(time.DateOnly) }
