// Package client speaks the protocol mts/1 to a server, in block mode.
//
//	conn, err := client.Dial(ctx, "mts://files.example.org", client.Options{})
//	if err != nil {
//		return err
//	}
//	defer conn.Close()
//	if err := conn.Login(ctx, "ann", password); err != nil {
//		return err
//	}
//	info, err := conn.Fetch(ctx, "/pub/report.pdf", w)
//
// # Pipelining
//
// Any number of goroutines may use a [Conn] at once. Each command is sent at
// once, without waiting for earlier replies, and each caller reads its own reply
// when the earlier ones have been read. So there are as many running commands as
// callers, and a caller's writer isn't used after its call has returned. The
// package starts no goroutines.
//
// A sent command can't be cancelled. If the context of a call ends before the
// reply is complete, or if its writer fails, the connection is closed for all
// callers. Every later call returns an error that wraps [ErrLost].
//
// # Trust
//
// The server is verified in the TLS handshake, before anything is sent to it: by
// a pin, by a certificate authority, or by the key of an earlier connection (see
// [Options]). The server may be hostile nevertheless: lines, blocks and waits are
// limited, sizes are checked, and an unexpected reply ends the connection. Texts
// of the server are returned unchanged; callers pass them through
// [wire.Printable] before they show them.
//
// If the server refuses a command, the call returns a [*core.Error] with its code,
// and the connection stays usable.
package client
