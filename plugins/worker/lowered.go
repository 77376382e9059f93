package worker

import (
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/traefik/yaegi/interp"

	"mts/core"
	"mts/plugins/check"
	"mts/plugins/internal/link"
	"mts/plugins/lower"
)

// compile checks and lowers the plugin, and makes a program of it, which hands
// over to s what it offers.
func compile(p *plugin, s *script) (prog program, findings []string, err error) {
	files, err := fs.Sub(p.files, link.Folder+p.Name)
	if err != nil {
		return prog, nil, err
	}
	lowered, found := check.NewPlugin().Load(files, p.Name, "Configure", "Commands", "Hooks", "Close")
	if len(found) > 0 {
		for _, f := range found {
			findings = append(findings, f.String())
		}
		return prog, findings, errFindings
	}
	prog = program{
		symbols: []interp.Exports{lowered.Exports()},
		files:   nothing{},
		stderr:  lowered.Stderr(os.Stderr),
		trace:   lowered.Trace,
	}
	s.bind(lowered, p, prog)
	prog.main = lowered.Source(mainFunc(lowered))
	return prog, nil, nil
}

// nothing has no files for scripts to import.
type nothing struct{}

func (nothing) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// bind is how the plugin's main reaches s.
func (s *script) bind(lowered *lower.Program, p *plugin, prog program) {
	lowered.Bind("BootConfigure", func(f func(map[string]any) error) bool { return s.configured(p, f) })
	lowered.Bind("BootCommands", func(f func() []core.Command) {
		s.commands = f()
		for i := range s.commands {
			s.commands[i].Run = traced(prog, s.commands[i].Run)
		}
	})
	lowered.Bind("BootHooks", func(f func() core.Hooks) {
		s.hooks = f()
		for _, hook := range []*func(*core.Call) error{&s.hooks.Connect, &s.hooks.Login, &s.hooks.Open} {
			*hook = traced(prog, *hook)
		}
	})
	lowered.Bind("BootClose", func(f func()) { s.close = f })
	lowered.Bind("BootPark", s.park)
}

// traced has a panic of f say on the standard error where in the script it was.
func traced(prog program, f func(*core.Call) error) func(*core.Call) error {
	if f == nil {
		return nil
	}
	return func(c *core.Call) error {
		done := false
		defer func() {
			if at := prog.where(); !done && at != "" {
				fmt.Fprintln(os.Stderr, "the plugin panicked:"+at)
			}
		}()
		err := f(c)
		done = true
		return err
	}
}

// mainFunc returns the function that initialises the plugin, hands over what it
// has and then blocks.
func mainFunc(lowered *lower.Program) string {
	var b strings.Builder
	fmt.Fprintf(&b, "func main() {\n%s()\n", lower.Init)
	if f := lowered.Func("Configure"); f != "" {
		fmt.Fprintf(&b, "if h.BootConfigure(%s) {\n", f)
	} else {
		b.WriteString("{\n")
	}
	for _, name := range []string{"Commands", "Hooks", "Close"} {
		if f := lowered.Func(name); f != "" {
			fmt.Fprintf(&b, "h.Boot%s(%s)\n", name, f)
		}
	}
	b.WriteString("}\nh.BootPark()\n}\n")
	return b.String()
}
