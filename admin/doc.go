// Package admin is the control plane: what operators can see of a running
// server and do to it, as commands on a Unix socket, and the Client that sends
// them. Client is the only implementation of the control interface: the console
// in the server's own terminal reaches the same handler over a pipe
// (Plane.Dial).
//
// # The wire
//
// The socket speaks mts/1 (core/wire) in block mode from the greeting on; MODE
// BLOCK is answered, for clients that send it. The verbs are the names of
// Commands in upper case, and QUIT. An argument is the words of a command as
// Split reads them. Data is rows: one JSON object a line, in which characters
// that can't be seen are escapes, so that a terminal can show it as it is. Lines
// have at most 4096 bytes; a longer one is a failure, and the session goes on.
// A console that doesn't read for 10 seconds is disconnected. A console that
// disconnects, or closes its sending half, ends the command that it waits for.
//
// Every reply ends in a success or in a failure with a code:
//
//	usage            the command is wrong; the text says why
//	unknown-command  there is no such command
//	line-too-long    the line was dropped
//	not-found        there is no session, or no plugin, of that id or name
//	no-match         nothing was changed, because nothing matched
//	timeout          wait: sessions still match
//	failed           the text says what went wrong; for reload, also the line
//	busy             there are 16 consoles already: "Too many consoles."
//	auth-failed      this user may not use the socket
//	shutting-down    the server ends
//
// # The commands
//
// Commands returns them, with their arguments, the columns of their rows and
// what they do.
//
// A FILTER is a condition such as id=12, user=ann, user!=ann, client=10.0.0.0/8,
// state=sending, idle>5m, age>1h, bytes>1GB, rate<100KB, tls=no, path=*.iso or
// plugin=wc. If there are several, a session has to meet all of them. An id alone is a filter too, and
// "all" stands for all sessions. Times are written as in 90s or 1h30m, rates and
// sizes in bytes, or with a unit such as 10MB. A RATE of 0 or none is no limit, and default is
// the configured one. In message, the words up to the first that can't be a
// filter select the sessions, and the rest is the text.
//
// A row of the event "lost" says how many events were lost because this console
// read too slowly. An unloaded plugin stays unloaded until it is loaded again or the
// server is restarted. drain and shutdown both close the listeners and let running commands
// finish; drain waits for them without a limit, and shutdown for the configured
// drain time. While the server drains, shutdown ends it at once.
//
// A command that changes something has one row, Affected, whose ids are of
// sessions. It writes one line to the log, whether it succeeds or not: "admin"
// with uid, pid and name of the operator, the command, how many sessions it
// affected and the ids of the first 100, or code and err.
//
// # Who may use it
//
// The socket has mode 0600, in a folder that is made with mode 0700; a folder in
// which others could replace the socket is refused. The uid of the connecting
// process has to be 0, the server's own, or one of Config.AllowUIDs. If there
// are any of those, the socket has mode 0666 and a folder that is made has 0711,
// and only the uid decides; their owners need access to the folders above. All
// of them may do everything. On Windows, and on systems that don't tell the uid,
// everybody who can open the socket may use it: the access list of its folder
// decides.
package admin
