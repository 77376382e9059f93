package plugins

import (
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	settle = 200 * time.Millisecond // how long a folder has to be quiet
	rescan = 10 * time.Second       // in case the system didn't tell
)

// watch has Reload called after something changes, and now and then, until
// Close.
func (s *Set) watch() {
	events, err := fsnotify.NewWatcher()
	if err != nil {
		s.cfg.Log.Warn("plugins: changes are seen later", "err", err)
		events = &fsnotify.Watcher{}
	}
	s.follow(events) // before the directory is read for the first time
	s.running.Go(func() {
		if err == nil {
			defer events.Close()
		}
		timer := time.NewTimer(rescan)
		defer timer.Stop()
		for {
			select {
			case <-s.closing.Done():
				return
			case <-events.Events:
				timer.Reset(settle)
			case <-events.Errors:
				timer.Reset(settle)
			case <-timer.C:
				s.follow(events)
				go s.Reload() // what is wrong is logged; what comes meanwhile doesn't wait for it
				timer.Reset(rescan)
			}
		}
	})
}

// follow watches the directory and the folders in it. Watching again what is
// watched changes nothing.
func (s *Set) follow(events *fsnotify.Watcher) {
	if events.Events == nil || events.Add(s.cfg.Dir) != nil {
		return
	}
	entries, _ := os.ReadDir(s.cfg.Dir)
	for _, e := range entries {
		if e.IsDir() {
			_ = events.Add(filepath.Join(s.cfg.Dir, e.Name()))
		}
	}
}
