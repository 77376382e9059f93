package core

// A Plugin is a set of verbs and hooks. Plugins are added and removed while
// sessions run.
type Plugin struct {
	Name     string
	Commands []Command
	Hooks    Hooks
}

// Hooks are called at the events of a session; nil ones aren't. An error
// vetoes what is about to happen. If it is an *Error, the client sees its text
// and code. A hook that hangs or fails vetoes too.
//
// Done vetoes nothing. It runs when the client has the reply, and the next
// command of the session waits for it, 10 s at most.
type Hooks struct {
	Connect func(*Call) error                     // after the handshake, before the greeting
	Login   func(*Call) error                     // after the password was right
	Open    func(*Call) error                     // before a file is opened for a client, but not by this plugin; Arg is the cleaned path
	Done    func(c *Call, bytes int64, err error) // after each FILE or PART; Arg is the cleaned path
}
