// Package wire is the protocol mts/1 on the byte level: the bounded reader of
// command lines and the reply writer for servers, the reply reader for
// clients, and the one function that makes foreign text fit to be shown.
//
// PROTOCOL.md beside this file is the contract. The package knows its framing,
// not what the verbs do.
package wire
