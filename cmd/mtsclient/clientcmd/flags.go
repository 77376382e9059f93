package clientcmd

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mts/certs"
	"mts/core/client"
)

// settings are the flags.
type settings struct {
	server, user string
	output       string
	pin, ca      string
	cert, key    string
	knownHosts   string
	trust        bool
	quiet, json  bool
	force        bool
	timeout      time.Duration
	list         bool
	exec         []string
}

func (a *app) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "mtsclient [flags] FILE...",
		Short:         "fetches files from an mts server",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          a.checkArgs,
		RunE:          func(cmd *cobra.Command, args []string) error { return a.run(cmd.Context(), args) },
	}
	cmd.SetOut(a.stdout)
	cmd.SetErr(a.stderr)
	cmd.SetIn(a.stdin)
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&a.server, "server", os.Getenv("MTS_SERVER"), "`URL`: HOST[:PORT], mts://… or mts+plain://…")
	f.StringVar(&a.user, "user", os.Getenv("MTS_USER"), "account `NAME`")
	f.StringVarP(&a.output, "output", "o", ".", "folder `DIR` to save in")
	f.StringVar(&a.pin, "pin", "", "the server's key, `sha256:…`")
	f.StringVar(&a.ca, "ca", "", "`FILE` of authorities that certify the server")
	f.StringVar(&a.cert, "cert", "", "`FILE` of the client certificate")
	f.StringVar(&a.key, "key", "", "`FILE` of its key")
	f.StringVar(&a.knownHosts, "known-hosts", "", "`FILE` of the servers known")
	f.BoolVar(&a.trust, "trust", false, "accept a new server, once")
	f.BoolVar(&a.force, "force", false, "overwrite files")
	f.DurationVar(&a.timeout, "timeout", client.DefaultTimeout, "longest wait for the server")
	f.BoolVarP(&a.list, "list", "l", false, "list folders")
	f.StringArrayVarP(&a.exec, "exec", "x", nil, "send the command `LINE`, its data go to stdout")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "say nothing but errors")
	f.BoolVar(&a.json, "json", false, "report one JSON object a file")
	return cmd
}

// checkArgs reports combinations that mean nothing.
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
	case a.timeout <= 0:
		return usagef("--timeout %v is not a time to wait", a.timeout)
	}
	for _, arg := range args {
		if arg == "" {
			return usagef("a file without a name")
		}
	}
	return nil
}

// url returns the server as client.Dial wants it. A bare host means TLS.
func (a *app) url() string {
	switch {
	case strings.Contains(a.server, "://"):
		return a.server
	case net.ParseIP(a.server) != nil && strings.Contains(a.server, ":"):
		return "mts://[" + a.server + "]"
	}
	return "mts://" + a.server
}

// options returns how to reach the server, from the flags.
func (a *app) options() (client.Options, error) {
	o := client.Options{
		KnownHosts: a.knownHosts,
		Ask:        a.ask,
		Timeout:    a.timeout,
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
	if o.KnownHosts == "" {
		dir, err := configFolder()
		if err != nil {
			return o, usageError{fmt.Errorf("--known-hosts: %w", err)}
		}
		o.KnownHosts = filepath.Join(dir, "mts", "known_hosts")
	}
	return o, nil
}

// configFolder is where the user's settings are, on every platform
// (XDG Base Directory Specification).
func configFolder() (string, error) {
	if dir := os.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".config"), err
}

// account is whom to log in as, in words.
func (a *app) account() string { return cmp.Or(a.user, "default") }
