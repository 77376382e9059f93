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

// startTime is how long a new process may take until it is ready.
const startTime = time.Minute

// run starts the new process and returns when it is ready. Otherwise it is
// gone.
func (u *upgrade) run() error {
	told, ready, err := os.Pipe()
	if err != nil {
		return err
	}
	defer told.Close()
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
	if err := u.hear(told); err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		return err
	}
	u.pid = cmd.Process.Pid
	go cmd.Wait() // no zombie is to stay, should it end first
	return nil
}

// hear waits until the new process says that it is ready, or what went wrong.
func (u *upgrade) hear(told *os.File) error {
	told.SetReadDeadline(time.Now().Add(startTime))
	stop := context.AfterFunc(u.ctx, func() { told.SetReadDeadline(time.Now()) })
	defer stop()
	text, err := io.ReadAll(told)
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

// command returns the command of the new process: the program that is at this
// one's path by now, handed what it needs in the way of sd_listen_fds(3). Its
// ExtraFiles are to be closed, whatever the error.
func (u *upgrade) command(ready *os.File) (*exec.Cmd, error) {
	self, problem := os.Executable()
	cmd := exec.Command(self)
	var names []string
	hand := func(name string, f *os.File, err error) {
		if problem = errors.Join(problem, err); err == nil {
			cmd.ExtraFiles, names = append(cmd.ExtraFiles, f), append(names, name)
		}
	}
	hand(readyName, ready, nil)
	if token := u.daemon.parts.Load().accounts.token; token != "" {
		f, err := filled(token)
		hand(tokenName, f, err)
	}
	for _, l := range u.daemon.listeners {
		f, err := descriptor(l.Listener)
		hand(l.handedName(), f, err)
	}
	cmd.Args = os.Args
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), upgradeEnv+"=1",
		fmt.Sprintf("LISTEN_FDS=%d", len(names)), "LISTEN_FDNAMES="+strings.Join(names, ":"))
	return cmd, problem
}

// descriptor duplicates the descriptor of a listener. The listener's own File
// would make both block.
func descriptor(ln net.Listener) (f *os.File, err error) {
	conn, ok := ln.(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("a %T can't be handed on", ln)
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

// filled returns a pipe that holds text.
func filled(text string) (*os.File, error) {
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
