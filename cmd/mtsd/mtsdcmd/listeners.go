package mtsdcmd

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"mts/core/config"
)

// listeners are those of a server, as in its ready file.
type listeners []listener

type listener struct {
	net.Listener
	kind string // as in the ready file: "tls", "plain" or "metrics"
	addr string // as configured; "" if the service manager has opened it
}

// open opens the listeners of a configuration, or takes the inherited ones. If
// one can't be opened, those that are open remain so until close.
func (ls *listeners) open(cfg *config.Config, in *inheritance) error {
	for _, addr := range cfg.Server.Listen {
		if err := ls.add("tls", addr, in); err != nil {
			return err
		}
	}
	for _, addr := range cfg.Server.Plain {
		if err := ls.add("plain", addr, in); err != nil {
			return err
		}
	}
	if cfg.Metrics.Listen == "" {
		return nil
	}
	return ls.add("metrics", cfg.Metrics.Listen, in)
}

func (ls *listeners) add(kind, addr string, in *inheritance) error {
	if l, found := in.take(kind, addr); found {
		*ls = append(*ls, l)
		return nil
	}
	network := "tcp"
	if host, _, _ := net.SplitHostPort(addr); net.ParseIP(host).To4() != nil {
		network = "tcp4" // or else 0.0.0.0 would be open for IPv6 too
	}
	ln, err := net.Listen(network, addr)
	if err != nil {
		return listenError(kind, err)
	}
	*ls = append(*ls, listener{ln, kind, addr})
	return nil
}

// listenError returns the error of an address that can't be listened on, with the
// key that has the address and what can be done.
func listenError(kind string, err error) error {
	key := map[string]string{"tls": "server.listen", "plain": "server.plain", "metrics": "metrics.listen"}[kind]
	for _, known := range []struct {
		err error
		do  string
	}{
		{syscall.EADDRINUSE, "does another mtsd run? Stop it, or choose another address"},
		{syscall.EACCES, "choose a port of 1024 or more, or give mtsd CAP_NET_BIND_SERVICE"},
		{syscall.EADDRNOTAVAIL, "choose an address of this computer"},
	} {
		if errors.Is(err, known.err) {
			return fmt.Errorf("%s: %w; %s", key, err, known.do)
		}
	}
	return fmt.Errorf("%s: %w", key, err)
}

func (ls listeners) close() {
	for _, l := range ls {
		l.Close()
	}
}

// clientLine returns the start of an mtsclient command that logs in with the
// token of the default account.
func (d *daemon) clientLine() string {
	l, p := d.listeners[0], d.parts.Load()
	if l.kind == "plain" {
		return fmt.Sprintf("MTS_PASSWORD=%s mtsclient --server mts+plain://%s", p.accounts.token, l.Addr())
	}
	return fmt.Sprintf("MTS_PASSWORD=%s mtsclient --server mts://%s --pin %s", p.accounts.token, l.Addr(), p.pin())
}
