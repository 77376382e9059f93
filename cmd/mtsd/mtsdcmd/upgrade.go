package mtsdcmd

import (
	"context"
	"fmt"
	"net/url"

	systemd "github.com/coreos/go-systemd/v22/daemon"
)

// An upgrade starts the server's program again, while this process goes on, and
// passes it the listeners. This process accepts connections until the new one
// says that it is ready, and then retires. So no connection is ever refused, and
// a start that fails changes nothing.
type upgrade struct {
	daemon  *daemon
	done    chan error // receives the outcome of each start
	running bool       // a start is under way
	pid     int        // of the new process, after a start that succeeded
	ctx     context.Context
	cancel  context.CancelFunc // ends the start that is under way
}

func (d *daemon) newUpgrade() *upgrade {
	u := &upgrade{daemon: d, done: make(chan error, 1)}
	u.ctx, u.cancel = context.WithCancel(context.Background())
	return u
}

// start begins an upgrade, unless one is under way or the server isn't ready.
func (u *upgrade) start() {
	if u.running || !u.daemon.monitor.ready.Load() {
		return
	}
	u.running = true
	u.daemon.log.Info("upgrade", "state", "starting")
	go func() { u.done <- u.run() }()
}

// finish reports the outcome of a start to the log and to the service manager.
func (u *upgrade) finish(err error) {
	u.running = false
	if err != nil {
		u.daemon.log.Error("upgrade", "state", "failed", "err", err)
		return
	}
	u.daemon.log.Info("upgrade", "state", "done", "pid", u.pid)
	u.daemon.sdNotify(fmt.Sprintf("MAINPID=%d", u.pid), systemd.SdNotifyReady)
}

// fdName is the name of a listener's descriptor for the new process: the kind,
// and the configured address if there is one.
func (l listener) fdName() string {
	if l.addr == "" {
		return l.kind
	}
	return l.kind + "=" + url.QueryEscape(l.addr)
}
