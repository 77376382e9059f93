package clientcmd

import (
	"cmp"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mts/core/client"
	"mts/core/names"
	"mts/core/units"
	"mts/core/version"
)

// settings are the flags.
type settings struct {
	// Where from
	server, user      string
	starttls          bool
	pins              []string
	ca, cert, key     string
	knownHosts        string
	trust             bool
	insecurePlaintext bool
	timeout, retryFor seconds
	retries           int

	// What
	input     string
	recursive bool
	maxDepth  int
	filter    filter
	list      bool
	human     bool
	exec      []string

	// Where to, and how
	output, outputFile    string
	force, resume, update bool
	delete, yes, dryRun   bool
	verify                bool
	parallel              int
	rate                  units.Size
	quiet, verbose, json  bool
}

func (a *app) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:               "mtsclient [flags] FILE...",
		Version:           version.String(),
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
	a.serverFlags(cmd)
	a.choiceFlags(cmd)
	a.savingFlags(cmd)
	return cmd
}

// serverFlags defines the flags that say where the files come from.
func (a *app) serverFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&a.server, "server", os.Getenv("MTS_SERVER"), "URL of the server")
	f.StringVar(&a.user, "user", os.Getenv("MTS_USER"), "account")
	f.BoolVar(&a.starttls, "starttls", false, "TLS on a plain port")
	f.StringArrayVar(&a.pins, "pin", nil, "the server's key")
	f.StringVar(&a.ca, "ca", "", "file of authorities that certify the server")
	f.StringVar(&a.cert, "cert", "", "file of the client certificate")
	f.StringVar(&a.key, "key", "", "file of the key of --cert")
	f.StringVar(&a.knownHosts, "known-hosts", "", "file of the servers known")
	f.BoolVar(&a.trust, "trust", false, "accept an unknown server")
	f.BoolVar(&a.insecurePlaintext, "insecure-plaintext", false, "send the password where others can read it")
	f.TextVar(&a.timeout, "timeout", seconds(client.DefaultTimeout), "longest wait for the server")
	f.TextVar(&a.retryFor, "retry-for", seconds(time.Minute), "how long to go on without a byte")
	f.IntVar(&a.retries, "retries", math.MaxInt32, "how often to go on after a break")
}

// choiceFlags defines the flags that say what is wanted.
func (a *app) choiceFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&a.input, "input", "i", "", "file of paths, - for standard input")
	f.BoolVarP(&a.recursive, "recursive", "r", false, "folders too")
	f.IntVar(&a.maxDepth, "max-depth", 0, "levels of folders")
	f.Var(ruleFlag{&a.filter, true}, "include", "fetch what matches, whatever later flags exclude")
	f.Var(ruleFlag{&a.filter, false}, "exclude", "leave out what matches")
	f.BoolVarP(&a.list, "list", "l", false, "list folders")
	f.BoolVar(&a.human, "human", false, "list sizes as 1.2 MB")
	f.StringArrayVarP(&a.exec, "exec", "x", nil, "send a command")
}

// savingFlags defines the flags that say where files go, and how.
func (a *app) savingFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&a.output, "output", "o", ".", "folder to save in, - for standard output")
	f.StringVarP(&a.outputFile, "output-file", "O", "", "file to save as, - for standard output")
	f.BoolVar(&a.force, "force", false, "overwrite files")
	f.BoolVarP(&a.resume, "continue", "c", false, "go on with unfinished files")
	f.BoolVarP(&a.update, "update", "u", false, "fetch what is new or changed")
	f.BoolVar(&a.delete, "delete", false, "delete what the server no longer has")
	f.BoolVar(&a.yes, "yes", false, "delete without a question")
	f.BoolVar(&a.dryRun, "dry-run", false, "say what would be done")
	f.BoolVar(&a.verify, "verify", false, "compare SHA-256")
	f.IntVarP(&a.parallel, "parallel", "j", 1, "connections at once")
	f.TextVar(&a.rate, "limit-rate", units.Size(0), "bytes a second")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "say nothing but errors")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "say more")
	f.BoolVar(&a.json, "json", false, "report one JSON object a file")
}

// A seconds is a time to wait. Its text is a number of seconds, or like "1m30s".
type seconds time.Duration

func (p seconds) MarshalText() ([]byte, error) { return []byte(time.Duration(p).String()), nil }

func (p *seconds) UnmarshalText(text []byte) error {
	s := string(text)
	if strings.Trim(s, ".0123456789") == "" {
		s += "s"
	}
	d, err := time.ParseDuration(s)
	*p = seconds(d)
	return err
}

// account returns the name of the account for messages.
func (a *app) account() string { return cmp.Or(a.user, names.DefaultAccount) }
