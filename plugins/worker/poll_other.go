//go:build !unix

package worker

import "os"

// polled is for systems whose pipes the runtime can poll.
func polled(f *os.File) *os.File { return f }
