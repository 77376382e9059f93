package plugins

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// requiredKey is the one setting that isn't handed to the plugin.
const requiredKey = "required"

// split takes the key out of a plugin's settings: without its plugin a server
// doesn't start, and the plugin can't be taken out of force.
func split(settings map[string]any) (rest map[string]any, required bool, err error) {
	rest = maps.Clone(settings)
	delete(rest, requiredKey)
	value, set := settings[requiredKey]
	required, ok := value.(bool)
	if set && !ok {
		err = fmt.Errorf("the setting %s is true or false, not %v", requiredKey, value)
	}
	return rest, required || set && !ok, err
}

// isRequired reports whether a plugin is. The caller holds mu.
func (s *Set) isRequired(name string) bool {
	_, required, _ := split(s.settings[name])
	return required
}

// missing names the required plugins that aren't in force, and says why.
func (s *Set) missing() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(s.settings)) {
		if !s.isRequired(name) {
			continue
		}
		switch p := s.plugins[name]; {
		case p == nil:
			errs = append(errs, fmt.Errorf("plugin %s is required: there is no such folder", name))
		case p.current.Load() == nil:
			errs = append(errs, fmt.Errorf("plugin %s is required: %w", name, p.why()))
		}
	}
	return errors.Join(errs...)
}

// why says why nothing of the plugin is in force. The caller holds the set's mu.
func (p *plugin) why() error {
	if p.err != nil {
		return p.err
	}
	return errUnloaded
}
