package admin

// A Command is a command of operators: all that the server and the shell know
// about it.
type Command struct {
	Name    string   // lower case; its verb on the wire is the same in upper case
	Args    string   // the form of the arguments, as help shows it: "ID|all [reason=TEXT]"
	Offers  string   // what completion offers, in the form of Args; "": Args
	Help    string   // one line
	Changes bool     // it changes something, at least with some arguments; changes are logged
	Ends    Ending   // when its answer is complete
	Columns []Column // of its rows; nil: a table shows one field a line

	// Conditions returns what a token of a FILTER may begin with, such as
	// "idle>". It is nil for a command without FILTER.
	Conditions func() []string
	// Confirm returns the question that the operator has to answer with yes
	// before the words are sent; "" is none. It may be nil.
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
