package admin

// A Command is what an operator may say to the server, and all that the server
// and the shell know of it.
type Command struct {
	Name    string   // lower case; its verb on the wire is the same in upper case
	Args    string   // the words behind the name, as help shows them; see Slots
	Offers  string   // what completion offers, in the same form; "": as Args says
	Help    string   // one line
	Changes bool     // with some arguments at least; logged then
	Ends    Ending   // when its answer is complete
	Columns []Column // of its rows; nil: a table shows one field a line

	// Conditions returns what a token of its FILTER may begin with, such as
	// "idle>". It is nil for a command without one.
	Conditions func() []string
	// Confirm returns the question that the operator has to answer with yes
	// before the words are sent, "" for none. It may be nil.
	Confirm func(words []string) string

	run func(*call) error
}

// Usage returns the line that tells how to use the command.
func (c Command) Usage() string {
	if c.Args == "" {
		return c.Name
	}
	return c.Name + " " + c.Args
}

// An Ending says when the answer to a command is complete.
type Ending int

// The endings of answers.
const (
	Soon  Ending = iota // at once
	Later               // after as long as the command itself takes
	Never               // an operator interrupts it
)
