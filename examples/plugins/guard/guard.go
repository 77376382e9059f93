// Package guard decides who may fetch what, and when.
//
// Each rule is a path, the accounts that may open it and what is below it, and,
// if it has more words, days and hours:
//
//	[plugins.guard]
//	required = true # the server doesn't start without this plugin
//	zone = "+02:00" # of the hours; without it they are UTC
//	rules = [
//	  "/payroll     ann,hr-*",
//	  "/backups     backup     mon-fri  22:00-06:00",
//	  "/pub/drafts  -",
//	  "/pub         *",
//	]
//
// The first rule whose path fits a file decides; a file that none fits may be
// opened by everybody. A path may begin with another root, as in c:/logs, and has
// %20 for a space. In the names of accounts * is any text and ? one character;
// - is nobody. Days are mon tue wed thu fri sat sun, and "*" is any day. Hours
// that end before they begin go on into the next day, which counts as the day
// before then.
//
// It has no verb. A refused file looks to the client as if it weren't there, and the
// log says which rule has refused it.
package guard

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"mts/core"
)

// A rule says who may open what, and when.
type rule struct {
	text     string
	path     string
	accounts []string // patterns
	days     span     // of the week, from monday
	hours    span     // minutes of the day
}

// A span is from the first up to the last; it may go round the end.
type span struct{ first, last int }

const day = 24 * 60

var (
	always = span{0, day}
	week   = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

	rules []rule
	zone  = time.UTC
	now   = time.Now
)

// Configure takes the settings.
func Configure(settings map[string]any) error {
	rules, zone = nil, time.UTC
	for name, value := range settings {
		switch name {
		case "rules":
			list, ok := value.([]any)
			if !ok {
				return errors.New("rules has to be a list")
			}
			for i, item := range list {
				r, err := parse(fmt.Sprint(item))
				if err != nil {
					return fmt.Errorf("rule %d: %w", i+1, err)
				}
				rules = append(rules, r)
			}
		case "zone":
			at, err := time.Parse("-07:00", fmt.Sprint(value))
			if err != nil {
				return fmt.Errorf("zone is %q, which is not like +02:00", value)
			}
			zone = at.Location()
		default:
			return fmt.Errorf("unknown setting %s; there are rules and zone", name)
		}
	}
	return nil
}

// Hooks returns the hook for files that are opened.
func Hooks() core.Hooks { return core.Hooks{Open: open} }

func open(c *core.Call) error {
	i := slices.IndexFunc(rules, func(r rule) bool { return r.covers(c.Arg()) })
	if i < 0 || rules[i].allows(c.Session().User, now().In(zone)) {
		return nil
	}
	c.Logf("refused %s by %q", c.Arg(), rules[i])
	return fs.ErrNotExist
}

// parse reads a rule.
func parse(text string) (r rule, err error) {
	words := strings.Fields(text)
	if len(words) < 2 || len(words) > 4 || !path.IsAbs(words[0]) && !strings.Contains(words[0], ":") {
		return r, fmt.Errorf("%q is not: /PATH ACCOUNTS [DAYS [HOURS]]", text)
	}
	r = rule{text: strings.Join(words, " "), path: path.Clean(strings.ReplaceAll(words[0], "%20", " ")), days: span{0, len(week) - 1}, hours: always}
	r.accounts = strings.Split(words[1], ",")
	for _, pattern := range r.accounts {
		if _, err := path.Match(pattern, ""); err != nil {
			return r, fmt.Errorf("accounts %q: %w", pattern, err)
		}
	}
	if len(words) > 2 && words[2] != "*" {
		if r.days, err = parseSpan(words[2], weekday); err != nil {
			return r, err
		}
	}
	if len(words) > 3 {
		r.hours, err = parseSpan(words[3], minute)
	}
	return r, err
}

// parseSpan reads FIRST-LAST, or one value, with read.
func parseSpan(text string, read func(string) (int, error)) (span, error) {
	first, last, _ := strings.Cut(text, "-")
	from, err1 := read(first)
	to, err2 := read(cmp.Or(last, first))
	return span{from, to}, errors.Join(err1, err2)
}

func weekday(text string) (int, error) {
	if i := slices.Index(week, strings.ToLower(text)); i >= 0 {
		return i, nil
	}
	return 0, fmt.Errorf("%q is none of %v", text, week)
}

func minute(text string) (int, error) {
	if text == "24:00" {
		return day, nil
	}
	at, err := time.Parse("15:04", text)
	if err != nil {
		return 0, fmt.Errorf("%q is no time of the day", text)
	}
	return at.Hour()*60 + at.Minute(), nil
}

func (r rule) String() string { return r.text }

// covers reports whether the rule is for the file of that name.
func (r rule) covers(name string) bool {
	return name == r.path || strings.HasPrefix(name, strings.TrimSuffix(r.path, "/")+"/")
}

// allows reports whether the account may open the rule's files at a time.
func (r rule) allows(account string, at time.Time) bool {
	if !slices.ContainsFunc(r.accounts, func(pattern string) bool {
		ok, _ := path.Match(pattern, account)
		return ok && pattern != "-"
	}) {
		return false
	}
	today, minutes := (int(at.Weekday())+6)%7, at.Hour()*60+at.Minute()
	if r.hours.first > r.hours.last && minutes < r.hours.last {
		today = (today + 6) % 7 // the hours began yesterday
	}
	return r.days.includes(today) && (r.hours.includes(minutes) && minutes != r.hours.last)
}

// includes reports whether x is in the span.
func (s span) includes(x int) bool {
	if s.first <= s.last {
		return s.first <= x && x <= s.last
	}
	return x >= s.first || x <= s.last
}
