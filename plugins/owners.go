package plugins

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"mts/core/atomicfile"
)

// owners are the plugins that verbs belong to: those that had them in force
// last. A verb stays with its plugin, also over restarts and while the plugin
// can't be loaded, until a version without the verb is in force or the plugin's
// folder is gone. So a newcomer can't take a verb over. The set's mutex guards
// them.
type owners map[string]string // by verb

// ownersFile is where they are kept, next to the plugins' stores; no plugin can
// have that name.
const ownersFile = "verb-owners.json"

func readOwners(dir string, log *slog.Logger) owners {
	o := make(owners)
	data, err := os.ReadFile(filepath.Join(dir, ownersFile))
	if err == nil {
		err = json.Unmarshal(data, &o)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Error("plugins", "event", "verb owners", "err", err)
	}
	return o
}

// refuse returns nil if a plugin can have verbs, or else why not.
func (o owners) refuse(plugin string, verbs []string) error {
	for _, verb := range verbs {
		if owner, taken := o[verb]; taken && owner != plugin {
			return fmt.Errorf("plugin %s claims %s, which plugin %s has", plugin, verb, owner)
		}
	}
	return nil
}

// has reports whether a plugin has all of these verbs.
func (o owners) has(plugin string, verbs []string) bool {
	return !slices.ContainsFunc(verbs, func(verb string) bool { return o[verb] != plugin })
}

// assign gives a plugin these verbs and takes all others from it.
func (o owners) assign(plugin string, verbs []string) {
	maps.DeleteFunc(o, func(_, owner string) bool { return owner == plugin })
	for _, verb := range verbs {
		o[verb] = plugin
	}
}

// keep takes all verbs from plugins that aren't among names.
func (o owners) keep(names []string) {
	maps.DeleteFunc(o, func(_, owner string) bool { return !slices.Contains(names, owner) })
}

// A saver writes the owners to their file when they have changed.
type saver struct {
	mu    sync.Mutex // held while the file is written
	saved owners
}

// saveOwners writes the file, if it isn't up to date.
func (s *Set) saveOwners() {
	if s.cfg.ReadOnly {
		return
	}
	s.saver.mu.Lock()
	defer s.saver.mu.Unlock()
	s.mu.Lock()
	now := maps.Clone(s.owners)
	s.mu.Unlock()
	if maps.Equal(now, s.saver.saved) {
		return
	}
	data, err := json.Marshal(now)
	if err == nil {
		err = atomicfile.Write(filepath.Join(s.cfg.Store, ownersFile), 0o600, data)
	}
	if err != nil {
		s.cfg.Log.Error("plugins", "event", "verb owners", "err", err)
		return
	}
	s.saver.saved = now
}
