// Package mtsdcmd is the command line of mtsd, one file a subcommand.
//
// It wires the packages of core together and holds no logic of its own that
// another program could want.
package mtsdcmd

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mts/core/access"
	"mts/core/atomicfile"
	"mts/core/auth"
	"mts/core/config"
	"mts/core/output"
	"mts/core/version"
	"mts/core/wire"
)

// The exit codes.
const (
	exitOK      = 0
	exitFailure = 1 // at run time
	exitUsage   = 2 // of the command line or the configuration
)

// A usageError is a mistake of the command line or the configuration.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// Run runs mtsd with the arguments after its name and returns its exit code.
func Run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	keepDescriptors()
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetErr(stderr)
	atomicfile.OnLack(func(err error) { complain(stderr, fmt.Errorf("warning: %w", err)) })
	out := output.New(stdout)
	root.SetOut(out)
	if isTerminal(stdout) {
		root.SetOut(stdout) // as which the prompt has to know it
	}
	err := root.Execute()
	if lost := out.Err(); lost != nil && !errors.Is(err, output.ErrWrite) {
		err = config.Join(err, lost)
	}
	if code, ok := errors.AsType[exitError](err); ok {
		return int(code)
	}
	complain(stderr, err)
	return exitCode(err)
}

// complain writes what went wrong, one line for each mistake. It gives up after
// a second, because a server has to end even if nobody reads its output.
func complain(stderr io.Writer, err error) {
	waitBriefly(func() {
		for _, err := range mistakes(err) {
			fmt.Fprintln(stderr, wire.Printable(err.Error()))
		}
	})
}

// waitBriefly returns when f has returned, or after a second.
func waitBriefly(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(flushTime):
	}
}

// mistakes returns the single errors that err consists of, none if it is nil.
func mistakes(err error) []error {
	if err == nil {
		return nil
	}
	if all, ok := errors.AsType[config.Errors](err); ok {
		return all
	}
	return []error{err}
}

// oneLine returns an error whose text has all mistakes in one line.
func oneLine(err error) error {
	if err == nil {
		return nil
	}
	var texts []string
	for _, err := range mistakes(err) {
		texts = append(texts, err.Error())
	}
	return errors.New(strings.Join(texts, "; "))
}

func exitCode(err error) int {
	var (
		usage usageError
		conf  *config.Error
		line  *auth.LineError
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage), errors.As(err, &conf), errors.As(err, &line):
		return exitUsage
	}
	return exitFailure
}

// options are the flags that all subcommands have, and two facts of mtsd serve.
type options struct {
	config string
	state  string

	insecurePlaintext bool        // of mtsd serve only
	inherited         inheritance // of mtsd serve only
}

func newRoot() *cobra.Command {
	opts := &options{}
	root := &cobra.Command{
		Use:           "mtsd",
		Short:         "Serves files over TLS to clients that log in",
		Version:       version.String(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          usage(cobra.NoArgs),
		RunE:          noSubcommand,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%s: %w", cmd.CommandPath(), err)
	})
	flags := root.PersistentFlags()
	flags.StringVar(&opts.config, "config", "", "read this configuration `FILE`")
	flags.StringVar(&opts.state, "state", "", "keep users, certificate and logs in `DIR`")
	root.AddCommand(
		serveCommand(opts),
		adminCommand(opts),
		demoCommand(),
		userCommand(opts),
		certCommand(opts),
		configCommand(opts),
		pluginCommand(opts),
		versionCommand(),
		workerCommand(),
	)
	return root
}

// noSubcommand is the error of a command that only has subcommands.
func noSubcommand(cmd *cobra.Command, _ []string) error {
	return usagef("%s: a subcommand is missing; %[1]s --help lists them", cmd.CommandPath())
}

// usage makes a wrong number of arguments, or a subcommand that doesn't exist, a
// usage error.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if cmd.HasSubCommands() && len(args) > 0 {
			return usagef("%s: %q is no subcommand%s", cmd.CommandPath(), args[0], suggest(cmd, args[0]))
		}
		if err := check(cmd, args); err != nil {
			return usagef("%s: %w; usage: %s", cmd.CommandPath(), err, cmd.UseLine())
		}
		return nil
	}
}

// suggest says which subcommand is like name, or else how to find one.
func suggest(cmd *cobra.Command, name string) string {
	var names []string
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	return cmp.Or(config.Suggest(name, names), "; "+cmd.CommandPath()+" --help lists them")
}

// load reads the configuration file, or returns the defaults without one.
func (o *options) load() (*config.Config, error) {
	if o.config == "" {
		return config.Default(), nil
	}
	return config.Load(o.config)
}

// stateDir returns where the server keeps what it makes: --state, or
// $STATE_DIRECTORY, or mtsd in $XDG_STATE_HOME.
func (o *options) stateDir() (string, error) {
	if o.state != "" {
		return o.state, nil
	}
	if dir := os.Getenv("STATE_DIRECTORY"); dir != "" {
		return dir, nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "mtsd"), nil
	}
	if runtime.GOOS == "windows" {
		dir, err := os.UserCacheDir()
		return filepath.Join(dir, "mtsd"), err
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", usagef("no place for the server's state: %w; use --state", err)
	}
	return filepath.Join(home, ".local", "state", "mtsd"), nil
}

// stateFiles are what the server reads in the state directory.
var stateFiles = []string{"users", "server.crt", "server.key", "bans", "plugins"}

// openStateDir returns the state directory, and makes it if create is set and
// there is none. It refuses one in which others may put files, or have.
func (o *options) openStateDir(create bool) (string, error) {
	dir, err := o.stateDir()
	if err != nil {
		return "", err
	}
	for _, name := range stateFiles {
		path := filepath.Join(dir, name)
		if err := access.CheckPath(path); err != nil {
			return "", usagef("%s: %w", path, err)
		}
	}
	if create {
		err = os.MkdirAll(dir, 0o700)
	}
	return dir, err
}
