package link

import "mts/core"

// A Ready is what a worker says of the plugin it has loaded, or why it hasn't.
type Ready struct {
	Lacks    string         // what of the confinement the system didn't give
	Err      error          // why the plugin isn't loaded
	Findings []string       // "file:line:column: message", if that is why
	Commands []core.Command // Run is nil if the plugin's is
	Hooks    []string       // names
}

// Bounds of a Ready; the rest is left out.
const (
	maxFindings = 200
	maxCommands = 256
)

// Texts returns the texts of r.
func (r Ready) Texts() []string {
	texts := append([]string{r.Lacks}, ErrorTexts(r.Err)...)
	for _, f := range r.Findings[:min(len(r.Findings), maxFindings)] {
		texts = append(texts, "finding", f[:min(len(f), maxText)])
	}
	for _, name := range r.Hooks {
		texts = append(texts, KindHook, name)
	}
	for _, c := range r.Commands[:min(len(r.Commands), maxCommands)] {
		texts = append(texts, KindVerb, c.Verb, c.Args, c.Help, Bool(c.Open), Bool(c.Run != nil))
	}
	return texts
}

// Ready returns and removes the texts of a Ready.
func (t *Texts) Ready() Ready {
	r := Ready{Lacks: t.Next(), Err: t.Err()}
	for len(*t) > 0 {
		switch t.Next() {
		case "finding":
			r.Findings = append(r.Findings, t.Next())
		case KindHook:
			r.Hooks = append(r.Hooks, t.Next())
		case KindVerb:
			c := core.Command{Verb: t.Next(), Args: t.Next(), Help: t.Next(), Open: t.Next() != ""}
			if t.Next() != "" {
				c.Run = func(*core.Call) error { return nil }
			}
			r.Commands = append(r.Commands, c)
		}
		if len(r.Findings) > maxFindings || len(r.Hooks) > len(hooks)+1 || len(r.Commands) > maxCommands {
			return Ready{Err: ErrTooLarge}
		}
	}
	return r
}
