package plugins

import (
	"errors"
	"sync"
	"time"

	"mts/plugins/internal/link"
)

// minRequest is the least time that a request of a script is charged with. An
// honest one waits longer for its answer; a worker that sends them without waiting runs out
// of time.
const minRequest = 5 * time.Microsecond

var errProtocol = errors.New("the worker doesn't keep to the protocol")

// A clock measures how long a call's script computes. It stands while the
// server does something for the script that may take its time.
type clock struct {
	pipe *timedPipe // that the script is waited for at

	mu      sync.Mutex
	left    time.Duration // that the script may compute from resumed on
	resumed time.Time
	limit   time.Time // the end of all waiting, zero for none
}

// start sets the clock going.
func (c *clock) start(timeout time.Duration) {
	c.mu.Lock()
	c.left, c.limit = timeout, time.Time{}
	c.mu.Unlock()
	c.resume()
}

// pause stops the clock until resume, or for good.
func (c *clock) pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pipe.SetReadDeadline(time.Time{})
	c.left -= max(time.Since(c.resumed), minRequest)
}

func (c *clock) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resumed = time.Now()
	end := c.resumed.Add(c.left)
	if !c.limit.IsZero() && c.limit.Before(end) {
		end = c.limit
	}
	c.pipe.SetReadDeadline(end)
}

// bound ends all waiting after grace.
func (c *clock) bound() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limit = time.Now().Add(grace)
	c.pipe.SetReadDeadline(c.limit)
}

// begin makes the instance ready for one more call, whose clock runs.
func (i *instance) begin(timeout time.Duration) {
	i.call++
	i.start(timeout)
}

// receive waits for the next frame of the call, as long as the clock says.
func (i *instance) receive() (link.Frame, error) {
	f, err := i.conn.Receive()
	if err == nil && f.Call != i.call {
		err = errProtocol
	}
	return f, err
}

// send sends a frame about the call. A worker that doesn't read for so long
// counts as dead.
func (i *instance) send(timeout time.Duration, op link.Op, texts ...string) error {
	i.stdin.SetWriteDeadline(time.Now().Add(timeout))
	return i.conn.Send(op, i.call, texts...)
}

// cancel tells the script to end within grace.
func (i *instance) cancel(cause error) {
	i.bound()
	_ = i.send(grace, link.Cancel, link.ErrorTexts(cause)...)
}
