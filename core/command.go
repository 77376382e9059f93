package core

// A Command is one verb of the protocol.
//
// Args says whether the verb takes an argument: none if Args is empty, an optional
// one if it has the form "[PATH]", otherwise a required one. If a command line
// doesn't fit, the client gets the usage line and Run isn't called.
type Command struct {
	Verb string // upper case: letters, digits and '-'
	Args string // usage, e.g. "PATH"
	Help string // one line
	Open bool   // the verb needs no login

	// Listed reports whether FEAT and HELP show the command in the session of
	// the call. Nil means always. The server ignores it for a plugin's verbs.
	Listed func(*Call) bool

	// Run answers one call. If it returns nil, the client gets the success
	// line; for an *Error its text and code, for ErrUsage the usage line. Any
	// other error is logged, and the client sees an internal error.
	Run func(*Call) error
}

// Usage returns how to use the command, such as "FILE PATH".
func (c Command) Usage() string {
	if c.Args == "" {
		return c.Verb
	}
	return c.Verb + " " + c.Args
}
