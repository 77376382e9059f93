package admin

import (
	"regexp"
	"strconv"
	"strings"

	"mts/core"
	"mts/core/server"
)

// id returns the first word as a session's id.
func (c *call) id() (uint64, error) {
	id, err := strconv.ParseUint(c.words[0], 10, 64)
	if err != nil {
		return 0, core.Errorf(core.CodeUsage, "%q is not the id of a session.", c.words[0])
	}
	return id, nil
}

// isID reports whether a word can be the id of a session: at most 18 digits.
func isID(word string) bool {
	return word != "" && len(word) < 19 && strings.Trim(word, "0123456789") == ""
}

func noSession(id string) error {
	return core.Errorf(core.CodeNotFound, "There is no session %s.", id)
}

// filter parses the tokens of a filter. An id alone is a filter too.
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

// selection parses FILTER... or "all", which is the empty filter.
func selection(words []string) (server.Filter, error) {
	if len(words) == 1 && words[0] == "all" {
		return nil, nil
	}
	return filter(words)
}

// target reads the sessions that a command is for: ID, FILTER... or all. If an ID
// is given, the session has to exist.
func (c *call) target(words []string) (server.Filter, error) {
	f, err := selection(words)
	if err == nil && len(words) == 1 && isID(words[0]) && len(c.plane.cfg.Server.Rows(f)) == 0 {
		return nil, noSession(words[0])
	}
	return f, err
}

// filterLike matches words that can only be meant as a token of a filter.
var filterLike = regexp.MustCompile(`^[a-z]+(=|!=|<|>)\S+$`)

// splitTarget splits words into those that select sessions and the rest.
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
