package mtsdcmd

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"mts/admin"
	"mts/admin/shell"
	"mts/core/config"
	"mts/plugins/worker"
)

// An exitError is an exit code whose reason has been printed.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// adminFlags are the flags of mtsd admin.
type adminFlags struct {
	*options
	socket    string
	output    string
	commands  []string
	file      string
	yes       bool
	keepGoing bool
	timeout   time.Duration
}

func adminCommand(opts *options) *cobra.Command {
	f := &adminFlags{options: opts}
	cmd := &cobra.Command{
		Use:   "admin [flags] [COMMAND]",
		Short: "Controls a running server",
		Long: `Controls a running server. It runs one COMMAND, the commands of -c, -f or
standard input, or, in a terminal, the commands that are typed at a prompt.
"mtsd admin help" lists the commands.

Exit codes: 0 done; 1 the command failed, or there was nothing to change; 2 the
command line is wrong; 3 there is no server.`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	flags := cmd.Flags()
	flags.SetInterspersed(false)
	flags.StringVar(&f.socket, "socket", "", "the server's admin socket `PATH`")
	flags.StringVarP(&f.output, "output", "o", "table", "`FORMAT` of what is shown: table, json or csv")
	flags.StringArrayVarP(&f.commands, "command", "c", nil, "run `COMMAND` (repeatable)")
	flags.StringVarP(&f.file, "file", "f", "", "run the commands in `FILE`")
	flags.BoolVar(&f.yes, "yes", false, "don't ask for confirmation")
	flags.BoolVar(&f.keepGoing, "keep-going", false, "go on after a command that has failed")
	flags.DurationVar(&f.timeout, "timeout", 0, "wait at most `TIME` for each answer (default 15s; wait, drain and events have no limit)")
	return cmd
}

func (f *adminFlags) run(cmd *cobra.Command, args []string) error {
	if err := f.check(args); err != nil {
		return err
	}
	cfg, err := f.load()
	if err != nil {
		return err
	}
	socket, err := f.path(cfg)
	if err != nil {
		return err
	}
	state, err := f.stateDir()
	if err != nil {
		return err
	}
	sh := shell.New(shell.Options{
		Dial:      func(ctx context.Context) (*admin.Client, error) { return admin.Dial(ctx, socket) },
		Stdin:     cmd.InOrStdin(),
		Stdout:    cmd.OutOrStdout(),
		Stderr:    cmd.ErrOrStderr(),
		Format:    f.output,
		Yes:       f.yes,
		KeepGoing: f.keepGoing,
		Timeout:   f.timeout,
		Limit: func() error {
			debug.SetTraceback("none") // stacks would be the interpreter's own
			return worker.Limit(int64(cfg.Plugins.Memory))
		},
		History: filepath.Join(state, "admin_history"),
	})
	defer sh.Close()
	defer endOnSignal(sh)()
	if code := f.start(context.Background(), sh, args); code != exitOK {
		return exitError(code)
	}
	return nil
}

func (f *adminFlags) check(args []string) error {
	switch {
	case shell.CheckFormat(f.output) != nil:
		return usagef("mtsd admin: %w", shell.CheckFormat(f.output))
	case f.timeout < 0:
		return usagef("mtsd admin: --timeout %s is negative", f.timeout)
	case f.commands != nil && f.file != "", len(args) > 0 && (f.commands != nil || f.file != ""):
		return usagef("mtsd admin: a command, -c and -f exclude each other")
	}
	return nil
}

// start runs what the command line says and returns the exit code.
func (f *adminFlags) start(ctx context.Context, sh *shell.Shell, args []string) int {
	switch {
	case len(args) > 0:
		return sh.Command(ctx, args)
	case f.commands != nil:
		return sh.Script(ctx, "-c", strings.NewReader(strings.Join(f.commands, "\n")))
	case f.file != "":
		return sh.File(ctx, f.file)
	}
	return sh.Interactive(ctx)
}

// path returns where the server's admin socket is.
func (f *adminFlags) path(cfg *config.Config) (string, error) {
	if f.socket != "" {
		return f.socket, nil
	}
	return adminSocket(cfg, f.options)
}

// endOnSignal has signals end the command that runs, or else the shell, which
// restores the terminal.
func endOnSignal(sh *shell.Shell) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		for sig := range signals {
			running := sh.Interrupt()
			if running && sig == os.Interrupt {
				continue
			}
			sh.Close()
			os.Exit(128 + int(sig.(syscall.Signal)))
		}
	}()
	return func() { signal.Stop(signals); close(signals) }
}
