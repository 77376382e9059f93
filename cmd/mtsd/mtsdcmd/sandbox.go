package mtsdcmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"mts/core/config"
)

// A sandbox is the part of the file system that the server can reach once it
// serves, in addition to what every process of its program needs. What is in these
// folders may be replaced. What isn't stays out of reach until a restart, for
// the process of an upgrade too.
type sandbox struct {
	read, write []string               // folders, absolute
	exports     map[string]fs.FileInfo // those of the configuration, as they were
}

// newSandbox returns the sandbox of a configuration.
func newSandbox(cfg *config.Config, flags *serveFlags) *sandbox {
	s := &sandbox{exports: make(map[string]fs.FileInfo)}
	for _, e := range cfg.Exports {
		if _, err := os.Readlink(e.Dir); err == nil { // it may change over to a folder next to its target
			s.around(&s.read, e.Dir)
		}
		s.allow(&s.read, e.Dir)
		s.exports[e.Dir], _ = os.Stat(e.Dir)
	}
	s.around(&s.read, flags.config, cfg.TLS.Cert, cfg.TLS.Key, cfg.TLS.ClientCA, cfg.Auth.Users)
	s.allow(&s.read, cfg.Plugins.Dir)
	if state, err := flags.openStateDir(true); err == nil {
		s.allow(&s.write, state)
	}
	if socket, err := adminSocket(cfg, flags.options); err == nil {
		s.around(&s.write, socket)
	}
	s.around(&s.write, cfg.Log.File, flags.readyFile)
	return s
}

// around adds the folders that paths are in, so that what is at a path may be
// replaced by a rename. It leaves out "/", which would be all files.
func (s *sandbox) around(list *[]string, paths ...string) {
	for _, path := range paths {
		if dir := filepath.Dir(realPath(path)); path != "" && dir != filepath.Dir(dir) {
			s.allow(list, dir)
		}
	}
}

// allow adds a folder, unless it is in one of the list.
func (s *sandbox) allow(list *[]string, dir string) {
	if dir == "" || holds(*list, dir) {
		return
	}
	if abs, err := filepath.Abs(dir); err == nil {
		*list = append(*list, abs)
	}
}

// checkSandbox refuses to do without a sandbox if the configuration says so.
func (p *preparer) checkSandbox(next *parts) error {
	if next.cfg.Sandbox.Mode != "require" {
		return nil
	}
	if err := sandboxSupport(); err != nil {
		return next.cfg.Errorf("sandbox.mode", "there is no sandbox: %s", err)
	}
	return nil
}

// checkExports refuses exports that the server can't read before a restart. A
// nil sandbox refuses none.
func (s *sandbox) checkExports(cfg *config.Config) error {
	if s == nil {
		return nil
	}
	var errs []error
	for i, e := range cfg.Exports {
		key := fmt.Sprintf("export[%d]", i)
		switch {
		case cfg.Bad(key):
		case !holds(slices.Concat(s.read, s.write), e.Dir):
			errs = append(errs, cfg.Errorf(key+".dir", "%s is outside the sandbox made at the start; restart mtsd to serve it", e.Dir))
		case s.lost(e.Dir):
			errs = append(errs, cfg.Errorf(key+".dir", "%s", lostExport(e.Dir)))
		}
	}
	return config.Join(errs...)
}

// lost reports whether another folder, which the sandbox doesn't hold, has taken
// the place of an export.
func (s *sandbox) lost(dir string) bool {
	before := s.exports[dir]
	now, err := os.Stat(dir)
	if before == nil || err != nil || os.SameFile(before, now) {
		return false
	}
	f, err := os.Open(dir)
	if err == nil {
		f.Close()
	}
	return errors.Is(err, fs.ErrPermission)
}

func lostExport(dir string) string {
	return dir + " was replaced by a folder outside the sandbox made at the start; restart mtsd to serve it"
}

// watchExports logs each export that is lost, once. The server goes on with the
// folder that it has open.
func (d *daemon) watchExports() {
	logged := make(map[string]bool)
	d.often(func() {
		for _, e := range d.parts.Load().cfg.Exports {
			lost := d.reloads.sandbox.lost(e.Dir)
			if lost && !logged[e.Dir] {
				d.log.Warn("sandbox", "err", lostExport(e.Dir))
			}
			logged[e.Dir] = lost
		}
	})
}

// holds reports whether path is one of the folders or in one.
func holds(folders []string, path string) bool {
	path = realPath(path)
	return slices.ContainsFunc(folders, func(dir string) bool {
		rel, err := filepath.Rel(realPath(dir), path)
		return err == nil && filepath.IsLocal(rel)
	})
}

// realPath returns the absolute path without links. What is missing has none.
func realPath(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	dir := filepath.Dir(path)
	if dir == path {
		return path
	}
	return filepath.Join(realPath(dir), filepath.Base(path))
}
