package mtsdcmd

import (
	"context"
	"fmt"
	"net/url"

	systemd "github.com/coreos/go-systemd/v22/daemon"
)

// An upgrade starts the server's program anew, while this process goes on, and
// hands it the listeners. Both accept connections until this one is told that
// the other is ready; then it retires. So nobody is ever turned away, and a
// start that fails changes nothing.
type upgrade struct {
	daemon  *daemon
	done    chan error // gets the outcome of each start
	running bool       // done is still to get one
	pid     int        // of the new process, once done has got nil
	ctx     context.Context
	cancel  context.CancelFunc // ends a start that is under way
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

// finish tells the log and the service manager how an upgrade went.
func (u *upgrade) finish(err error) {
	u.running = false
	if err != nil {
		u.daemon.log.Error("upgrade", "state", "failed", "err", err)
		return
	}
	u.daemon.log.Info("upgrade", "state", "done", "pid", u.pid)
	u.daemon.tell(fmt.Sprintf("MAINPID=%d", u.pid), systemd.SdNotifyReady)
}

// handedName is the name by which a listener is handed on: its kind, and the
// address that the configuration has for it.
func (l listener) handedName() string {
	if l.addr == "" {
		return l.kind
	}
	return l.kind + "=" + url.QueryEscape(l.addr)
}
