// Package harness has the helpers that tests of several packages share: waiting
// for a condition, reading a log, and ending a test at an error.
package harness

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
)

// Patience is how long a test waits for a condition. It is long enough for a busy
// machine.
const Patience = 30 * time.Second

// Eventually waits until holds returns true. It ends the test if that takes longer
// than Patience. what names the condition.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(Patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, Patience)
		}
	}
}

// Must ends the test if err isn't nil.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A Log keeps what is written to it. The zero value is empty. It may be used
// by several goroutines at once.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write adds p to the log.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns all that was written.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Count returns how many lines contain s.
func (l *Log) Count(s string) (n int) {
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, s) {
			n++
		}
	}
	return n
}

// Accounts say which password an account has, for the tests of a server. All
// accounts exist, and no password needs a slow hash.
type Accounts func(name, password string) bool

var errDenied = errors.New("denied")

// Authenticate returns nil if the account has the password.
func (a Accounts) Authenticate(name, password string) error {
	if a(name, password) {
		return nil
	}
	return errDenied
}

// Has reports true.
func (Accounts) Has(string) bool { return true }

// IsSlow reports false.
func (Accounts) IsSlow(string) bool { return false }

// Delay returns 0.
func (Accounts) Delay(time.Duration) time.Duration { return 0 }

// OnlyDefault says that there is the account "default" alone.
func OnlyDefault(password string) Accounts {
	return func(name, given string) bool { return name == "default" && given == password }
}
