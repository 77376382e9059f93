package mtsdcmd

import (
	"cmp"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/coreos/go-systemd/v22/activation"

	"mts/core/config"
)

// An inheritance is what the process got when it was started: listeners of the
// service manager (socket activation, sd_listen_fds(3)), or those of the server
// that it takes over from, which are passed in the same way.
type inheritance struct {
	listeners []listener
	ready     *os.File            // gets the outcome of the start, for that server; nil without one
	token     string              // of that server's default account
	confined  bool                // in that server's sandbox
	activated map[string][]string // addresses of the service manager's listeners, by kind
}

// upgradeEnv is set for a process that takes over from its parent, to confinedEnv
// if its parent is in a sandbox. That process sets LISTEN_PID and WATCHDOG_PID
// itself, because its parent can't know its pid when it sets the environment.
const (
	upgradeEnv  = "MTSD_UPGRADE"
	confinedEnv = "confined"
)

// Names of the descriptors that are passed in addition to listeners.
const (
	readyName = "ready"
	tokenName = "token"
)

// inherit takes the descriptors that were passed to the process, so that its own
// children don't get them.
func (in *inheritance) inherit() error {
	upgrade := os.Getenv(upgradeEnv) != ""
	in.confined = os.Getenv(upgradeEnv) == confinedEnv
	if upgrade {
		pid := strconv.Itoa(os.Getpid())
		os.Setenv("LISTEN_PID", pid)
		os.Setenv("WATCHDOG_PID", pid)
		os.Unsetenv(upgradeEnv)
	}
	var problems []error
	for _, f := range activation.Files(true) {
		problems = append(problems, in.add(f, upgrade))
	}
	return errors.Join(problems...)
}

func (in *inheritance) add(f *os.File, upgrade bool) error {
	if upgrade && f.Name() == readyName {
		in.ready = f
		return nil
	}
	defer f.Close()
	if upgrade && f.Name() == tokenName {
		token, err := io.ReadAll(f)
		in.token = string(token)
		return err
	}
	l, err := inheritListener(f, upgrade)
	if err == nil {
		in.listeners = append(in.listeners, l)
	}
	return err
}

// inheritListener makes a listener of a descriptor. The descriptor's name is the
// kind, followed by the configured address if there is one (see fdName).
func inheritListener(f *os.File, upgrade bool) (l listener, err error) {
	l.kind = f.Name()
	if kind, addr, named := strings.Cut(l.kind, "="); named && upgrade {
		if l.addr, err = url.QueryUnescape(addr); err != nil {
			return l, err
		}
		l.kind = kind
	}
	l.Listener, err = net.FileListener(f)
	if err != nil || !listens(f) || l.addr == "" && l.Addr().Network() != "tcp" {
		return l, usagef("the socket %q from the service manager is not a TCP listener", f.Name())
	}
	return l, nil
}

// configure replaces addresses of the configuration by those of the service
// manager's listeners of the same kind, at the start and at each reload.
func (in *inheritance) configure(cfg *config.Config, flags *serveFlags) {
	if in.activated == nil {
		in.sort(cfg)
	}
	if addrs := in.activated["plain"]; addrs != nil {
		cfg.Server.Plain = addrs
		flags.dropDefault(cfg)
	}
	if addrs := in.activated["tls"]; addrs != nil {
		cfg.Server.Listen = addrs
	}
	if addrs := in.activated["metrics"]; addrs != nil {
		cfg.Metrics.Listen = addrs[0]
	}
}

// sort gives each activated listener its kind.
func (in *inheritance) sort(cfg *config.Config) {
	in.activated = make(map[string][]string)
	for i := range in.listeners {
		if l := &in.listeners[i]; l.addr == "" {
			l.kind = kindOf(l, cfg)
			in.activated[l.kind] = append(in.activated[l.kind], l.Addr().String())
		}
	}
}

// kindOf returns the kind of an activated listener: its name, or that of the
// address in the configuration, or TLS.
func kindOf(l *listener, cfg *config.Config) string {
	at := func(addr string) bool { return sameAddr(addr, l.Addr().(*net.TCPAddr)) }
	switch {
	case slices.Contains([]string{"tls", "plain", "metrics"}, l.kind):
		return l.kind
	case slices.ContainsFunc(cfg.Server.Plain, at):
		return "plain"
	case at(cfg.Metrics.Listen):
		return "metrics"
	}
	return "tls"
}

// sameAddr reports whether a configured address is that of a listener. All ways
// to write "all interfaces" are the same.
func sameAddr(configured string, addr *net.TCPAddr) bool {
	host, port, err := net.SplitHostPort(configured)
	if err != nil || port != strconv.Itoa(addr.Port) {
		return false
	}
	ip := net.ParseIP(cmp.Or(host, "::"))
	return ip.Equal(addr.IP) || ip.IsUnspecified() && addr.IP.IsUnspecified()
}

// take removes and returns the listener of that kind and configured address, if
// there is one.
func (in *inheritance) take(kind, addr string) (l listener, found bool) {
	i := slices.IndexFunc(in.listeners, func(l listener) bool {
		return l.kind == kind && cmp.Or(l.addr, l.Addr().String()) == addr
	})
	if i < 0 {
		return l, false
	}
	l = in.listeners[i]
	in.listeners = slices.Delete(in.listeners, i, i+1)
	return l, true
}

// report tells the server that is being replaced that this one is ready, or why
// it isn't, and closes the listeners that nobody took. Only the first report
// counts.
func (in *inheritance) report(err error) {
	for _, l := range in.listeners {
		l.Close()
	}
	in.listeners = nil
	if in.ready == nil {
		return
	}
	text := readyName
	if err != nil {
		text = oneLine(err).Error()
	}
	_, _ = in.ready.WriteString(text) // it may be gone
	in.ready.Close()
	in.ready = nil
}
