package mtsdcmd

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"mts/admin"
	"mts/admin/shell"
)

// A console is the prompt of the terminal that the server runs in.
type console struct{ shell *shell.Shell }

// hasConsole reports whether mtsd serve shows the prompt: if it is asked to, or
// if it runs in a terminal. A process that takes over from another doesn't,
// since the terminal goes back to the program that started the other.
func (f *serveFlags) hasConsole(cmd *cobra.Command) bool {
	if f.noConsole || f.inherited.ready != nil {
		return false
	}
	return f.console || isTerminal(cmd.InOrStdin()) && isTerminal(cmd.OutOrStdout())
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// keepLogOffTerminal sends the log to a file if the configuration doesn't name
// one, so that log lines don't break into the prompt.
func (f *serveFlags) keepLogOffTerminal() error {
	dir, err := f.openStateDir(true)
	f.fallbackLog = filepath.Join(dir, "mtsd.log")
	return err
}

// openConsole shows the prompt, which talks to the control plane in this process.
func (d *daemon) openConsole(cmd *cobra.Command) (*console, error) {
	state, err := d.opts.stateDir()
	if err != nil {
		return nil, err
	}
	stdout := cmd.OutOrStdout()
	fmt.Fprintf(stdout, "The log goes to %s. help lists the commands; quit leaves the console, shutdown ends the server.\n", d.parts.Load().cfg.Log.File)
	c := &console{shell.New(shell.Options{
		Dial:    func(ctx context.Context) (*admin.Client, error) { return admin.NewClient(ctx, d.control.plane.Dial) },
		Stdin:   cmd.InOrStdin(),
		Stdout:  stdout,
		Stderr:  cmd.ErrOrStderr(),
		Format:  "table",
		History: filepath.Join(state, "admin_history"),
		Console: true,
	})}
	go c.run(stdout, d.running)
	return c, nil
}

func (c *console) run(stdout io.Writer, running context.Context) {
	c.shell.Interactive(context.Background())
	if running.Err() == nil {
		fmt.Fprintln(stdout, "The server is still running. Ctrl-C ends it, mtsd admin opens the prompt again.")
	}
}

// interrupt ends the command that runs at the prompt. It reports whether there
// was one.
func (c *console) interrupt() bool { return c != nil && c.shell.Interrupt() }

// close restores the terminal.
func (c *console) close() {
	if c != nil {
		c.shell.Close()
	}
}
