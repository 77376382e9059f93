// Package wire is the protocol mts/1 as bytes: a bounded reader of command lines
// and a writer of replies for servers, a reader of replies for clients, and
// Printable, which makes any text safe to show.
//
// PROTOCOL.md in this folder specifies the protocol. This package implements its
// framing, and knows no verbs.
package wire
