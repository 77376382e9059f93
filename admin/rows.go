package admin

import (
	"time"

	"mts/core"
	"mts/core/events"
	"mts/core/limit"
	"mts/core/server"
	"mts/plugins"
)

// The rows of the commands, which are JSON objects.
type (
	Session = server.Row     // of sessions
	Ban     = limit.Ban      // of bans
	Rate    = limit.ByteRate // of limit; a session's target is its id
	Plugin  = plugins.Status // of plugins
	Event   = events.Event   // of events
)

// A Detail is the row of show.
type Detail struct {
	Session
	Plugin string `json:"plugin"` // that runs the verb; "": none
	AgeMS  int64  `json:"age_ms"`
	Limit  int64  `json:"limit"` // bytes a second that an operator has set, 0: none
}

// A User is a row of users.
type User struct {
	Name      string     `json:"name"`
	LastLogin *time.Time `json:"last_login"` // since the server's start; null: none
	Failures  int64      `json:"failures"`   // of logins, since the last one that succeeded
	Sessions  int        `json:"sessions"`
}

// Stats is the row of stats. Counters begin with the server.
type Stats struct {
	UptimeS       int64            `json:"uptime_s"`
	Sessions      int64            `json:"sessions"`
	SessionsTotal int64            `json:"sessions_total"`
	Transfers     int64            `json:"transfers"`
	BytesOut      int64            `json:"bytes_out"`
	Refusals      map[string]int64 `json:"refusals"`   // by reason
	Handshakes    map[string]int64 `json:"handshakes"` // by version and key exchange
	Goroutines    int              `json:"goroutines"`
	Memory        uint64           `json:"memory"` // bytes from the system
}

// Affected is the row of a command that has changed something.
type Affected struct {
	N   int      `json:"affected"`
	IDs []uint64 `json:"ids"` // of sessions, sorted
}

// Codes of failures, beside those of core.
const (
	CodeNoMatch core.Code = "no-match" // nothing was changed, because nothing matched
	CodeFailed  core.Code = "failed"   // the text says what went wrong
)
