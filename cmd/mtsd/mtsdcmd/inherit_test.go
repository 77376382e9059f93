package mtsdcmd

import (
	"net"
	"os"
	"slices"
	"strings"
	"testing"

	"mts/core/config"
)

// A bound is a listener that only has an address.
type bound struct {
	net.Listener
	addr net.TCPAddr
}

func (b *bound) Addr() net.Addr { return &b.addr }

func at(ip string, port int) *bound {
	return &bound{addr: net.TCPAddr{IP: net.ParseIP(ip), Port: port}}
}

func TestActivatedAddresses(t *testing.T) {
	flags := &serveFlags{options: &options{}}
	in := &flags.inherited
	in.listeners = []listener{
		{Listener: at("::", 6871), kind: "mtsd.socket"},
		{Listener: at("127.0.0.1", 9), kind: "unknown"},
		{Listener: at("127.0.0.1", 9870), kind: "metrics"},
		{Listener: at("127.0.0.1", 1234), kind: "plain", addr: "127.0.0.1:0"},
	}
	for range 2 { // as a reload does
		cfg := config.Default()
		cfg.Server.Plain = []string{"0.0.0.0:6871"}
		in.configure(cfg, flags)
		if !slices.Equal(cfg.Server.Listen, []string{"127.0.0.1:9"}) || !slices.Equal(cfg.Server.Plain, []string{"[::]:6871"}) ||
			cfg.Metrics.Listen != "127.0.0.1:9870" {
			t.Errorf("tls %q, plain %q, metrics %q", cfg.Server.Listen, cfg.Server.Plain, cfg.Metrics.Listen)
		}
	}
	if l, found := in.take("plain", "127.0.0.1:0"); !found || l.Addr().(*net.TCPAddr).Port != 1234 {
		t.Errorf("took %v, %v", l, found)
	}
	if _, found := in.take("plain", "127.0.0.1:0"); found {
		t.Error("took it twice")
	}
}

// Only plain sockets: nobody has asked for the TLS listener that is the default.
func TestActivatedPlainAlone(t *testing.T) {
	flags := &serveFlags{options: &options{}}
	flags.inherited.listeners = []listener{{Listener: at("127.0.0.1", 9), kind: "plain"}}
	cfg := config.Default()
	flags.inherited.configure(cfg, flags)
	if len(cfg.Server.Listen) > 0 {
		t.Errorf("TLS listens on %q", cfg.Server.Listen)
	}
}

func TestRootBeyondLoopback(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	for name, change := range map[string]func(*config.Config, *serveFlags){
		"metrics": func(c *config.Config, _ *serveFlags) { c.Metrics.Listen = ":9870" },
		"activated": func(c *config.Config, f *serveFlags) {
			f.inherited.listeners = []listener{{Listener: at("0.0.0.0", 6870), kind: "tls"}}
			f.inherited.configure(c, f)
		},
	} {
		flags := &serveFlags{options: &options{}}
		cfg := config.Default()
		change(cfg, flags)
		if err := flags.checkRoot(cfg); err == nil || !strings.Contains(err.Error(), "--allow-root") {
			t.Errorf("%s: %v", name, err)
		}
		flags.allowRoot = true
		if err := flags.checkRoot(cfg); err != nil {
			t.Errorf("%s with --allow-root: %v", name, err)
		}
	}
}

// A socket of the service manager beyond loopback takes an account, as a
// configured one does: the token would be in its journal.
func TestActivatedWithoutAccounts(t *testing.T) {
	for addr, refused := range map[string]bool{"0.0.0.0": true, "::": true, "192.0.2.1": true, "127.0.0.1": false, "::1": false} {
		flags := &serveFlags{options: &options{state: t.TempDir()}, allowRoot: true}
		flags.inherited.listeners = []listener{{Listener: at(addr, 6870), kind: "tls"}}
		p, err := (&preparer{options: flags.options, dry: true}).prepare(flags.configure([]string{t.TempDir()}))
		if (err != nil) != refused || refused && (exitCode(err) != exitUsage || !strings.Contains(err.Error(), "mtsd user add")) {
			t.Errorf("%s: %v", addr, err)
		}
		if err == nil {
			p.close()
		}
	}
}
