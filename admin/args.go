package admin

import (
	"regexp"
	"strconv"
	"strings"

	"mts/core"
	"mts/core/server"
)

// take removes the words of the form key=value from the call's and returns the
// last value.
func (c *call) take(key string) (value string, found bool) {
	var rest []string
	for _, word := range c.words {
		if v, ok := strings.CutPrefix(word, key+"="); ok {
			value, found = v, true
		} else {
			rest = append(rest, word)
		}
	}
	c.words = rest
	return value, found
}

// only returns the one word there has to be.
func (c *call) only() (string, error) {
	if len(c.words) != 1 {
		return "", errUsage
	}
	return c.words[0], nil
}

// id returns the one word as a session's id.
func (c *call) id() (uint64, error) {
	word, err := c.only()
	if err != nil {
		return 0, err
	}
	id, err := strconv.ParseUint(word, 10, 64)
	if err != nil {
		return 0, core.Errorf(core.CodeUsage, "%q is no session's id.", word)
	}
	return id, nil
}

// isID reports whether a word can be the id of a session; none has more digits.
func isID(word string) bool {
	return word != "" && len(word) < 19 && strings.Trim(word, "0123456789") == ""
}

func noSession(id string) error {
	return core.Errorf(core.CodeNotFound, "There is no session %s.", id)
}

// filter reads tokens; an id alone is one, too.
func filter(tokens []string) (server.Filter, error) {
	if len(tokens) == 1 && isID(tokens[0]) {
		tokens = []string{"id=" + tokens[0]}
	}
	f, err := server.ParseFilter(tokens)
	if err != nil {
		return nil, core.Errorf(core.CodeUsage, "%s.", err)
	}
	return f, nil
}

// target reads which sessions a command is for: ID, FILTER... or all. An id has
// to be that of a session.
func (c *call) target(words []string) (server.Filter, error) {
	switch {
	case len(words) == 0:
		return nil, errUsage
	case len(words) == 1 && words[0] == "all":
		return nil, nil
	}
	f, err := filter(words)
	if err == nil && len(words) == 1 && isID(words[0]) && len(c.plane.cfg.Server.Rows(f)) == 0 {
		return nil, noSession(words[0])
	}
	return f, err
}

// filterLike is what can only be meant to be a token of a filter.
var filterLike = regexp.MustCompile(`^[a-z]+(=|!=|<|>)\S+$`)

// splitTarget parts the words that say which sessions from the rest.
func splitTarget(words []string) (target, rest []string) {
	n := 0
	for n < len(words) && filterLike.MatchString(words[n]) {
		n++
	}
	if n == 0 {
		n = min(1, len(words))
	}
	return words[:n], words[n:]
}
