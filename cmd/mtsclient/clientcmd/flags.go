package clientcmd

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mts/certs"
	"mts/core/client"
	"mts/core/names"
	"mts/core/units"
)

// settings are the flags.
type settings struct {
	server, user      string
	output            string
	recursive, resume bool
	verify, force     bool
	parallel, retries int
	rate              units.Size
	timeout           patience
	pin, ca           string
	cert, key         string
	knownHosts        string
	trust             bool
	quiet, json       bool
	list              bool
	exec              []string
}

// help fits a screen of 24 lines. That of the flag library doesn't.
const help = `mtsclient [flags] FILE...   saves files from an mts server
mtsclient -l [FOLDER...]    lists folders;  -x "VERB args"  sends any command
Patterns are matched by what the server has: 'reports/*.pdf'.

  --server URL       HOST[:PORT] or mts://... over TLS, or mts+plain://...
  --user NAME        account; $MTS_PASSWORD_FILE or $MTS_PASSWORD, else asked
  -o, --output DIR   save in DIR;  - is standard output
  -r, --recursive    folders too, with all that is in them
  -c, --continue     go on with unfinished files
  -j, --parallel N   connections at once     --limit-rate N   bytes/s, as in 2MB
      --retries N    after a break (3)       --timeout TIME   longest wait (30s)
      --verify       compare SHA-256         --force          overwrite files
  --pin sha256:...   the server's key        --ca FILE        its authorities
  --known-hosts FILE servers seen before     --trust          a new one, once
  --cert FILE --key FILE                     client certificate
  -q, --quiet        errors only             --json           one object a file

$MTS_SERVER and $MTS_USER are used without --server and --user.
Exit: 0 all saved, 1 some not, 2 usage, 3 no connection, 4 TLS or pin, 5 login,
6 a file came short or wrong. Completion: mtsclient completion bash|zsh|fish
`

func (a *app) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:               "mtsclient [flags] FILE...",
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              a.checkArgs,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.run(cmd.Context(), args) },
	}
	cmd.SetOut(a.stdout)
	cmd.SetErr(a.stderr)
	cmd.SetIn(a.stdin)
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	cmd.SetHelpFunc(func(*cobra.Command, []string) { io.WriteString(a.stdout, help) })
	f := cmd.Flags()
	f.StringVar(&a.server, "server", os.Getenv("MTS_SERVER"), "URL of the server")
	f.StringVar(&a.user, "user", os.Getenv("MTS_USER"), "account")
	f.StringVarP(&a.output, "output", "o", ".", "folder to save in, - for standard output")
	f.BoolVarP(&a.recursive, "recursive", "r", false, "folders too")
	f.BoolVarP(&a.resume, "continue", "c", false, "go on with unfinished files")
	f.IntVarP(&a.parallel, "parallel", "j", 1, "connections at once")
	f.IntVar(&a.retries, "retries", 3, "how often to go on after a break")
	f.BoolVar(&a.verify, "verify", false, "compare SHA-256")
	f.BoolVar(&a.force, "force", false, "overwrite files")
	f.TextVar(&a.rate, "limit-rate", units.Size(0), "bytes a second")
	f.TextVar(&a.timeout, "timeout", patience(client.DefaultTimeout), "longest wait for the server")
	f.StringVar(&a.pin, "pin", "", "the server's key")
	f.StringVar(&a.ca, "ca", "", "file of authorities that certify the server")
	f.StringVar(&a.cert, "cert", "", "file of the client certificate")
	f.StringVar(&a.key, "key", "", "file of its key")
	f.StringVar(&a.knownHosts, "known-hosts", "", "file of the servers known")
	f.BoolVar(&a.trust, "trust", false, "accept a new server, once")
	f.BoolVarP(&a.list, "list", "l", false, "list folders")
	f.StringArrayVarP(&a.exec, "exec", "x", nil, "send a command")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "say nothing but errors")
	f.BoolVar(&a.json, "json", false, "report one JSON object a file")
	return cmd
}

// completion writes a shell script that completes the flags. It isn't a
// subcommand, because a file may have that name.
func (a *app) completion(cmd *cobra.Command, shell string) int {
	write, ok := map[string]func() error{
		"bash":       func() error { return cmd.GenBashCompletionV2(a.stdout, true) },
		"zsh":        func() error { return cmd.GenZshCompletion(a.stdout) },
		"fish":       func() error { return cmd.GenFishCompletion(a.stdout, true) },
		"powershell": func() error { return cmd.GenPowerShellCompletionWithDesc(a.stdout) },
	}[shell]
	err := usagef("no completion for %s", shell)
	if ok {
		err = write()
	}
	if err != nil {
		a.complain(err)
		return max(exitSome, exitCode(err))
	}
	return exitOK
}

// maxParallel is the number of sessions that a server allows by default.
const maxParallel = 64

// checkArgs refuses combinations of flags that make no sense.
func (a *app) checkArgs(_ *cobra.Command, args []string) error {
	switch {
	case len(a.exec) > 0 && (a.list || len(args) > 0):
		return usagef("--exec takes neither files nor --list")
	case len(a.exec) == 0 && !a.list && len(args) == 0:
		return usagef("no files named; see mtsclient --help")
	case a.server == "":
		return usagef("no server named: use --server or MTS_SERVER")
	case (a.cert == "") != (a.key == ""):
		return usagef("--cert and --key go together")
	case a.pin+a.ca+a.cert != "" && strings.HasPrefix(a.url(), "mts+plain:"):
		return usagef("--pin, --ca and --cert mean nothing without TLS")
	case a.parallel < 1 || a.parallel > maxParallel:
		return usagef("-j %d is not between 1 and %d", a.parallel, maxParallel)
	case a.retries < 0:
		return usagef("--retries %d is negative", a.retries)
	case a.timeout <= 0:
		return usagef("--timeout %v is not a time to wait", time.Duration(a.timeout))
	}
	for _, arg := range args {
		if arg == "" {
			return usagef("a file without a name")
		}
	}
	return nil
}

// url returns the URL of the server for client.Dial. A host alone means TLS.
func (a *app) url() string {
	switch {
	case strings.Contains(a.server, "://"):
		return a.server
	case net.ParseIP(a.server) != nil && strings.Contains(a.server, ":"):
		return "mts://[" + a.server + "]"
	}
	return "mts://" + a.server
}

// connectOptions returns the options of the connection from the flags.
func (a *app) connectOptions() (client.Options, error) {
	o := client.Options{
		KnownHosts: a.knownHosts,
		Timeout:    time.Duration(a.timeout),
		Notice:     a.notice,
	}
	if a.pin != "" {
		pin, err := certs.ParsePin(a.pin)
		if err != nil {
			return o, usageError{fmt.Errorf("--pin: %w", err)}
		}
		o.Pin = pin
	}
	if a.ca != "" {
		pem, err := os.ReadFile(a.ca)
		if err != nil {
			return o, usageError{fmt.Errorf("--ca: %w", err)}
		}
		if o.RootCAs = x509.NewCertPool(); !o.RootCAs.AppendCertsFromPEM(pem) {
			return o, usagef("--ca: no certificate in %s", a.ca)
		}
	}
	if a.cert != "" {
		pair, err := tls.LoadX509KeyPair(a.cert, a.key)
		if err != nil {
			return o, usageError{fmt.Errorf("--cert: %w", err)}
		}
		o.Certificates = []tls.Certificate{pair}
	}
	if o.KnownHosts == "" && o.Pin == "" && o.RootCAs == nil && !strings.HasPrefix(a.url(), "mts+plain:") {
		dir, err := configFolder()
		if err != nil {
			return o, usageError{fmt.Errorf("--known-hosts: %w", err)}
		}
		o.KnownHosts = filepath.Join(dir, "mts", "known_hosts")
	}
	return o, nil
}

// configFolder returns the folder of the user's settings, on every platform (XDG
// Base Directory Specification).
func configFolder() (string, error) {
	if dir := os.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".config"), err
}

// A patience is a time to wait. Its text is "1m30s" or a number of seconds.
type patience time.Duration

func (p patience) MarshalText() ([]byte, error) { return []byte(time.Duration(p).String()), nil }

func (p *patience) UnmarshalText(text []byte) error {
	s := string(text)
	if strings.Trim(s, ".0123456789") == "" {
		s += "s"
	}
	d, err := time.ParseDuration(s)
	*p = patience(d)
	return err
}

// account returns the name of the account for messages.
func (a *app) account() string { return cmp.Or(a.user, names.DefaultAccount) }
