package core

// A Command is one verb of the protocol.
//
// Args tells dispatch what to expect: empty means that the verb takes no
// argument, "[PATH]" that it may be left out, anything else that there must be
// one. A call that doesn't fit is answered with the usage line, and Run isn't
// called.
type Command struct {
	Verb string // upper case: letters, digits and '-'
	Args string // usage, e.g. "PATH"
	Help string // one line
	Open bool   // may be used before login; the zero value requires one

	// Listed reports whether FEAT and HELP show the command in the session of
	// the call. Nil means always. It is for built-in commands: of a plugin's
	// commands it isn't asked.
	Listed func(*Call) bool

	// Run answers one call. On nil the client gets the success line, on an
	// *Error its text and code, on ErrUsage the usage line; any other error
	// is logged and the client sees an internal error.
	Run func(*Call) error
}

// Usage returns the line that tells how to call the command: "FILE PATH".
func (c Command) Usage() string {
	if c.Args == "" {
		return c.Verb
	}
	return c.Verb + " " + c.Args
}
