package shell

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// sessionViews are of the commands about sessions.
func sessionViews() map[string]view {
	return map[string]view{
		"sessions": {columns: sessionColumns(), fields: sessionFields, complete: completeFilter},
		"show":     {complete: completeID},
		"kick":     {complete: completeSelection("reason="), check: confirmAll},
		"abort":    {complete: completeID},
		"limit":    {columns: limitColumns(), fields: "target rate", complete: completeLimit},
		"message":  {complete: completeSelection()},
		"wait":     {complete: completeWait, slow: true},
	}
}

const sessionFields = "id user remote client listener tls state verb path sent size rate since idle_ms commands bytes_out"

func sessionColumns() []column {
	return []column{
		{head: "ID", show: plain("id"), right: true},
		{head: "USER", show: plain("user"), elastic: true},
		{head: "REMOTE", show: plain("remote"), elastic: true},
		{head: "TLS", show: func(r row) string { return map[string]string{"true": "yes"}[r.text("tls")] }},
		{head: "STATE", show: plain("state")},
		{head: "VERB", show: plain("verb"), elastic: true},
		{head: "PATH", show: plain("path"), elastic: true},
		{head: "SENT", show: progress, right: true},
		{head: "RATE", show: perSecond("rate"), right: true},
		{head: "IDLE", show: milliseconds("idle_ms"), right: true},
	}
}

func limitColumns() []column {
	return []column{
		{head: "TARGET", show: plain("target"), elastic: true},
		{head: "RATE", show: perSecond("rate"), right: true},
	}
}

// confirmAll asks before all sessions are ended.
func confirmAll(ctx context.Context, s *Shell, words []string) error {
	if !slices.Contains(words[1:], "all") || s.Yes {
		return nil
	}
	return s.confirm("Kick all sessions?")
}

// lookUp bounds the look-up of what a word may be completed to.
const lookUp = time.Second

// values returns a field of the rows of a command, each value once.
func (s *Shell) values(ctx context.Context, field string, words ...string) (values []string) {
	ctx, cancel := context.WithTimeout(ctx, lookUp)
	defer cancel()
	s.do(ctx, words, true, func(raw json.RawMessage) error {
		if r, err := parseRow(raw); err == nil && !slices.Contains(values, r.text(field)) && r.text(field) != "" {
			values = append(values, r.text(field))
		}
		return nil
	})
	return values
}
