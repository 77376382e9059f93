package server

import (
	"errors"
	"os"
	"strings"
	"time"

	"mts/core/transport"
	"mts/core/wire"
)

// readLine returns the next line. Before it waits, it sends what is pending:
// replies and notices.
func (s *session) readLine() (string, error) {
	now := time.Now()
	s.handle.lastActive.Store(now.UnixNano())
	s.idleDeadline, s.lineDeadline = now.Add(s.settings.Timeouts.Idle), time.Time{}
	for {
		if err := s.handle.mustEnd(); err != nil {
			return "", err
		}
		if s.user == "" && !time.Now().Before(s.loginDeadline) {
			return "", errTimeout // lines that are buffered don't wait for a deadline
		}
		for _, text := range s.handle.takeNotices() {
			s.out.Status(wire.Notice, nil, text)
		}
		err := s.waitForLine()
		var line string
		if err == nil {
			line, err = s.in.ReadLine()
		}
		switch {
		case errors.Is(err, transport.ErrInterrupted):
			continue
		case errors.Is(err, os.ErrDeadlineExceeded):
			return "", errTimeout
		case errors.Is(err, wire.ErrGarbage):
			return "", errLineTooLong
		case err != nil && !errors.Is(err, wire.ErrLineTooLong):
			return "", err
		}
		return line, err
	}
}

// waitForLine returns at once if a whole line is buffered. Otherwise it sends
// what is pending, waits until a line begins and sets the deadline for its end.
func (s *session) waitForLine() error {
	if s.in.Ready() {
		return nil
	}
	if err := s.out.Flush(); err != nil {
		return err
	}
	if s.in.Empty() {
		s.conn.SetReadDeadline(s.beforeLogin(s.idleDeadline))
		if err := s.in.Wait(); err != nil {
			return err
		}
		if !s.sawCommand && s.in.First() == recordHandshake {
			return errWrongProtocol
		}
	}
	if s.in.Ready() {
		return nil
	}
	if s.lineDeadline.IsZero() {
		s.lineDeadline = time.Now().Add(s.settings.Timeouts.Line)
	}
	s.conn.SetReadDeadline(s.beforeLogin(s.lineDeadline))
	return nil
}

// beforeLogin returns t, or before a login the deadline for it if that is
// earlier.
func (s *session) beforeLogin(t time.Time) time.Time {
	if s.user == "" && s.loginDeadline.Before(t) {
		return s.loginDeadline
	}
	return t
}

// isForeign reports whether a line that isn't a command was meant for a web server,
// or is of a PROXY header from where none is allowed. A web page can make a browser
// send the former to any port.
func isForeign(line string) bool {
	verb, _, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "HOST:", "POST", "PROXY", "\x00": // the latter is the third line of version 2
		return true
	}
	return strings.Contains(line, " HTTP/")
}
