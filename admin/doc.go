// Package admin is the control plane: what operators can see of a running
// server and do to it, as commands on a Unix socket, and the Client of them,
// which is the only implementation of the control interface. The console in the
// server's own terminal talks to the same handler over a pipe (Plane.Dial).
//
// # The wire
//
// The socket speaks mts/1 (core/wire) in block mode from the first line, the
// greeting, on; MODE BLOCK is answered, for clients that say so. The verbs are
// the Commands in upper case, and QUIT. An argument is the words of a command
// as Split reads them. Data is rows: one JSON object a line, in which characters
// that can't be seen are escapes, so that a terminal can show it as it is. Lines
// have at most 4096 bytes; a longer one is a failure, and the session goes on.
// A console that takes nothing for 10 seconds is cut off, and one that hangs up,
// or only closes its half, ends the command it waits for.
//
// Every reply ends in a success or in a failure with a code:
//
//	usage            the words are wrong: the text says how
//	unknown-command  there is no such command
//	line-too-long    the line was dropped
//	not-found        there is no session, or no plugin, of that id or name
//	no-match         nothing was changed, because nothing matched
//	timeout          wait: sessions still match
//	failed           the text says what went wrong; of a reload, at which line
//	busy             there are 16 consoles already: "Too many consoles."
//	auth-failed      whoever this is may not use the socket
//	shutting-down    the server ends
//
// # The commands
//
// FILTER is a token such as id=12, user=ann, user!=ann, client=10.0.0.0/8,
// state=sending, idle>5m, age>1h, bytes>1GB, rate<100KB, tls=no, path=*.iso or
// plugin=wc; all of them have to hold. An id alone is one too. "all" stands for
// all sessions. Times are as in 90s or 1h30m, rates and sizes bytes with or
// without a unit.
//
//	sessions  [FILTER...]         a Session each
//	show      ID                  a Detail
//	kick      ID|FILTER...|all [reason=TEXT]
//	abort     ID                  no-match if the session runs no command
//	limit                         a Rate each: the total, what operators have set, and sessions with a rate of their own
//	limit     ID|user=NAME|client=ADDR|total RATE    0 or none: no limit; default: as configured
//	ban       ADDR|CIDR|user=NAME [for=TIME] [reason=TEXT]
//	unban     ADDR|CIDR|user=NAME
//	bans                          a Ban each
//	message   ID|FILTER...|all TEXT
//	users                         a User each
//	plugins                       a Plugin each
//	plugins   load|unload|reload NAME
//	stats                         Stats
//	events    [FILTER...]         an Event each, as they happen, until the console is gone
//	reload    [config|tls|users|plugins]
//	log       level LEVEL
//	wait      FILTER... [timeout=TIME]   30s without another
//	drain
//	shutdown  [now]
//
// A filter of events has id= or session=, event=, user=, client=, verb=, path=
// and bytes=; a row of the event "lost" says how many this console was too slow
// for. In message, the words up to the first that can't be a filter say who,
// and the rest is the text. A plugin that is unloaded stays so until it is
// loaded, or the server starts again. drain and shutdown both close the
// listeners and let commands finish that run; drain gives them as long as they
// take and shutdown the configured drain time. While the server drains, shutdown
// ends it at once.
//
// A command that changes something has one row, Affected, whose ids are of
// sessions, and writes one line to the log, whether it succeeds or not: "admin"
// with uid, pid and name of the operator, the command, how many and which (the
// first 100) it affected, or code and err.
//
// # Who may use it
//
// The socket has mode 0600, in a folder that is made with mode 0700; a folder in
// which others could replace the socket is refused. The uid of the process at
// the other end has to be 0, the server's own, or one of Config.AllowUIDs.
// Where there are some of those, the socket has mode 0666 and a folder that is
// made 0711, and the uid alone decides; they have to be able to enter the
// folders above. All of them may do everything. On Windows, and on systems that
// don't tell the uid, whoever can open the socket may use it: there the access
// list of its folder decides.
package admin
