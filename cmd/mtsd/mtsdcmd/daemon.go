package mtsdcmd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"mts/admin"
	"mts/certs"
	"mts/core/auth"
	"mts/core/builtin"
	"mts/core/config"
	"mts/core/exports"
	"mts/core/limit"
	"mts/core/metrics"
	"mts/core/server"
	"mts/plugins"
)

// A daemon is a server with all that it works with.
type daemon struct {
	opts      *options
	log       *journal
	users     *auth.Users
	limits    *limit.Table
	token     string // of the account "default", if there is no users file
	server    *server.Server
	plugins   *plugins.Set // nil without any
	latency   *metrics.Latency
	metrics   *http.Server // nil without any
	ready     atomic.Bool  // takes clients
	listeners []listener
	replaced  atomic.Bool                    // another process goes on with the listeners
	sandbox   *sandbox                       // nil where there is none
	console   *console                       // nil without one
	plane     *admin.Plane                   // nil until operators may come
	stops     chan admin.Stop                // what they want
	stopped   chan struct{}                  // closed at the end
	configure func() (*config.Config, error) // reads the configuration anew

	reloading sync.Mutex // guards what a reload replaces
	cfg       *config.Config
	keeper    *certs.Keeper // nil without TLS
	tree      *exports.Tree
}

type listener struct {
	net.Listener
	kind string // as in the ready file: "tls", "plain" or "metrics"
	addr string // as configured; "" if the service manager has opened it
}

// newDaemon makes a server of a configuration that has been checked. The
// errors of what the configuration names say where it does so.
func newDaemon(cfg *config.Config, opts *options, log *journal) (*daemon, error) {
	if err := unsupported(cfg); err != nil {
		return nil, err
	}
	if err := checkPlaces(cfg); err != nil {
		return nil, err
	}
	d := &daemon{opts: opts, log: log, cfg: cfg, stops: make(chan admin.Stop, 2), stopped: make(chan struct{})}
	d.configure = func() (*config.Config, error) { return cfg, nil }
	var err error
	if d.keeper, err = d.openKeeper(cfg); err != nil {
		return nil, err
	}
	if err := d.loadUsers(cfg, opts); err != nil {
		return nil, err
	}
	if err := d.loadLimits(cfg, opts); err != nil {
		return nil, err
	}
	settings, err := openSettings(cfg, d.keeper)
	if err != nil {
		return nil, err
	}
	d.tree = settings.Exports
	d.server, err = server.New(server.Config{
		Settings:          settings,
		Commands:          builtin.Commands(),
		Auth:              d.users,
		Limits:            d.limits,
		Observe:           d.observer(cfg),
		InsecurePlaintext: opts.insecurePlaintext,
		Log:               log.Logger,
	})
	if err == nil && cfg.Plugins.Dir != "" {
		if d.plugins, err = openPlugins(cfg, opts, log.Logger, d.server.SetPlugins); err == nil {
			err = d.plugins.Wait(context.Background())
		}
	}
	if err != nil {
		d.tree.Close()
		return nil, err
	}
	return d, nil
}

// openSettings opens what the configuration exports, and what TLS needs beside
// the certificate.
func openSettings(cfg *config.Config, keeper *certs.Keeper) (server.Settings, error) {
	tlsConfig, err := tlsConfig(cfg, keeper)
	if err != nil {
		return server.Settings{}, err
	}
	tree, err := openExports(cfg)
	return settings(cfg, tree, tlsConfig), err
}

func settings(cfg *config.Config, tree *exports.Tree, tlsConfig *tls.Config) server.Settings {
	return server.Settings{
		Exports:     tree,
		Grant:       grants(cfg),
		TLS:         tlsConfig,
		StartTLS:    cfg.Server.StartTLS,
		Timeouts:    server.Timeouts(cfg.Timeouts),
		MaxSessions: cfg.Server.MaxSessions,
	}
}

// unsupported refuses services that the configuration format has, but this
// version of the server hasn't.
func unsupported(cfg *config.Config) error {
	for key, set := range map[string]bool{
		"tls.acme.domains": len(cfg.TLS.ACME.Domains) > 0,
	} {
		if set {
			return cfg.Errorf(key, "not supported by this version")
		}
	}
	return nil
}

// pairLoader returns how to load the certificate that cfg names, or the one in
// the state directory, which is made if it isn't there.
func pairLoader(cfg *config.Config, opts *options) func() (tls.Certificate, error) {
	if cfg.TLS.Cert != "" {
		return func() (tls.Certificate, error) { return certs.Load(cfg.TLS.Cert, cfg.TLS.Key) }
	}
	return func() (tls.Certificate, error) {
		dir, err := opts.makeStateDir()
		if err != nil {
			return tls.Certificate{}, err
		}
		return certs.LoadOrMake(dir, listenHosts(cfg))
	}
}

// tlsConfig returns nil without a keeper.
func tlsConfig(cfg *config.Config, keeper *certs.Keeper) (*tls.Config, error) {
	if keeper == nil {
		return nil, nil
	}
	pool, ask, err := clientCAs(cfg)
	if err != nil {
		return nil, err
	}
	version := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}[cfg.TLS.MinVersion]
	return certs.ServerConfig(keeper, version, pool, ask), nil
}

// pairError says which line of the configuration names the bad file.
func pairError(cfg *config.Config, err error) error {
	var pair *certs.Error
	if !errors.As(err, &pair) {
		return err
	}
	key := "tls.cert"
	if pair.Key {
		key = "tls.key"
	}
	return cfg.Errorf(key, "%s", err)
}

func clientCAs(cfg *config.Config) (*x509.CertPool, tls.ClientAuthType, error) {
	if cfg.TLS.ClientCA == "" {
		return nil, tls.NoClientCert, nil
	}
	pem, err := os.ReadFile(cfg.TLS.ClientCA)
	if err != nil {
		return nil, 0, cfg.Errorf("tls.client_ca", "%s", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, 0, cfg.Errorf("tls.client_ca", "%s holds no certificate", cfg.TLS.ClientCA)
	}
	if cfg.TLS.ClientAuth == "require" {
		return pool, tls.RequireAndVerifyClientCert, nil
	}
	return pool, tls.VerifyClientCertIfGiven, nil
}

// listenHosts are the names that clients may know the server by.
func listenHosts(cfg *config.Config) []string {
	var hosts []string
	for _, addr := range cfg.Server.Listen {
		if host, _, err := net.SplitHostPort(addr); err == nil {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// loadUsers opens the users file. If none is named and none is there, the one
// account is "default", and its token lives as long as the process.
func (d *daemon) loadUsers(cfg *config.Config, opts *options) error {
	path, named, err := usersFile(cfg, opts)
	if err != nil {
		return err
	}
	d.users, err = auth.Open(path)
	switch {
	case err == nil:
		d.users.OnError = func(err error) { d.logReload("users", err) }
		d.users.OnChange = d.accountsChanged
		return nil
	case !named && errors.Is(err, fs.ErrNotExist):
		if d.token = opts.inherited.token; d.token == "" {
			d.token, _ = auth.NewToken()
		}
		d.users = auth.Memory(auth.Account{Name: "default", Hash: auth.HashToken(d.token)})
		return nil
	case errors.As(err, new(*auth.LineError)):
		return err
	}
	return cfg.Errorf("auth.users", "%s", err)
}

func openExports(cfg *config.Config) (*exports.Tree, error) {
	var list []exports.Export
	for _, e := range cfg.Exports {
		list = append(list, exports.Export{Path: e.Path, Dir: e.Dir, Hidden: e.Hidden})
	}
	tree, err := exports.New(list...)
	var bad *exports.Error
	if errors.As(err, &bad) {
		return nil, cfg.Errorf(fmt.Sprintf("export[%d].dir", bad.Index), "%s", err)
	}
	return tree, err
}

// loadLimits opens the table of clients, with the bans that are kept in the
// state directory.
func (d *daemon) loadLimits(cfg *config.Config, opts *options) error {
	dir, err := opts.makeStateDir()
	if err != nil {
		return err
	}
	if d.limits, err = limit.Open(filepath.Join(dir, "bans"), policy(cfg)); err != nil {
		return err
	}
	d.limits.OnError = func(err error) { d.log.Error("bans", "err", err) }
	return nil
}

// policy is what the configuration says of limits.
func policy(cfg *config.Config) limit.Policy {
	l := cfg.Limits
	return limit.Policy{
		Client: limit.Rates{
			Sessions: l.SessionsPerClient,
			Commands: l.CommandsPerSecond,
			Bytes:    int64(l.BytesPerSecond),
		},
		Connections: l.ConnectionsPerSecond,
		Account: func(name string) limit.Rates {
			u := cfg.Users[name]
			return limit.Rates{Sessions: u.Sessions, Commands: u.CommandsPerSecond, Bytes: int64(u.BytesPerSecond)}
		},
		Total:       int64(l.TotalBytesPerSecond),
		MaxSessions: cfg.Server.MaxSessions,
		Failures:    l.LoginFailures,
		BanTime:     l.BanTime,
	}
}

// grants looks an account up in the [user.NAME] tables.
func grants(cfg *config.Config) func(string) server.Grant {
	return func(user string) server.Grant {
		u := cfg.Users[user]
		return server.Grant{Exports: u.Exports, Verbs: u.Verbs}
	}
}

// listen opens the listeners. Those that are open when one fails are closed by
// close.
func (d *daemon) listen(cfg *config.Config) error {
	for _, addr := range cfg.Server.Listen {
		if err := d.open("tls", addr); err != nil {
			return err
		}
	}
	for _, addr := range cfg.Server.Plain {
		if err := d.open("plain", addr); err != nil {
			return err
		}
	}
	return d.openMetrics(cfg)
}

func (d *daemon) open(kind, addr string) error {
	if l, found := d.opts.inherited.take(kind, addr); found {
		d.listeners = append(d.listeners, l)
		return nil
	}
	network := "tcp"
	if host, _, _ := net.SplitHostPort(addr); net.ParseIP(host).To4() != nil {
		network = "tcp4" // or else 0.0.0.0 would be open for IPv6 too
	}
	ln, err := net.Listen(network, addr)
	if err == nil {
		d.listeners = append(d.listeners, listener{ln, kind, addr})
	}
	return err
}

// start begins to accept. What ends a listener is sent to the channel.
func (d *daemon) start() <-chan error {
	go d.watchUsers()
	failed := make(chan error, len(d.listeners))
	for _, l := range d.listeners {
		serve := d.server.Serve
		switch l.kind {
		case "tls":
			serve = d.server.ServeTLS
		case "metrics":
			serve = d.metrics.Serve
		}
		go func() {
			if err := serve(l); !errors.Is(err, server.ErrServerClosed) {
				failed <- err
			}
		}()
	}
	d.ready.Store(true)
	return failed
}

// close ends the sessions that are left and gives everything back.
func (d *daemon) close() {
	close(d.stopped)
	if d.plane != nil {
		d.plane.Close()
	}
	for _, l := range d.listeners {
		l.Close()
	}
	d.server.Close()
	if d.metrics != nil {
		d.metrics.Close()
	}
	if d.plugins != nil {
		d.plugins.Close()
	}
	if err := d.limits.Close(); err != nil {
		d.log.Error("bans", "err", err)
	}
	d.tree.Close()
}
