package mtsdcmd

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"mts/core/auth"
)

// userFlags are the flags of mtsd user.
type userFlags struct {
	*options
	users string
	token bool
}

func userCommand(opts *options) *cobra.Command {
	f := &userFlags{options: opts}
	cmd := &cobra.Command{
		Use:   "user",
		Short: "Adds, changes, removes and lists accounts",
		Long: `Adds, changes, removes and lists accounts.

In a terminal, mtsd asks for the password. Otherwise the first line of standard
input is the password. A running server notices the change by itself.`,
		Args: usage(cobra.NoArgs),
		RunE: noSubcommand,
	}
	cmd.PersistentFlags().StringVar(&f.users, "users", "", "read accounts from `FILE`")
	add := f.command("add NAME", "Adds an account", 1, func(cmd *cobra.Command, path, name string) error {
		return f.set(cmd, path, name, true)
	})
	passwd := f.command("passwd NAME", "Changes an account's password", 1, func(cmd *cobra.Command, path, name string) error {
		return f.set(cmd, path, name, false)
	})
	for _, c := range []*cobra.Command{add, passwd} {
		c.Flags().BoolVar(&f.token, "token", false, "make a random token, for machines, and print it once")
	}
	cmd.AddCommand(add, passwd,
		f.command("del NAME", "Removes an account", 1, func(_ *cobra.Command, path, name string) error {
			return auth.Edit(path, func(file *auth.File) error { return file.Delete(name) })
		}),
		f.command("list", "Lists the accounts", 0, func(cmd *cobra.Command, path, _ string) error {
			file, err := auth.Load(path)
			if err != nil {
				return err
			}
			for _, name := range file.Names() {
				fmt.Fprintln(cmd.OutOrStdout(), name)
			}
			return nil
		}),
	)
	return cmd
}

// command returns a subcommand that works on the users file at path.
func (f *userFlags) command(use, short string, args int, run func(cmd *cobra.Command, path, name string) error) *cobra.Command {
	return &cobra.Command{
		Use:   use,
		Short: short,
		Args:  usage(cobra.ExactArgs(args)),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := f.path()
			if err != nil {
				return err
			}
			err = run(cmd, path, strings.Join(args, ""))
			if errors.Is(err, auth.ErrNoAccount) {
				return fmt.Errorf("%w; mtsd user list lists them", err)
			}
			return err
		},
	}
}

// path returns the users file, which may be missing. It makes the state directory
// if the file is in that.
func (f *userFlags) path() (string, error) {
	cfg, err := f.load()
	if err != nil {
		return "", err
	}
	cfg.Auth.Users = cmp.Or(f.users, cfg.Auth.Users)
	path, named, err := usersFile(cfg, f.options)
	if err == nil && !named {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	return path, err
}

// set gives an account a new password or token. Whether it can is checked before
// anybody is asked for a password, and again when the file is saved.
func (f *userFlags) set(cmd *cobra.Command, path, name string, mustBeNew bool) error {
	file, err := auth.Load(path)
	if err != nil {
		return err
	}
	if err := checkAccount(file, name, mustBeNew); err != nil {
		return err
	}
	token, hash := auth.NewToken()
	if !f.token {
		password, err := readPassword(cmd.InOrStdin(), cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		if hash, err = auth.HashPassword(password); err != nil {
			return usageError{err}
		}
	}
	return auth.EditThen(path, func(file *auth.File) error {
		if err := checkAccount(file, name, mustBeNew); err != nil {
			return err
		}
		if err := file.Set(name, hash); err != nil {
			return usageError{err}
		}
		return nil
	}, func() error {
		if !f.token {
			return nil
		}
		return showToken(cmd.OutOrStdout(), token)
	})
}

// showToken prints a token, which nobody can learn later. A reader that has gone
// is an error, too.
func showToken(stdout io.Writer, token string) error {
	signal.Ignore(syscall.SIGPIPE)
	if _, err := fmt.Fprintln(stdout, token); err != nil {
		return fmt.Errorf("the token can't be shown, so the account stays as it was: %w", err)
	}
	return nil
}

// checkAccount returns why an account can't be added, or changed.
func checkAccount(file *auth.File, name string, mustBeNew bool) error {
	switch exists := slices.Contains(file.Names(), name); {
	case exists && mustBeNew:
		return fmt.Errorf("account %s exists; mtsd user passwd changes its password", name)
	case !exists && !mustBeNew:
		return fmt.Errorf("%w: %s", auth.ErrNoAccount, name)
	}
	return nil
}

// readPassword asks for a password, twice, if stdin is a terminal. Otherwise it
// reads the first line of stdin.
func readPassword(stdin io.Reader, stderr io.Writer) (string, error) {
	f, ok := stdin.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		line, err := bufio.NewReader(stdin).ReadString('\n')
		if err != nil && (err != io.EOF || line == "") {
			return "", usagef("no password on standard input: its first line is the password")
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	var typed [2]string
	for i, prompt := range []string{"Password: ", "Again: "} {
		fmt.Fprint(stderr, prompt)
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(stderr)
		if err != nil {
			return "", err
		}
		typed[i] = string(b)
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two passwords differ")
	}
	return typed[0], nil
}
