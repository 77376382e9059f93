package limit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"mts/core/atomicfile"
)

// A banList is all bans. Table.mu guards it, but for the writing of its file.
type banList struct {
	records map[banKey]*ban
	lengths map[prefixLength]int // of the records' prefixes
	lock    sync.Locker          // Table.mu
	path    string               // "" without a file
	failed  func(error)          // a write that nobody waited for
	closed  bool                 // nothing is written any more
	timer   *time.Timer          // of the next write; nil if all is written

	writing sync.Mutex // held while the file is written, before Table.mu
}

// openBans reads the file at path.
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
	if err == nil {
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

// write is save for who holds l.writing.
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

// retry is when a write that failed is tried again.
const retry = 10 * time.Second

// snapshot returns what has to be in the file, and takes it for written.
func (l *banList) snapshot() (records []ban, closed bool) {
	now := time.Now()
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	records = make([]ban, 0, len(l.records))
	for _, b := range l.records {
		if !b.spent(now) {
			records = append(records, *b)
		}
	}
	return records, l.closed
}

// saveSoon has the file written within a second, or later if it is long, so
// that the writing doesn't take up a processor. Table.mu is held.
func (l *banList) saveSoon() {
	l.saveIn(max(time.Second, time.Duration(len(l.records))*100*time.Microsecond))
}

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

// close writes what isn't written yet.
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
