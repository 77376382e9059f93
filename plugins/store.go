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
	MaxKeys  = 1000
	MaxStore = 1 << 20 // bytes of all keys and values
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
	values map[string]string
	size   int
	timer  *time.Timer // set while the file isn't up to date
}

// openStore reads the store of a plugin. One that can't be read is empty, and
// its file is left alone until the plugin saves something.
func openStore(dir, name string, log *slog.Logger) *store {
	s := &store{path: filepath.Join(dir, name+".json"), log: log, values: make(map[string]string)}
	data, err := os.ReadFile(s.path)
	if err == nil {
		err = json.Unmarshal(data, &s.values)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Error("plugin", "plugin", name, "event", "store", "err", err)
	}
	for key, value := range s.values {
		s.size += len(key) + len(value)
	}
	return s
}

func (s *store) load(key string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
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
	old, found := s.values[key]
	size := s.size + len(value) - len(old)
	if !found {
		size += len(key)
	}
	if size > MaxStore || !found && len(s.values) >= MaxKeys {
		return fmt.Errorf("save: the store is full: it holds %d bytes and %d keys at most", MaxStore, MaxKeys)
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
