package server

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"mts/core"
	"mts/core/exports"
	"mts/core/limit"
	"mts/core/names"
	"mts/core/transport"
	"mts/core/wire"
)

// Why a session ends, in the words that its client sees.
var (
	errShutdown    = core.Errorf(core.CodeShuttingDown, "Server is shutting down.")
	errTimeout     = core.Errorf(core.CodeTimeout, "Timeout.")
	errLineTooLong = core.Errorf(core.CodeLineTooLong, "Line too long.")
	errCutOff      = core.Errorf(core.CodeKicked, "Disconnected: an operator has aborted the transfer.")
)

// Why a session ends without a word.
var (
	errQuit          = errors.New("quit")
	errWrongProtocol = errors.New("wrong protocol")
)

// closeTime is how long a session may take to end after a kick, a command after
// an abort, and the last line to be written.
const closeTime = 700 * time.Millisecond

// smallFile is the size in bytes up to which a file is sent in one write with
// its status line.
const smallFile = 64 << 10

// A session is one connection. Only its own goroutine may use it; other
// goroutines have the handle.
type session struct {
	handle   handle
	server   *Server
	settings *Settings // as they were at the last command
	conn     *transport.Conn
	local    net.Addr         // where the client has connected to
	limits   *limit.Admission // nil if the client is refused
	in       *wire.LineReader
	out      *wire.Writer
	call     call // the call under way

	// The identity of the client.
	user     string          // the account, "" before a login
	nextUser string          // the account that the next AUTH is for
	tree     *exports.Tree   // what the account may read, nil before a login
	verbs    map[string]bool // what it may use, nil: all

	loginDeadline time.Time // for the login
	idleDeadline  time.Time // for the first byte of the next line
	lineDeadline  time.Time // for the end of a line that has begun; zero before

	wantsNotices bool            // OPTS NOTICES is ON
	toldRate     bool            // the client knows that it is slowed down
	sawCommand   bool            // the client has sent a command that exists
	doneHooks    <-chan struct{} // closed when the Done hooks of the last transfer end; nil: none
	refusal      error           // not nil: the client is only told that it is refused
	told         func()          // to be called when a refused connection is closed
	fault        bool            // the client has done what its connection rate pays for
}

func newSession(srv *Server, nc net.Conn, ends ends, secure bool) *session {
	now, settings := time.Now(), srv.settings.Load()
	s := &session{
		server:        srv,
		settings:      settings,
		conn:          transport.New(nc, settings.Timeouts.Write),
		local:         ends.local,
		nextUser:      names.DefaultAccount,
		loginDeadline: now.Add(settings.Timeouts.Login),
	}
	s.in = wire.NewLineReader(s.conn)
	h := &s.handle
	h.remote, h.client = ends.remote.String(), limit.Address(ends.remote)
	h.since, h.conn = now, s.conn
	h.tls.Store(secure)
	h.ctx, h.cancel = context.WithCancelCause(context.Background())
	h.lastActive.Store(now.UnixNano())
	return s
}

// start waits for the connection rate and does the handshake, if there is one.
// A handshake makes the stack grow, so the rest runs in a new goroutine.
func (s *session) start(secure bool) {
	err := s.waitForConnectionRate()
	if err == nil && secure {
		err = s.handshake()
	}
	switch {
	case err == nil:
		go s.serve()
		return
	case errors.Is(err, errTimeout), s.handle.mustEnd() != nil:
		s.conn.Abort()
	default:
		s.conn.Close() // the alert says what is wrong
	}
	s.release()
}

// serve runs the session after its handshake. An idle session costs little more
// than its stack, so the functions between serve and the read need little of it.
func (s *session) serve() {
	defer s.release()
	err := s.greet()
	if err == nil {
		err = s.answerLines()
	}
	s.handle.setState(stateClosing)
	s.close(err)
}

// greet logs the client in if its certificate says who it is, and sends the
// greeting, unless the session has to end or a plugin vetoes it.
func (s *session) greet() error {
	s.handle.setState(stateLogin)
	s.out = wire.NewWriter(s.conn, smallFile)
	if err := s.handle.mustEnd(); err != nil {
		return err
	}
	s.log("connect", "tls", tlsName(s.conn.TLS()))
	s.handle.setWorking(true)
	defer s.handle.setWorking(false)
	if err := s.runHooks("connect", "", "", connectHook); err != nil {
		return err
	}
	if err := s.loginByCertificate(); err != nil {
		return err
	}
	s.handle.setState(s.waitingState())
	return s.out.Status(wire.Success, nil, "Server Ready.")
}

// waitingState is what the session is in between two commands.
func (s *session) waitingState() state {
	if s.user == "" {
		return stateLogin
	}
	return stateIdle
}

// answerLines answers lines until there is a reason to end.
func (s *session) answerLines() error {
	for {
		line, err := s.readLine()
		tooLong := errors.Is(err, wire.ErrLineTooLong)
		if err == nil || tooLong {
			err = s.answerLine(line, tooLong)
		}
		if err != nil {
			return err
		}
	}
}

// answerLine answers a line. First it waits for the hooks of the last transfer,
// and until the client's command rate allows one more.
func (s *session) answerLine(line string, tooLong bool) error {
	if err := s.waitForDoneHooks(); err != nil {
		return err
	}
	over, err := s.waitForCommandRate()
	if err != nil {
		return err
	}
	s.useSettings(s.server.settings.Load())
	switch {
	case over > 0:
		return s.fail(core.Errorf(core.CodeRateLimited, "Too many commands. Try again in %d s.", int(over.Seconds())+1))
	case tooLong:
		return s.fail(errLineTooLong)
	}
	return s.dispatch(line)
}

// close ends the connection in the way that fits the reason.
func (s *session) close(reason error) {
	torn := errors.Is(reason, wire.ErrTorn)
	proper := errors.Is(reason, errQuit) || errors.Is(reason, io.EOF) && !torn
	var clientErr *core.Error
	switch {
	case torn: // nothing may follow
	case errors.Is(reason, errWrongProtocol):
		s.fault = true
		s.logRefusal("protocol")
	case errors.As(reason, &clientErr):
		s.logEnd(clientErr)
		s.conn.SetWriteTimeout(closeTime)
		s.fail(clientErr)
		proper = true
	}
	if !proper || s.out.Flush() != nil {
		if why := s.handle.endReason.Load(); why != nil && why.Code == core.CodeKicked {
			s.server.explainLater(&s.handle, why)
		}
		s.conn.Abort()
		return
	}
	s.handle.explained.Store(true)
	if s.refusal != nil {
		s.conn.CloseWrite() // nothing is read of it, see release
		return
	}
	s.conn.Close()
}

// logEnd logs why the server ends the session. A kick or a refusal has been logged
// when it began.
func (s *session) logEnd(why *core.Error) {
	s.fault = s.fault || why == errTimeout || why == errLineTooLong
	if s.refusal == nil && why.Code != core.CodeKicked {
		s.log("disconnect", "user", s.user, "code", why.Code, "reason", why.Text)
	}
}

// release gives back all that the session holds, after the last hooks.
func (s *session) release() {
	s.in.Release()
	if s.doneHooks != nil {
		<-s.doneHooks
	}
	s.handle.cancel(errQuit)
	s.handle.stopChecking()
	if s.told != nil {
		s.closeTold()
	}
	s.releaseLimits()
	s.server.unregister(&s.handle)
	s.server.running.Done()
}

// log writes one line about the session.
func (s *session) log(msg string, args ...any) { s.server.log(&s.handle, msg, args...) }

func (srv *Server) log(h *handle, msg string, args ...any) {
	args = append([]any{"session", h.id, "remote", h.remote}, args...)
	srv.cfg.Log.Info(msg, args...)
}
