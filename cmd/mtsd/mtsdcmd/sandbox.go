package mtsdcmd

import (
	"fmt"
	"path/filepath"
	"slices"

	"mts/core/config"
)

// A sandbox is what the server may reach of the file system once it serves,
// beside what every process of its program needs. What a folder holds may be
// replaced; what it doesn't hold stays out of reach until a restart, also for
// the process of an upgrade.
type sandbox struct {
	read, write []string // folders, absolute
}

// newSandbox returns the sandbox of a configuration.
func newSandbox(cfg *config.Config, flags *serveFlags) *sandbox {
	s := &sandbox{}
	for _, e := range cfg.Exports {
		s.around(&s.read, e.Dir)
		s.allow(&s.read, e.Dir)
	}
	s.around(&s.read, flags.config, cfg.TLS.Cert, cfg.TLS.Key, cfg.TLS.ClientCA, cfg.Auth.Users)
	s.allow(&s.read, cfg.Plugins.Dir)
	if state, err := flags.makeStateDir(); err == nil {
		s.allow(&s.write, state)
	}
	if socket, err := adminSocket(cfg, flags.options); err == nil {
		s.around(&s.write, socket)
	}
	s.around(&s.write, cfg.Log.File, flags.readyFile)
	return s
}

// around adds the folders that hold paths: what is at a path may be replaced by
// a rename. All files are held by "/", which is left out.
func (s *sandbox) around(list *[]string, paths ...string) {
	for _, path := range paths {
		if dir := filepath.Dir(realPath(path)); path != "" && dir != filepath.Dir(dir) {
			s.allow(list, dir)
		}
	}
}

// allow adds a folder, unless one that holds it is there.
func (s *sandbox) allow(list *[]string, dir string) {
	if dir == "" || holds(*list, dir) {
		return
	}
	if abs, err := filepath.Abs(dir); err == nil {
		*list = append(*list, abs)
	}
}

// checkExports refuses exports that the server can't read before a restart. A
// nil sandbox refuses none.
func (s *sandbox) checkExports(cfg *config.Config) error {
	if s == nil {
		return nil
	}
	for i, e := range cfg.Exports {
		if !holds(slices.Concat(s.read, s.write), e.Dir) {
			return cfg.Errorf(fmt.Sprintf("export[%d].dir", i), "%s is outside the sandbox made at the start; restart mtsd to serve it", e.Dir)
		}
	}
	return nil
}

// holds reports whether one of the folders is path or holds it.
func holds(folders []string, path string) bool {
	path = realPath(path)
	return slices.ContainsFunc(folders, func(dir string) bool {
		rel, err := filepath.Rel(realPath(dir), path)
		return err == nil && filepath.IsLocal(rel)
	})
}

// realPath returns the absolute path without links, as far as that can be told.
func realPath(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return path
}
