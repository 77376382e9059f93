package clientcmd

import (
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mts/core/client"
)

// maxParallel is the number of sessions that a server allows by default.
const maxParallel = 64

// checkArgs refuses what makes no sense, before anything is asked or done.
func (a *app) checkArgs(cmd *cobra.Command, args []string) error {
	for _, check := range []func(*cobra.Command, []string) error{a.checkMode, a.checkNumbers, a.checkOutput, a.checkDelete, a.checkServer} {
		if err := check(cmd, args); err != nil {
			return err
		}
	}
	return nil
}

// checkMode checks that the flags want one thing: to fetch, to list or to send.
func (a *app) checkMode(_ *cobra.Command, args []string) error {
	switch {
	case len(a.exec) > 0 && (a.list || len(args) > 0 || a.input != ""):
		return usagef("--exec takes neither files nor --list")
	case len(a.exec) == 0 && !a.list && len(args) == 0 && a.input == "":
		return usagef("no files named; see mtsclient --help")
	case a.quiet && a.verbose:
		return usagef("--quiet and --verbose are opposites")
	}
	for _, arg := range args {
		if arg == "" {
			return usagef("a file without a name")
		}
	}
	return nil
}

func (a *app) checkNumbers(*cobra.Command, []string) error {
	switch {
	case a.parallel < 1 || a.parallel > maxParallel:
		return usagef("-j %d is not between 1 and %d", a.parallel, maxParallel)
	case a.retries < 0:
		return usagef("--retries %d is negative", a.retries)
	case a.maxDepth < 0:
		return usagef("--max-depth %d is negative", a.maxDepth)
	case a.timeout <= 0:
		return usagef("--timeout %v is not a time to wait", time.Duration(a.timeout))
	case a.retryFor < 0:
		return usagef("--retry-for %v is negative", time.Duration(a.retryFor))
	}
	return nil
}

// checkOutput checks where the files are to go. An --output-file, which may be one in
// --output, becomes a folder and a name, or standard output.
func (a *app) checkOutput(_ *cobra.Command, args []string) error {
	if a.outputFile == "" {
		return nil
	}
	switch {
	case len(args) > 1 || a.input != "" || a.recursive:
		return usagef("--output-file takes one file; --output names a folder for several")
	case a.output == "-":
		return usagef("--output - and --output-file exclude each other")
	case a.outputFile == "-":
		a.output, a.outputFile = "-", ""
		return nil
	case strings.HasSuffix(a.outputFile, "/"):
		return usagef("--output-file %s is a folder; --output saves in one", a.outputFile)
	}
	if !filepath.IsAbs(a.outputFile) {
		a.outputFile = filepath.Join(a.output, a.outputFile)
	}
	a.output, a.outputFile = filepath.Dir(a.outputFile), filepath.Base(a.outputFile)
	return nil
}

func (a *app) checkDelete(*cobra.Command, []string) error {
	switch {
	case a.delete && !(a.recursive && a.update):
		return usagef("--delete needs --recursive and --update")
	case a.output == "-" && (a.update || a.resume || a.dryRun):
		return usagef("--update, --continue and --dry-run need a folder to save in")
	case a.delete && !a.yes && !a.dryRun && !isTerminal(a.stdin):
		return usagef("--delete needs --yes where no terminal can be asked")
	}
	return nil
}

func (a *app) checkServer(*cobra.Command, []string) error {
	switch {
	case a.server == "":
		return usagef("no server named: use --server or MTS_SERVER")
	case (a.cert == "") != (a.key == ""):
		return usagef("--cert and --key go together")
	case a.starttls && strings.HasPrefix(a.server, "mts://"):
		return usagef("--starttls is for a plain port: mts+plain://HOST, not mts://HOST")
	case len(a.pins) > 0 && a.isPlain(), a.ca+a.cert != "" && a.isPlain():
		return usagef("--pin, --ca and --cert mean nothing without TLS")
	}
	return a.checkURL()
}

// checkURL explains what is wrong with --server.
func (a *app) checkURL() error {
	err := client.CheckURL(a.url())
	if err == nil {
		return nil
	}
	scheme, rest, isURL := strings.Cut(a.server, "://")
	account, _, hasAccount := strings.Cut(rest, "@")
	account, _, _ = strings.Cut(account, ":")
	host, path, _ := strings.Cut(rest, "/")
	switch {
	case isURL && hasAccount:
		return usagef("--server: %w: --user %s names it", err, account)
	case isURL && path != "" && client.CheckURL(scheme+"://"+host) == nil:
		return usagef("--server: %w; write --server %s://%s /%s", err, scheme, host, path)
	}
	if host, path, ok := strings.Cut(a.server, ":/"); ok && !isURL {
		return usagef("--server: %w; write --server %s /%s", err, host, path)
	}
	return usageError{err}
}

// isPlain reports whether the connection has no TLS.
func (a *app) isPlain() bool { return strings.HasPrefix(a.url(), "mts+plain:") }

// url returns the URL of the server for client.Dial. A host alone means TLS.
func (a *app) url() string {
	scheme, host, ok := strings.Cut(a.server, "://")
	if !ok {
		scheme, host = "mts", a.server
		if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() {
			host = "[" + host + "]"
		}
	}
	if a.starttls && (!ok || scheme == "mts+plain") {
		scheme = "mts+starttls"
	}
	return scheme + "://" + host
}
