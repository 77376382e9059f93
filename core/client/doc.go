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
// A [Conn] may be used by any number of goroutines at once. Their commands go
// out as they come, without waiting for earlier replies, and each caller reads
// its own reply when its turn has come. So as many commands are under way as
// there are callers, and a caller's writer is never used after its call has
// returned. Nothing runs in the background.
//
// A command that was sent can't be taken back: a call whose context ends
// before its reply is whole, or whose writer fails, closes the connection for
// all. Every later call returns an error that wraps [ErrLost].
//
// # Trust
//
// The server proves who it is in the TLS handshake, before anything is sent to
// it: by a pin, by a certificate authority, or by being the same as last time
// (see [Options]). A server is also expected to mean harm: lines, blocks and
// waits are bounded, what it sends must add up, and a reply nobody asked for
// ends the connection. Texts of a server are returned as they came; they are
// to be shown through [wire.Printable] only.
//
// A command that the server refuses returns a [*core.Error] with its code, and
// leaves the connection usable.
package client
