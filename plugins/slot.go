package plugins

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/hashicorp/yamux"

	"mts/core"
	"mts/plugins/internal/link"
)

// A slot is the parent's end of one instance: it runs one call at a time.
type slot struct {
	worker *worker
	stream *yamux.Stream
	conn   *link.Conn
	call   uint32 // the number of the call that runs, or ran last

	mu    sync.Mutex
	left  time.Duration // that the script may still compute
	limit time.Time     // the end of all waiting, zero for none
}

func newSlot(w *worker, stream *yamux.Stream) *slot {
	return &slot{worker: w, stream: stream, conn: link.NewConn(stream)}
}

// hello waits until the instance is there.
func (s *slot) hello(timeout time.Duration) (link.Frame, error) {
	s.stream.SetReadDeadline(time.Now().Add(timeout))
	return s.conn.Receive()
}

// begin makes the slot ready for one more call.
func (s *slot) begin(timeout time.Duration) {
	s.call++
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left, s.limit = timeout, time.Time{}
}

// send sends a frame about the call. A worker that doesn't read is as good as
// dead.
func (s *slot) send(op link.Op, texts ...string) error {
	s.stream.SetWriteDeadline(time.Now().Add(s.worker.of.of.set.cfg.Timeout))
	return s.conn.Send(op, s.call, texts...)
}

// item sends, sooner or later, one of several elements of an answer.
func (s *slot) item(texts []string) error {
	s.stream.SetWriteDeadline(time.Now().Add(s.worker.of.of.set.cfg.Timeout))
	return s.conn.Put(link.Item, s.call, texts...)
}

// receive waits for the next frame of the call, as long as the script may
// compute. Frames of calls that have ended are dropped.
func (s *slot) receive() (link.Frame, error) {
	start := time.Now()
	s.mu.Lock()
	deadline := start.Add(s.left)
	if !s.limit.IsZero() && s.limit.Before(deadline) {
		deadline = s.limit
	}
	s.stream.SetReadDeadline(deadline)
	s.mu.Unlock()
	f, err := s.conn.Receive()
	for err == nil && f.Call != s.call {
		f, err = s.conn.Receive()
	}
	s.mu.Lock()
	s.left -= time.Since(start)
	s.mu.Unlock()
	return f, err
}

// cancel tells the script to end within grace.
func (s *slot) cancel(call uint32, cause error) {
	s.mu.Lock()
	s.limit = time.Now().Add(grace)
	s.stream.SetReadDeadline(s.limit)
	s.mu.Unlock()
	s.stream.SetWriteDeadline(time.Now().Add(grace))
	_ = s.conn.Send(link.Cancel, call, link.ErrorTexts(cause)...)
}

// kill stops the instance for good. If it doesn't end within grace, the whole
// worker is killed.
func (s *slot) kill(why *core.Error) {
	s.stream.SetWriteDeadline(time.Now().Add(grace))
	_ = s.conn.Send(link.Kill, s.call, link.ErrorTexts(why)...)
	s.stream.SetReadDeadline(time.Now().Add(grace))
	if _, err := io.Copy(io.Discard, s.stream); err != nil && !s.worker.session.IsClosed() {
		s.worker.kill(fmt.Errorf("killed, because a stopped call went on: %w", why))
	}
	s.stream.Close()
}

// retire calls the plugin's Close and ends the instance.
func (s *slot) retire() {
	s.begin(closeTime)
	err := s.send(link.Call, "close")
	for err == nil {
		var f link.Frame
		if f, err = s.receive(); f.Op == link.Done {
			break
		}
	}
	s.stream.Close()
}
