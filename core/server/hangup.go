package server

import (
	"errors"
	"time"
)

// errHungUp ends a session whose client is gone while the session works for it.
var errHungUp = errors.New("the client hung up")

// hangUpTick is how often a session that works checks whether its client is
// still there. Most commands end before the first check.
const hangUpTick = 250 * time.Millisecond

// setWorking says whether the session runs a command or a hook. While it does,
// its context ends when the client hangs up.
func (h *handle) setWorking(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.updateWorking(on)
}

// updateWorking is setWorking for a caller that holds h.mu. A timer that is set
// stays set over many short commands.
func (h *handle) updateWorking(on bool) {
	h.working = on
	switch {
	case !on || h.checking:
		return
	case h.checker == nil:
		h.checker = time.AfterFunc(hangUpTick, h.checkClient)
	default:
		h.checker.Reset(hangUpTick)
	}
	h.checking = true
}

// checkClient ends the session's context if the client is gone.
func (h *handle) checkClient() {
	gone := h.conn.HungUp()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checking = h.working && !gone
	switch {
	case h.working && gone:
		h.cancel(errHungUp)
	case h.checking:
		h.checker.Reset(hangUpTick)
	}
}

// stopChecking stops the timer when the session ends.
func (h *handle) stopChecking() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.checker != nil {
		h.checker.Stop()
	}
}
