package limit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"mts/core/atomicfile"
)

// A banList holds all bans. Table.mu guards it; writing guards its file.
type banList struct {
	records map[banKey]*ban
	lengths map[prefixLength]int // of the records' prefixes
	lock    sync.Locker          // Table.mu
	path    string               // "" without a file
	failed  func(error)          // called for a failed write that no caller waits for
	closed  bool                 // nothing is written any more
	timer   *time.Timer          // starts the next write; nil if all is written
	written time.Time            // when the last write began

	writing sync.Mutex // held while the file is written; taken before Table.mu
}

// openBans reads the file at path. An empty file, which a crash may leave, has no
// bans.
func openBans(path string) (*banList, error) {
	l := &banList{records: make(map[banKey]*ban), lengths: make(map[prefixLength]int), path: path}
	if path == "" {
		return l, nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	var records []ban
	if err == nil && len(bytes.TrimSpace(data)) > 0 {
		err = json.Unmarshal(data, &records)
	}
	for i := range records {
		b := &records[i]
		if b.key, err = parseTarget(b.Target); err != nil {
			break
		}
		l.put(b)
	}
	if err != nil {
		return nil, fmt.Errorf("read bans: %s: %w", path, err)
	}
	return l, nil
}

// save writes the file now.
func (l *banList) save() error {
	if l.path == "" {
		return nil
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	return l.write()
}

// write writes the file. The caller holds l.writing.
func (l *banList) write() error {
	records, closed := l.snapshot()
	if closed {
		return nil
	}
	data, err := json.MarshalIndent(records, "", "\t")
	if err == nil {
		err = atomicfile.Write(l.path, 0o600, append(data, '\n'))
	}
	if err != nil {
		l.lock.Lock()
		l.saveIn(retry)
		l.lock.Unlock()
	}
	return err
}

// retry is the time until a failed write is repeated.
const retry = 10 * time.Second

// snapshot returns the records for the file and cancels the timer of the next
// write.
func (l *banList) snapshot() (records []ban, closed bool) {
	now := time.Now()
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	l.written = now
	records = make([]ban, 0, len(l.records))
	for _, b := range l.records {
		if !b.expired(now) {
			records = append(records, *b)
		}
	}
	return records, l.closed
}

// saveSoon writes the file in the background: at once, or after a pause since the
// last write, so that frequent writes don't keep a processor busy. The caller
// holds Table.mu.
func (l *banList) saveSoon() {
	pause := max(50*time.Millisecond, time.Duration(len(l.records))*100*time.Microsecond)
	l.saveIn(pause - time.Since(l.written))
}

// saveIn starts a timer for the next write unless one is running. The caller
// holds Table.mu.
func (l *banList) saveIn(delay time.Duration) {
	if l.path == "" || l.timer != nil || l.closed {
		return
	}
	l.timer = time.AfterFunc(delay, func() {
		if err := l.save(); err != nil {
			l.failed(err)
		}
	})
}

// close writes the file if a write is due, and prevents further writes.
func (l *banList) close() error {
	l.writing.Lock() // a write may be under way
	defer l.writing.Unlock()
	l.lock.Lock()
	unsaved := l.timer != nil
	l.lock.Unlock()
	var err error
	if unsaved {
		err = l.write()
	}
	l.lock.Lock()
	l.closed = true
	if l.timer != nil {
		l.timer.Stop()
	}
	l.lock.Unlock()
	return err
}
