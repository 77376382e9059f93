// Package wire is the protocol mts/1 as bytes: a bounded reader of command lines
// and a writer of replies for servers, a reader of replies for clients, and
// Printable, which makes any text safe to show.
//
// PROTOCOL.md beside this file is the contract. This package implements its
// framing; what the verbs do is not its business.
package wire
