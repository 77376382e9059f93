//go:build unix

package mtsdcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// upgradeSignals ask for an upgrade.
var upgradeSignals = []os.Signal{syscall.SIGUSR2}

// startTime is how long a new process may take to become ready.
const startTime = time.Minute

// run starts the new process and returns nil when that is ready. After an error
// the new process has ended.
func (u *upgrade) run() error {
	outcome, ready, err := os.Pipe()
	if err != nil {
		return err
	}
	defer outcome.Close()
	cmd, err := u.command(ready)
	if err == nil {
		err = cmd.Start()
	}
	for _, f := range cmd.ExtraFiles {
		f.Close()
	}
	if err != nil {
		return err
	}
	if err := u.waitReady(outcome); err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		return err
	}
	u.pid = cmd.Process.Pid
	go cmd.Wait() // or else it would stay as a zombie if it ended first
	return nil
}

// waitReady waits until the new process writes to outcome that it is ready. It
// returns what else the process writes as an error.
func (u *upgrade) waitReady(outcome *os.File) error {
	outcome.SetReadDeadline(time.Now().Add(startTime))
	stop := context.AfterFunc(u.ctx, func() { outcome.SetReadDeadline(time.Now()) })
	defer stop()
	text, err := io.ReadAll(outcome)
	switch {
	case err != nil:
		return err
	case string(text) == readyName:
		return nil
	case len(text) > 0:
		return errors.New(string(text))
	}
	return errors.New("the new process ended before it was ready")
}

// command returns the command of the new process: the program that is at the path
// of this one by now. Descriptors are passed as sd_listen_fds(3) says. The caller
// closes the command's ExtraFiles, also after an error.
func (u *upgrade) command(ready *os.File) (*exec.Cmd, error) {
	self, problem := os.Executable()
	cmd := exec.Command(self)
	var names []string
	pass := func(name string, f *os.File, err error) {
		if problem = errors.Join(problem, err); err == nil {
			cmd.ExtraFiles, names = append(cmd.ExtraFiles, f), append(names, name)
		}
	}
	pass(readyName, ready, nil)
	if accounts := u.daemon.parts.Load().accounts; !accounts.FromFile() {
		f, err := pipeOf(accounts.token)
		pass(tokenName, f, err)
	}
	for _, l := range u.daemon.listeners {
		f, err := dupListener(l.Listener)
		pass(l.fdName(), f, err)
	}
	cmd.Args = os.Args
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	state := "1"
	if u.daemon.reloads.sandbox != nil {
		state = confinedEnv
	}
	cmd.Env = append(os.Environ(), upgradeEnv+"="+state,
		fmt.Sprintf("LISTEN_FDS=%d", len(names)), "LISTEN_FDNAMES="+strings.Join(names, ":"))
	return cmd, problem
}

// dupListener duplicates the descriptor of a listener. The listener's method File
// would set both to blocking mode.
func dupListener(ln net.Listener) (f *os.File, err error) {
	conn, ok := ln.(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("a %T can't be passed to another process", ln)
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	closed := raw.Control(func(fd uintptr) {
		var dup int
		if dup, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 3); err == nil {
			f = os.NewFile(uintptr(dup), ln.Addr().String())
		}
	})
	return f, errors.Join(closed, err)
}

// pipeOf returns a pipe to read text from.
func pipeOf(text string) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	_, err = w.WriteString(text)
	return r, err
}

// listens reports whether a socket accepts connections.
func listens(f *os.File) bool {
	n, err := unix.GetsockoptInt(int(f.Fd()), unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	return err == nil && n != 0
}
