// Package server accepts connections and serves the wire protocol on them.
//
// # Objects
//
// Three types stand for one connection:
//
//   - A session belongs to one goroutine, which alone reads from the connection
//     and writes to it. It has the reader, the writer, the deadlines and the
//     identity of the client.
//   - A handle is what every goroutine may see of a session and do to it. The
//     server's register holds handles and nothing else, so that no other
//     goroutine can reach the rest of a session.
//   - A call is one invocation of a command. It is the core.Host of the
//     command. A control adds what only built-in commands may do. A session
//     runs one call at a time and uses the same memory for all of them.
//
// A session is registered when its connection is accepted, before the TLS
// handshake. Ids count up and are never used again.
//
// Policy lives in dispatch: whether a verb exists, may be used and has its
// argument, and what its error means to the client. Verbs are values of
// core.Command and know nothing of it.
//
// # Locks
//
// A goroutine holds at most one of these locks, does no I/O while it holds it,
// and doesn't wait. Package context's own locks are the only ones that it takes
// meanwhile.
//
//	lock           guards
//	Server.mu      the register, the last id, the listeners, closing
//	handle.mu      the user, the command under way and the notices of one session
//	counters.mu    the counters that have a label
//	refusalLog.mu  which refusals have no line in the log
//
// The locks of packages limit and transport are taken by calls into them, which
// the server makes without a lock of its own. Server.rarely is different: it
// holds its lock while it writes a log line.
package server
