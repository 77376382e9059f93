package clientcmd

import (
	"errors"
	"fmt"

	"mts/core"
	"mts/core/client"
	"mts/core/output"
	"mts/core/wire"
)

// The exit codes.
const (
	exitOK        = 0
	exitSome      = 1
	exitUsage     = 2
	exitConnect   = 3
	exitTLS       = 4
	exitLogin     = 5
	exitIntegrity = 6
)

// A usageError is a mistake in the command line.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// exitCode returns the exit code for an error.
func exitCode(err error) int {
	var usage usageError
	var refusal *core.Error
	var gave *retryError
	switch {
	case errors.As(err, &gave):
		return max(exitCode(gave.failure), exitCode(gave.then))
	case errors.As(err, &usage), errors.Is(err, client.ErrURL):
		return exitUsage
	case errors.Is(err, errInterrupted), errors.Is(err, output.ErrWrite):
		return exitSome
	case errors.Is(err, errPlain):
		return exitTLS
	case errors.Is(err, client.ErrIntegrity):
		return exitIntegrity
	case errors.Is(err, client.ErrConnect):
		return exitConnect
	case errors.Is(err, client.ErrTLS):
		return exitTLS
	case errors.Is(err, wire.ErrProtocol):
		return exitIntegrity
	case errors.Is(err, client.ErrLogin):
		return exitLogin
	case errors.As(err, &refusal):
		return refusalCode(refusal.Code)
	case errors.Is(err, client.ErrLost):
		return exitIntegrity
	}
	return exitSome
}

func refusalCode(code core.Code) int {
	switch code {
	case core.CodeAuthRequired, core.CodeAuthFailed, core.CodeTLSRequired:
		return exitLogin
	case core.CodeChanged:
		return exitIntegrity
	}
	return exitSome
}
