// Package transport carries a session's bytes: over TCP, over TLS, or over any
// other net.Conn such as a pipe.
//
// A Conn belongs to one goroutine. Other goroutines may call Interrupt, Abort,
// HungUp, LocalAddr and RemoteAddr, and nothing else.
//
// # What makes it fast
//
// All of this was measured on 2 cores, with a kernel without TLS, next to nginx
// and with the same client. Only the ratios mean something elsewhere.
//
// TLS: records are gathered into writes of 256 KiB. crypto/tls writes each
// record of at most 16 KiB by itself. A gatherer below it collects them and
// writes when its buffer is full, before a read, and on Flush. For large files
// this is 1.5 times the rate of nginx at two thirds of its processor time;
// without it the rates are equal.
//
// Plain TCP: files are sent by sendfile. TCP_CORK is on from the first piece of
// a file until Flush, so that the end of the file and the status line share a
// segment. Without it the rate for large files falls by a tenth.
//
// Small files: package wire puts a file of up to 64 KiB and its status line
// into one buffer, so that the reply is one write. For files of 16 KiB this is
// 1.6 times as fast.
//
// Pieces: a large file is sent in pieces of at most MaxPiece bytes. Each piece
// has a write deadline of its own, so a client that reads too slowly is found
// while one that reads steadily may take as long as it needs. Limits, kicks and
// aborts act between two pieces.
//
// Idle connections: one that waits for input holds no buffer. ReadPooled takes
// one when there is something to read; with TLS, it reads one byte before it
// does. That takes a plain session's memory to less than a third, and one's
// with TLS to half.
//
// # What it doesn't do, and why
//
//   - mmap: a file that is truncated while it is sent would end the process by
//     SIGBUS.
//   - A TLS record layer of our own, to save copies: a mistake with a nonce
//     reveals what was encrypted.
//   - Calling epoll directly, without a goroutine per connection: the runtime
//     calls it already, and the gain wasn't worth the code.
//   - A goroutine that writes in the background: gathering saves the same system
//     calls, without handing buffers over.
//   - Reading files in other sizes than 64 KiB: from 16 to 256 KiB there was no
//     difference. Setting GOGC or GOMAXPROCS brought nothing either.
//   - io_uring, and TLS in the kernel: not tried. Both are missing or forbidden
//     on many machines, so they could only be added to this.
package transport
