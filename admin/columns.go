package admin

// A Column is one field of a command's rows.
type Column struct {
	Field   string // its name in JSON, and its heading in CSV
	Head    string // its heading in a table
	Kind    Kind
	Elastic bool // may be cut where a terminal is too narrow
}

// A Kind is how a table shows a value.
type Kind int

// The kinds of values. A table shows "-" for an empty one.
const (
	Text           Kind = iota
	Hidden              // a table doesn't show it; JSON and CSV do
	Number              // 7
	Flag                // yes, or empty
	Bytes               // a size
	BytesPerSecond      // a rate
	Milliseconds        // a duration
	Microseconds        // a duration
	Time                // a time of day, after its date if that isn't today
	Progress            // bytes sent, and their percentage of the field "size"
	SessionID           // #7
	Remark              // (too late)
)

var sessionColumns = []Column{
	{"id", "ID", Number, false},
	{"user", "USER", Text, true},
	{"remote", "REMOTE", Text, true},
	{"client", "", Hidden, false},
	{"listener", "", Hidden, false},
	{"tls", "TLS", Flag, false},
	{"state", "STATE", Text, false},
	{"verb", "VERB", Text, true},
	{"path", "PATH", Text, true},
	{"sent", "SENT", Progress, false},
	{"size", "", Hidden, false},
	{"rate", "RATE", BytesPerSecond, false},
	{"since", "", Hidden, false},
	{"idle_ms", "IDLE", Milliseconds, false},
	{"waits_ms", "", Hidden, false},
	{"commands", "", Hidden, false},
	{"bytes_out", "", Hidden, false},
}

var limitColumns = []Column{
	{"target", "TARGET", Text, true},
	{"rate", "RATE", BytesPerSecond, false},
}

var banColumns = []Column{
	{"target", "TARGET", Text, true},
	{"kind", "KIND", Text, false},
	{"until", "UNTIL", Time, false},
	{"reason", "REASON", Text, true},
	{"by", "BY", Text, true},
}

var userColumns = []Column{
	{"name", "NAME", Text, true},
	{"last_login", "LAST LOGIN", Time, false},
	{"failures", "FAILURES", Number, false},
	{"sessions", "SESSIONS", Number, false},
}

var pluginColumns = []Column{
	{"name", "NAME", Text, true},
	{"state", "STATE", Text, false},
	{"version", "VERSION", Text, true},
	{"verbs", "VERBS", Text, true},
	{"calls", "CALLS", Number, false},
	{"failures", "FAILURES", Number, false},
	{"mean_us", "MEAN", Microseconds, false},
	{"memory", "MEMORY", Bytes, false},
	{"pid", "PID", Number, false},
	{"error", "ERROR", Text, true},
}

// Events are shown one a line as they come: a line has what isn't empty.
var eventColumns = []Column{
	{"time", "TIME", Time, false},
	{"event", "EVENT", Text, false},
	{"session", "SESSION", SessionID, false},
	{"user", "USER", Text, true},
	{"client", "CLIENT", Text, true},
	{"verb", "VERB", Text, true},
	{"path", "PATH", Text, true},
	{"bytes", "BYTES", Bytes, false},
	{"error", "ERROR", Remark, true},
}
