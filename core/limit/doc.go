// Package limit holds clients and accounts to what they may have: connections,
// sessions, commands and bytes, and it keeps out those that misbehave.
//
// A client is an IPv4 address or an IPv6 /64, which is what one customer of a
// network gets; its sessions share its limits wherever they come from in it.
// IPv4 addresses that are mapped into IPv6 are the IPv4 address.
//
// Rates are token buckets of golang.org/x/time/rate. Who is over a rate waits
// and isn't refused, up to a bound. Bytes are taken in quanta, turn by turn, so
// that the sessions that share a bucket get the same of it; a bucket begins
// empty, and holds at most one second's worth.
//
// Penalties are counted in failed logins. They decay by one in the time that
// the ban lasts divided by the failures that lead to it. Who reaches that
// number is banned; each next ban lasts twice as long, up to 24 hours, until a
// day has passed without one. Bans are kept in a file and outlive the process.
package limit
