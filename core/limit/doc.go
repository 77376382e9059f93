// Package limit limits what clients and accounts may use (connections, sessions,
// commands and bytes) and bans clients that misbehave.
//
// A client is an IPv4 address or an IPv6 /64, which is what a provider gives to
// one customer. All sessions of a client share its limits. An IPv4 address in
// IPv6 form is the same client as the IPv4 address.
//
// Rates are token buckets of golang.org/x/time/rate. A session over a rate waits;
// it is refused only if the wait is too long. Bytes are taken in quanta and in
// turns, so that the sessions of a bucket get equal parts. A bucket begins empty
// and holds at most the bytes of one second.
//
// Only failed logins lead to a ban. One is forgotten in the ban time divided by
// the number of failures that lead to a ban. A client that reaches that number is
// banned. Each further ban lasts twice as long, up to 24 hours, until a day has
// passed without a ban. Bans are kept in a file. Garbage, timeouts and
// crashes count for the connection rate alone.
//
// # Locks
//
// banList.writing is taken before Table.mu, and Table.mu before bucket.mu.
// banList.writing is held while the file is written, the others over no I/O.
package limit
