package shell

import (
	"context"
	"errors"
	"fmt"

	"mts/admin/script"
	"mts/core"
)

// The exit codes.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNoServer    = 3
	exitInterrupted = 130 // 128 and the number of SIGINT, as shells have it
)

// A usageError says that a command is written wrongly.
type usageError struct{ error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// A noServerError says why there is no server.
type noServerError struct{ err error }

func (e *noServerError) Error() string { return "no server: " + e.err.Error() }
func (e *noServerError) Unwrap() error { return e.err }

// A reportedError is the exit code of errors that have been written already.
type reportedError int

func (e reportedError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func exitCode(err error) int {
	var (
		exit     script.ExitError
		reported reportedError
		usage    usageError
		noServer *noServerError
		failure  *core.Error
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &exit):
		return int(exit)
	case errors.As(err, &reported):
		return int(reported)
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &noServer):
		return exitNoServer
	case errors.As(err, &failure) && (failure.Code == core.CodeUsage || failure.Code == core.CodeUnknownCommand):
		return exitUsage
	}
	return exitFailed
}
