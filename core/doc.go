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
//
// # Plugins
//
// A plugin is a folder with one Go package of the folder's name. It declares one of
// these functions, or both:
//
//	func Commands() []core.Command // the verbs
//	func Hooks() core.Hooks        // what is asked or told at events of a session
//
// and may declare these:
//
//	func Configure(settings map[string]any) error
//	func Close()
//
// Configure is called first, before Commands and Hooks, also if the configuration
// has no table [plugins.NAME]. The settings have the types of TOML: string, int64,
// float64, bool, time.Time, []any, map[string]any and []map[string]any (a list of
// tables). An error keeps the plugin, or
// its new version, from being loaded. Close is called when an instance ends in
// order; don't rely on it, because an instance that is stopped has no time for it.
//
// Several instances of a plugin run at once, each in a process of its own with
// variables of its own, and each runs one call at a time. [Call.Save] keeps what is
// to last. A call that takes longer than the timeout of the configuration (2 s by
// default) is stopped. There are no goroutines, files, sockets or environment: a
// Call is all that a plugin has of the server.
//
// Package mts/core/coretest runs commands and hooks in tests, without a server.
package core
