package mtsdcmd

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	systemd "github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"mts/core/atomicfile"
	"mts/core/config"
)

// serveFlags are the flags of mtsd serve. They win over the file.
type serveFlags struct {
	*options
	listen, plain     []string
	cert, key, users  string
	plugins, admin    string
	logLevel, logForm string
	logFile           string
	readyFile         string
	allowRoot         bool
	console           bool
	noConsole         bool
	fallbackLog       string // the log file if the configuration names none
}

func serveCommand(opts *options) *cobra.Command {
	f := &serveFlags{options: opts}
	cmd := &cobra.Command{
		Use:   "serve [flags] [DIR]",
		Short: "Runs the server",
		Long: `Runs the server, for the folder DIR or for what the configuration exports.

Without a configuration it listens on 127.0.0.1:6870, TLS only, with a
certificate that is made once and kept. Without a users file, the account
"default" gets a new token at each start. The token is printed, and is valid until
there is a users file. Beyond loopback, the server needs a users file with an
account (mtsd user add).`,
		Args: usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd, args)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.listen, "listen", nil, "listen for TLS on `ADDR` (repeatable)")
	flags.StringArrayVar(&f.plain, "plain", nil, "listen without TLS on `ADDR` (repeatable); without --listen or server.listen, TLS is off")
	flags.StringVar(&f.cert, "cert", "", "certificate `FILE` (PEM)")
	flags.StringVar(&f.key, "key", "", "key `FILE` of --cert (PEM)")
	flags.StringVar(&f.users, "users", "", "read accounts from `FILE`")
	flags.StringVar(&f.plugins, "plugins", "", "load plugins from the folders of `DIR`")
	flags.StringVar(&f.admin, "admin", "", "listen for operators on the socket at `PATH`")
	flags.StringVar(&f.logLevel, "log-level", "", "debug, info, warn or error")
	flags.StringVar(&f.logForm, "log-format", "", "text or json")
	flags.StringVar(&f.logFile, "log-file", "", "log to `FILE` instead of standard error")
	flags.StringVar(&f.readyFile, "ready-file", "", "write the open listeners to `FILE`")
	flags.BoolVar(&f.insecurePlaintext, "insecure-plaintext", false, "accept passwords over unencrypted connections from other machines; anybody on the network can read them")
	flags.BoolVar(&f.allowRoot, "allow-root", false, "serve beyond loopback even as root")
	flags.BoolVar(&f.console, "console", false, "show the console even if standard input and output aren't a terminal")
	flags.BoolVar(&f.noConsole, "no-console", false, "don't show the console in a terminal")
	return cmd
}

var errNotReady = errors.New("the new process was stopped before it was ready")

// run serves until a signal ends it.
func (f *serveFlags) run(cmd *cobra.Command, args []string) (err error) {
	defer func() { f.inherited.report(cmp.Or(err, errNotReady)) }()
	if err := f.inherited.inherit(); err != nil {
		return err
	}
	if f.hasConsole(cmd) {
		if err := f.keepLogOffTerminal(); err != nil {
			return err
		}
	}
	p, err := (&preparer{options: f.options}).prepare(f.configure(args))
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGPIPE) // a reader of the log that leaves doesn't end the service
	log, err := openJournal(p.cfg, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer log.close()
	atomicfile.OnLack(func(err error) { log.Warn("file system", "err", err) })
	d, err := newDaemon(p, f.options, log)
	if err != nil {
		return err
	}
	defer d.close()
	d.reloads.configure = func() (*config.Config, error) { return f.configure(args) }
	return f.serve(cmd, d)
}

// serve opens the daemon and runs its loop.
func (f *serveFlags) serve(cmd *cobra.Command, d *daemon) error {
	signals, stop := notify(upgradeSignals...)
	defer stop()
	if err := d.open(); err != nil {
		return err
	}
	if f.inherited.ready == nil { // or else the process before does that until this one is ready
		if err := d.oversee(); err != nil {
			return err
		}
	}
	if os.Geteuid() == 0 && !f.allowRoot {
		d.log.Warn("running as root; run mtsd as a user of its own")
	}
	if err := d.confine(d.parts.Load().cfg, f); err != nil {
		return err
	}
	l := &loop{daemon: d, signals: signals}
	l.begin = func() error { return f.begin(cmd, l) }
	defer func() {
		if l.announced && !l.replaced { // or else it is another process's
			os.Remove(f.readyFile)
		}
	}()
	return l.run()
}

// begin has the server serve clients, and tells that it is ready.
func (f *serveFlags) begin(cmd *cobra.Command, l *loop) (err error) {
	d, hasConsole, takesOver := l.daemon, f.hasConsole(cmd), f.inherited.ready != nil
	if takesOver { // what the process before did until now
		if err := d.oversee(); err != nil {
			return err
		}
	}
	d.warn()
	d.accept()
	if err := d.announce(cmd.OutOrStdout(), f.readyFile); err != nil {
		return err
	}
	l.announced = f.readyFile != ""
	if !takesOver { // or else the process before tells who goes on
		d.sdNotify(systemd.SdNotifyReady)
	}
	f.inherited.report(nil)
	if hasConsole {
		l.console, err = d.openConsole(cmd)
	}
	return err
}

// configure returns the file's configuration with the flags applied.
func (f *serveFlags) configure(args []string) (*config.Config, error) {
	cfg, mistakes := f.load()
	if cfg == nil {
		return nil, mistakes
	}
	f.applyListeners(cfg)
	f.inherited.configure(cfg, f)
	if f.cert != "" && f.key != "" {
		cfg.TLS.Cert, cfg.TLS.Key = f.cert, f.key
	}
	cfg.Auth.Users = cmp.Or(f.users, cfg.Auth.Users)
	cfg.Plugins.Dir = cmp.Or(f.plugins, cfg.Plugins.Dir)
	cfg.Admin.Socket = cmp.Or(f.admin, cfg.Admin.Socket)
	cfg.Log.Level = cmp.Or(f.logLevel, cfg.Log.Level)
	cfg.Log.Format = cmp.Or(f.logForm, cfg.Log.Format)
	cfg.Log.File = cmp.Or(f.logFile, cfg.Log.File, f.fallbackLog)
	if len(args) > 0 {
		exportRoot(cfg, args[0])
	}
	return cfg, config.Join(mistakes, f.check(cfg))
}

// applyListeners replaces the lists of addresses. Plain listeners alone drop the
// TLS one that nobody has named.
func (f *serveFlags) applyListeners(cfg *config.Config) {
	if f.listen != nil {
		cfg.Server.Listen = f.listen
	}
	if f.plain != nil {
		cfg.Server.Plain = f.plain
		f.dropDefault(cfg)
	}
}

// dropDefault drops the TLS listener that nobody has named.
func (f *serveFlags) dropDefault(cfg *config.Config) {
	if f.listen == nil && !cfg.Has("server.listen") {
		cfg.Server.Listen = nil
	}
}

// exportRoot serves dir as "/", whatever the file has there.
func exportRoot(cfg *config.Config, dir string) {
	root := config.Export{Path: "/", Dir: dir}
	if i := slices.IndexFunc(cfg.Exports, func(e config.Export) bool { return e.Path == "/" }); i >= 0 {
		cfg.Exports[i] = root
	} else {
		cfg.Exports = append(cfg.Exports, root)
	}
}

// check returns what is wrong with the flags.
func (f *serveFlags) check(cfg *config.Config) error {
	errs := []error{f.checkRoot(cfg)}
	if (f.cert == "") != (f.key == "") {
		errs = append(errs, usagef("--cert and --key go together"))
	}
	errs = append(errs, checkAddrs("--listen", f.listen), checkAddrs("--plain", f.plain))
	if f.logLevel != "" && !slices.Contains([]string{"debug", "info", "warn", "error"}, f.logLevel) {
		errs = append(errs, usagef("--log-level: %q is not debug, info, warn or error", f.logLevel))
	}
	if f.logForm != "" && f.logForm != "text" && f.logForm != "json" {
		errs = append(errs, usagef("--log-format: %q is not text or json", f.logForm))
	}
	return config.Join(errs...)
}

// checkAddrs returns what is wrong with the addresses of a flag.
func checkAddrs(flag string, addrs []string) error {
	var errs []error
	for _, addr := range addrs {
		if err := config.CheckAddr(addr); err != nil {
			errs = append(errs, usagef("%s: %w", flag, err))
		}
	}
	return config.Join(errs...)
}

// checkRoot refuses to serve networks as root.
func (f *serveFlags) checkRoot(cfg *config.Config) error {
	if os.Geteuid() != 0 || f.allowRoot {
		return nil
	}
	for _, addr := range slices.Concat(cfg.Server.Listen, cfg.Server.Plain, []string{cfg.Metrics.Listen}) {
		if beyondLoopback(addr) {
			return usagef("refusing to serve %s as root: run mtsd as a user of its own, or use --allow-root", addr)
		}
	}
	return nil
}

// beyondLoopback reports whether others can reach the address. What isn't one is
// refused elsewhere.
func beyondLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && host != "localhost" && !(ip != nil && ip.IsLoopback())
}

// announce tells that the server is ready: in the ready file, in the log, and with
// the command to copy if the token is known.
func (d *daemon) announce(stdout io.Writer, readyFile string) error {
	var ready strings.Builder
	for _, l := range d.listeners {
		fmt.Fprintf(&ready, "%s %s\n", l.kind, l.Addr())
	}
	if !d.parts.Load().accounts.FromFile() && d.opts.inherited.ready == nil { // or else it has been shown
		if _, err := fmt.Fprintf(stdout, "Fetch with:\n  %s -l /\n", d.clientLine()); err != nil {
			return err
		}
	}
	if readyFile != "" {
		if err := atomicfile.Write(readyFile, 0o644, []byte(ready.String())); err != nil {
			return err
		}
	}
	d.log.Info("ready")
	return nil
}
