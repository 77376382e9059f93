package plugins

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"mts/core/access"
	"mts/core/names"
	"mts/plugins/internal/link"
)

// A source is a plugin's folder as it was at one moment: what is checked is
// what is run.
type source struct {
	name     string
	archive  []byte // a zip file, as link.Spec has it
	settings map[string]any
	version  string // changes with the content and the settings
	err      error  // why it can't be loaded
}

// folders returns the names of the folders that are plugins. A directory that
// doesn't exist has none.
func folders(dir string) (found []string, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := checkFolder(dir); err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(e.Name(), "_") {
			found = append(found, e.Name())
		}
	}
	return found, nil
}

func (s *Set) folder(name string) string { return filepath.Join(s.cfg.Dir, name) }

// read reads the folder of a plugin.
func (s *Set) read(name string) source {
	src := source{name: name}
	src.archive, src.err = pack(s.folder(name), name)
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	src.settings, _, err = split(s.settings[name])
	src.err = errors.Join(src.err, err)
	src.version = version(src)
	return src
}

// checkFolder returns an error if others may write to a folder.
func checkFolder(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	return privateMode(dir, info)
}

func privateMode(name string, info fs.FileInfo) error {
	if err := access.CheckWrite(info); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// pack returns the Go files of a plugin's folder, without tests, as a zip archive. It
// doesn't look into them: that is for the worker.
func pack(dir, name string) ([]byte, error) {
	if err := names.CheckPlugin(name); err != nil {
		return nil, err
	}
	if err := checkFolder(dir); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	files, left := 0, int64(link.MaxBytes)
	for _, e := range entries {
		file := e.Name()
		if !e.Type().IsRegular() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			continue
		}
		n, err := packFile(z, root, file, link.Folder+name+"/", left)
		if err != nil {
			return nil, err
		}
		files++
		if left -= n; files > link.MaxFiles || left <= 0 {
			return nil, errTooMuch
		}
	}
	if files == 0 {
		return nil, fmt.Errorf("there is no Go file of package %s in it", name)
	}
	err = z.Close()
	return b.Bytes(), err
}

var errTooMuch = fmt.Errorf("more than %d files or %d bytes of source", link.MaxFiles, link.MaxBytes)

// packFile adds a file, up to limit, and returns how much it was.
func packFile(z *zip.Writer, root *os.Root, name, prefix string, limit int64) (int64, error) {
	f, err := root.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if err := privateMode(name, info); err != nil {
		return 0, err
	}
	h := &zip.FileHeader{Name: prefix + name, Method: zip.Store}
	h.SetMode(info.Mode())
	w, err := z.CreateHeader(h)
	if err != nil {
		return 0, err
	}
	return io.Copy(w, io.LimitReader(f, limit))
}

func version(src source) string {
	h := sha256.New()
	fmt.Fprintf(h, "%v\n%v\n", src.err, src.settings) // fmt sorts maps
	h.Write(src.archive)
	return hex.EncodeToString(h.Sum(nil)[:6])
}
