package plugins

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
	"unicode/utf8"

	"mts/core/atomicfile"
)

// Bounds of a plugin's store.
const (
	maxKeys  = 1000
	maxStore = 1 << 20 // bytes of all keys and values
)

// storeDelay is how long what was saved may be in memory alone.
const storeDelay = time.Second

// storeRetry is when a write that failed is tried again.
const storeRetry = 10 * time.Second

// A store keeps what a plugin saves, in a file of JSON.
type store struct {
	path string
	log  *slog.Logger

	mu     sync.Mutex
	values map[string]string // nil until the file is read
	size   int
	timer  *time.Timer // set while the file isn't up to date
}

// newStore returns the store of a plugin. Its file is read when it is used
// first. If it can't be read, the store is empty, and the file is left alone
// until the plugin saves something.
func newStore(dir, name string, log *slog.Logger) *store {
	return &store{path: filepath.Join(dir, name+".json"), log: log.With("plugin", name)}
}

// read reads the file, once. The caller holds mu.
func (s *store) read() {
	if s.values != nil {
		return
	}
	s.values = make(map[string]string)
	data, err := os.ReadFile(s.path)
	if err == nil {
		err = json.Unmarshal(data, &s.values)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.Error("plugin", "event", "store", "err", err)
	}
	for key, value := range s.values {
		s.size += len(key) + len(value)
	}
}

func (s *store) load(key string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read()
	value, found := s.values[key]
	return value, found
}

// save keeps a value in memory, and soon in the file.
func (s *store) save(key, value string) error {
	if !utf8.ValidString(key) || !utf8.ValidString(value) {
		return errors.New("save: keys and values have to be UTF-8")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read()
	old, found := s.values[key]
	size := s.size + len(value) - len(old)
	if !found {
		size += len(key)
	}
	if size > maxStore || !found && len(s.values) >= maxKeys {
		return fmt.Errorf("save: the store is full: it holds %d bytes and %d keys at most", maxStore, maxKeys)
	}
	if found && old == value {
		return nil
	}
	s.values[key], s.size = value, size
	if s.timer == nil {
		s.timer = time.AfterFunc(storeDelay, s.flush)
	}
	return nil
}

// flush writes the file.
func (s *store) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer == nil {
		return
	}
	s.timer.Stop()
	s.timer = nil
	data, err := json.Marshal(s.values)
	if err == nil {
		err = atomicfile.Write(s.path, 0o600, data)
	}
	if err != nil {
		s.log.Error("plugin", "event", "store", "err", err)
		s.timer = time.AfterFunc(storeRetry, s.flush)
	}
}

// close writes what isn't written yet, and gives up if that fails.
func (s *store) close() {
	s.flush()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer != nil {
		s.timer.Stop()
	}
}
