// Package core has the terms of mts. A [Command] is a verb of the wire protocol,
// a [Call] is one invocation of it, a [Session] is the connection from which the
// call came, and an [Error] is a failure that the client may see.
//
// Built-in verbs and verbs of plugins are values of the same type. A verb reads
// its argument from the Call, writes data to it and returns. It never sees the
// connection: dispatch in core/server decides whether a verb may run, and writes
// the status line.
//
// The package imports the standard library only, so that scripts can use it.
package core
