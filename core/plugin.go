package core

// A Plugin is a set of verbs and hooks. Plugins are added and removed while
// sessions run.
type Plugin struct {
	Name     string
	Commands []Command
	Hooks    Hooks
}

// Hooks is what a plugin's function Hooks returns, beside or instead of commands:
//
//	func Hooks() core.Hooks { return core.Hooks{Open: open} }
//
// They are called at events of a session. Any of them may be nil. The error of a
// hook refuses what is about to happen. If it is an *Error, the client sees its text
// and code. If a hook crashes or takes too long, that is refused too.
//
// Done can't refuse anything. It runs after the reply has been sent, and the next
// command of the session waits for it, for at most 10 s.
type Hooks struct {
	Connect func(*Call) error                     // after the handshake, before the greeting
	Login   func(*Call) error                     // after the password was right
	Open    func(*Call) error                     // before a file is opened for a client, but not by this plugin; Arg is the cleaned path
	Done    func(c *Call, bytes int64, err error) // after each FILE or PART; Arg is the cleaned path
}
