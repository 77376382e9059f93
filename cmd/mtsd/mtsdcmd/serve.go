package mtsdcmd

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"mts/admin"
	"mts/certs"
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
	aside             string // the log file if the configuration names none
}

func serveCommand(opts *options) *cobra.Command {
	f := &serveFlags{options: opts}
	cmd := &cobra.Command{
		Use:   "serve [flags] [DIR]",
		Short: "Runs the server",
		Long: `Runs the server, for the folder DIR or for what the configuration exports.

Without a configuration it listens on 127.0.0.1:6870, TLS only, with a
certificate that is made once and kept. Without a users file, the account
"default" gets a new token at each start, which is printed.`,
		Args: usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd, args)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.listen, "listen", nil, "listen for TLS on `ADDR` (repeatable)")
	flags.StringArrayVar(&f.plain, "plain", nil, "listen without TLS on `ADDR` (repeatable); alone, instead of TLS")
	flags.StringVar(&f.cert, "cert", "", "certificate `FILE` (PEM)")
	flags.StringVar(&f.key, "key", "", "its key `FILE` (PEM)")
	flags.StringVar(&f.users, "users", "", "users `FILE`")
	flags.StringVar(&f.plugins, "plugins", "", "load plugins from the folders of `DIR`")
	flags.StringVar(&f.admin, "admin", "", "listen for operators on the socket at `PATH`")
	flags.StringVar(&f.logLevel, "log-level", "", "debug, info, warn or error")
	flags.StringVar(&f.logForm, "log-format", "", "text or json")
	flags.StringVar(&f.logFile, "log-file", "", "log to `FILE` instead of standard error")
	flags.StringVar(&f.readyFile, "ready-file", "", "write the open listeners to `FILE`")
	flags.BoolVar(&f.insecurePlaintext, "insecure-plaintext", false, "let passwords cross the network unencrypted, for anyone on the way to read")
	flags.BoolVar(&f.allowRoot, "allow-root", false, "serve beyond loopback even as root")
	flags.BoolVar(&f.console, "console", false, "show the console even if this is no terminal")
	flags.BoolVar(&f.noConsole, "no-console", false, "don't show the console in a terminal")
	return cmd
}

// run serves until a signal ends it.
func (f *serveFlags) run(cmd *cobra.Command, args []string) (err error) {
	defer func() { f.inherited.report(err) }()
	if err := f.inherited.inherit(); err != nil {
		return err
	}
	console := f.hasConsole(cmd)
	if console {
		if err := f.logAside(); err != nil {
			return err
		}
	}
	cfg, err := f.configure(args)
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGPIPE) // a reader of the log that leaves doesn't end the service
	log, err := openJournal(cfg, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer log.close()
	d, err := newDaemon(cfg, f.options, log)
	if err != nil {
		return err
	}
	defer d.close()
	d.configure = func() (*config.Config, error) { return f.configure(args) }
	if err := d.listen(cfg); err != nil {
		return err
	}
	if os.Geteuid() == 0 && !f.allowRoot {
		log.Warn("running as root; an account of its own is safer")
	}
	if err := d.openPlane(cfg); err != nil {
		return err
	}
	d.confine(cfg, f)
	signals, stop := notify(upgradeSignals...)
	defer stop()
	if err := d.announce(cmd.OutOrStdout(), f.readyFile); err != nil {
		return err
	}
	failed := d.start()
	if f.inherited.ready == nil { // or else the server before tells who goes on
		d.tell(systemd.SdNotifyReady)
	}
	f.inherited.report(nil)
	defer d.removeReady(f.readyFile)
	if console {
		if err := d.openConsole(cmd); err != nil {
			return err
		}
		defer d.console.close()
	}
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	go d.watchdog(ctx)
	return d.wait(failed, signals, cfg.Server.Drain)
}

// configure returns the file's configuration with the flags applied.
func (f *serveFlags) configure(args []string) (*config.Config, error) {
	cfg, err := f.load()
	if err != nil {
		return nil, err
	}
	f.applyListeners(cfg)
	f.inherited.configure(cfg, f)
	if f.cert != "" || f.key != "" {
		if f.cert == "" || f.key == "" {
			return nil, usagef("--cert and --key go together")
		}
		cfg.TLS.Cert, cfg.TLS.Key = f.cert, f.key
	}
	cfg.Auth.Users = cmp.Or(f.users, cfg.Auth.Users)
	cfg.Plugins.Dir = cmp.Or(f.plugins, cfg.Plugins.Dir)
	cfg.Admin.Socket = cmp.Or(f.admin, cfg.Admin.Socket)
	cfg.Log.Level = cmp.Or(f.logLevel, cfg.Log.Level)
	cfg.Log.Format = cmp.Or(f.logForm, cfg.Log.Format)
	cfg.Log.File = cmp.Or(f.logFile, cfg.Log.File, f.aside)
	if len(args) > 0 {
		exportRoot(cfg, args[0])
	}
	return cfg, f.check(cfg)
}

// applyListeners replaces the lists of addresses. Who asks for plain listeners
// alone doesn't get the TLS one that nobody has named.
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

// check looks at what the flags could have spoiled.
func (f *serveFlags) check(cfg *config.Config) error {
	if err := checkUse(cfg); err != nil {
		return err
	}
	for _, addr := range slices.Concat(f.listen, f.plain) {
		if err := config.CheckAddr(addr); err != nil {
			return usagef("%s: %w", addr, err)
		}
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, cfg.Log.Level) {
		return usagef("--log-level: %q is not debug, info, warn or error", cfg.Log.Level)
	}
	if cfg.Log.Format != "text" && cfg.Log.Format != "json" {
		return usagef("--log-format: %q is not text or json", cfg.Log.Format)
	}
	return f.checkRoot(cfg)
}

// checkUse refuses a server that nobody could fetch anything from.
func checkUse(cfg *config.Config) error {
	if len(cfg.Exports) == 0 {
		return usagef("nothing to serve: name a folder, or configure an [[export]]")
	}
	if len(cfg.Server.Listen)+len(cfg.Server.Plain) == 0 {
		return cfg.Errorf("server.listen", "nowhere to listen, and no plain address either")
	}
	return nil
}

// checkRoot refuses to let root face a network.
func (f *serveFlags) checkRoot(cfg *config.Config) error {
	if os.Geteuid() != 0 || f.allowRoot {
		return nil
	}
	for _, addr := range slices.Concat(cfg.Server.Listen, cfg.Server.Plain, []string{cfg.Metrics.Listen}) {
		if host, _, _ := net.SplitHostPort(addr); addr != "" && !isLoopback(host) {
			return usagef("refusing to serve %s as root: use an account of its own, or --allow-root", addr)
		}
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// announce tells where the server listens: in the log, in the ready file, and
// with the command to copy if the password is known.
func (d *daemon) announce(stdout io.Writer, readyFile string) error {
	var ready strings.Builder
	for _, l := range d.listeners {
		d.log.Info("listening", "listener", l.kind, "addr", l.Addr().String())
		fmt.Fprintf(&ready, "%s %s\n", l.kind, l.Addr())
	}
	if d.token != "" {
		fmt.Fprintf(stdout, "Fetch with:\n  %s -l /\n", d.clientLine())
	}
	if readyFile != "" {
		if err := atomicfile.Write(readyFile, 0o644, []byte(ready.String())); err != nil {
			return err
		}
	}
	d.log.Info("ready")
	return nil
}

// removeReady removes the ready file, unless it is another process's by now.
func (d *daemon) removeReady(file string) {
	if file != "" && !d.replaced.Load() {
		os.Remove(file)
	}
}

// clientLine returns the start of an mtsclient command that logs in.
func (d *daemon) clientLine() string {
	l := d.listeners[0]
	if l.kind == "plain" {
		return fmt.Sprintf("MTS_PASSWORD=%s mtsclient --server mts+plain://%s", d.token, l.Addr())
	}
	return fmt.Sprintf("MTS_PASSWORD=%s mtsclient --server mts://%s --pin %s", d.token, l.Addr(), d.pin())
}

// pin returns the pin of the certificate in use.
func (d *daemon) pin() string {
	pair, _ := d.keeper.GetCertificate(nil)
	return certs.Pin(pair.Leaf)
}

// notify returns the signals that steer the server. It is called before
// anybody is told that the server is there.
func notify(more ...os.Signal) (signals <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 4)
	signal.Notify(c, append(more, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)...)
	return c, func() { signal.Stop(c) }
}

// wait returns when a listener has failed, or when SIGINT or SIGTERM came, or a
// new process has taken over, and transfers have had as long as drain to
// finish. A second signal ends it at once.
func (d *daemon) wait(failed <-chan error, signals <-chan os.Signal, drain time.Duration) error {
	u := d.newUpgrade()
	defer u.cancel()
	for {
		select {
		case err := <-failed:
			return err
		case err := <-u.done:
			if u.finish(err); err == nil {
				d.replaced.Store(true)
				d.console.close()
				return d.drain(d.server.Retire, drain, signals)
			}
		case sig := <-signals:
			switch {
			case sig == os.Interrupt && d.console.interrupt():
			case sig == syscall.SIGHUP:
				d.reopenLog()
				d.reload("")
			case slices.Contains(upgradeSignals, sig):
				u.start()
			default:
				d.log.Info("shutdown", "signal", sig.String())
				d.tell(systemd.SdNotifyStopping)
				return d.drain(d.server.Shutdown, drain, signals)
			}
		case how := <-d.stops:
			d.log.Info("shutdown", "signal", "an operator's")
			d.tell(systemd.SdNotifyStopping)
			return d.drain(d.server.Shutdown, drainTime(how, drain), signals)
		}
	}
}

// drain lets the sessions finish, as end does. A second signal ends it at once,
// as does an operator's shutdown.
func (d *daemon) drain(end func(context.Context) error, limit time.Duration, signals <-chan os.Signal) error {
	d.ready.Store(false)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- end(ctx) }()
	for {
		select {
		case err := <-done:
			if err != nil {
				d.log.Warn("shutdown", "err", "transfers were cut off")
			}
			return nil
		case sig := <-signals:
			if sig == os.Interrupt || sig == syscall.SIGTERM {
				return fmt.Errorf("stopped at once by a second signal (%s)", sig)
			}
			d.reopenLog()
		case how := <-d.stops:
			if how != admin.StopDrained { // which is what happens already
				cancel()
			}
		}
	}
}

// reopenLog lets the log be rotated.
func (d *daemon) reopenLog() {
	if err := d.log.reopen(); err != nil {
		d.logReload("log", err)
	}
}

// usersFile returns the users file: the flag's, the configuration's, or the
// one in the state directory, whether it exists or not.
func usersFile(cfg *config.Config, opts *options) (path string, named bool, err error) {
	if cfg.Auth.Users != "" {
		return cfg.Auth.Users, true, nil
	}
	dir, err := opts.stateDir()
	return filepath.Join(dir, "users"), false, err
}
