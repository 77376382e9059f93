package core

import (
	"errors"
	"fmt"
)

// A Code tells programs why a command has failed. Codes are part of the protocol
// (core/wire/PROTOCOL.md, section 4) and never change their meaning.
type Code string

// The codes of the protocol.
const (
	CodeUsage          Code = "usage"
	CodeUnknownCommand Code = "unknown-command"
	CodeAuthRequired   Code = "auth-required"
	CodeAuthFailed     Code = "auth-failed"
	CodeTLSRequired    Code = "tls-required"
	CodeBanned         Code = "banned"
	CodeNotFound       Code = "not-found" // missing, forbidden or not a regular file
	CodeRange          Code = "range"
	CodeLineTooLong    Code = "line-too-long"
	CodeRateLimited    Code = "rate-limited"
	CodeBusy           Code = "busy"
	CodeAborted        Code = "aborted"
	CodeChanged        Code = "changed" // the file changed while it was sent
	CodeTimeout        Code = "timeout"
	CodeKicked         Code = "kicked"
	CodeShuttingDown   Code = "shutting-down"
	CodePluginFailed   Code = "plugin-failed"
	CodePluginTimeout  Code = "plugin-timeout"
	CodeInternal       Code = "internal"
)

// ErrUsage is returned by a Command's Run for an argument of the wrong form. The
// client gets the usage line.
var ErrUsage = errors.New("usage")

// An Error is a failure as the client sees it.
type Error struct {
	Code Code
	Text string // a sentence for people, without a line break
	Err  error  // the cause, which is only logged; may be nil
}

// Errorf returns an Error whose text is formatted as by fmt.Sprintf.
func Errorf(code Code, format string, a ...any) *Error {
	return &Error{Code: code, Text: fmt.Sprintf(format, a...)}
}

func (e *Error) Error() string { return e.Text }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
