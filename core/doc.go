// Package core is the vocabulary of mts: a [Command] is a verb of the wire
// protocol, a [Call] one invocation of it, a [Session] the connection it came
// in on, and an [Error] a failure that its client may see.
//
// Built-in verbs and plugins' verbs are the same kind of value. A verb reads
// its argument from the Call, writes data to it and returns; it never sees the
// connection. One place, the dispatch in core/server, decides whether a verb
// may run and writes its status line.
//
// The package imports the standard library only, so that scripts can use it.
package core
