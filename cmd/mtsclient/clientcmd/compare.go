package clientcmd

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"mts/core"
	"mts/core/client"
)

// clockGrain is how far apart the times of the same file may be: FAT counts in steps
// of 2 s.
const clockGrain = 2 * time.Second

// sameAsListed reports whether the listing alone shows that -u has nothing to do for
// a file: the size is the same and the time, to a second.
func (a *app) sameAsListed(j *job) bool {
	return a.update && !a.verify && !a.json && j.local != nil && j.info != nil && j.sameSize() && j.sameTime()
}

func (j *job) sameSize() bool { return j.local.Mode().IsRegular() && j.info.Size == j.local.Size() }
func (j *job) sameTime() bool { return j.info.Modified.Unix() == j.local.ModTime().Unix() }

// lookUp asks the server for the description of a file, if it isn't known.
func (a *app) lookUp(ctx context.Context, j *job) error {
	if j.info == nil {
		err := a.retry(ctx, func(conn *client.Conn) (bool, error) {
			info, err := conn.Stat(ctx, j.path)
			j.info = &info
			return false, err
		})
		if err != nil {
			j.info = nil
			return err
		}
		if j.info.Dir {
			return errIsFolder
		}
	}
	j.size = j.info.Size
	return nil
}

// compare reports whether the existing file is the same as the server's: if it has
// the same size and the same time, to a second. The SHA-256 counts instead with
// --verify and, unless files are updated, with --json, and where times may differ
// although the files don't.
func (a *app) compare(ctx context.Context, j *job) (same bool, err error) {
	if err := a.lookUp(ctx, j); err != nil {
		return false, err
	}
	apart := j.info.Modified.Sub(j.local.ModTime()).Abs()
	switch {
	case !j.sameSize():
		return false, nil
	case a.verify || a.json && !a.update:
		return a.compareContent(ctx, j)
	case j.sameTime():
		return true, a.sumLocal(j)
	case a.update || apart <= clockGrain:
		return a.compareDated(ctx, j)
	}
	return false, nil
}

// compareDated compares the content of a file whose time differs. The time of an
// equal file becomes the server's, so that the next comparison is quick.
func (a *app) compareDated(ctx context.Context, j *job) (same bool, err error) {
	same, err = a.compareContent(ctx, j)
	switch {
	case isCode(err, core.CodeUnknownCommand):
		return false, nil
	case same && !a.dryRun && !j.info.Modified.IsZero():
		return true, a.folder.without("set times", setTime(a.folder.top, filepath.FromSlash(j.name), j.info.Modified))
	}
	return same, err
}

// compareContent compares the SHA-256 of the existing file with the server's.
func (a *app) compareContent(ctx context.Context, j *job) (same bool, err error) {
	sum, err := a.folder.hash(filepath.FromSlash(j.name))
	if err != nil {
		return false, err
	}
	want, err := a.hash(ctx, j.path)
	if err != nil || sum != want {
		return false, err
	}
	j.sum = sum
	return true, nil
}

// sumLocal computes the SHA-256 of an existing file for --json.
func (a *app) sumLocal(j *job) (err error) {
	if a.json {
		j.sum, err = a.folder.hash(filepath.FromSlash(j.name))
	}
	return err
}

// compareHash compares the hash of the received file with the server's.
func (a *app) compareHash(ctx context.Context, t *transfer) error {
	want, err := a.hash(ctx, t.path)
	if err != nil {
		return err
	}
	if got := hex.EncodeToString(t.sum.Sum(nil)); got != want {
		return fmt.Errorf("%w: its SHA-256 is %s, the server says %s", client.ErrIntegrity, got, want)
	}
	return nil
}

// hash returns the SHA-256 that the server computes of a file.
func (a *app) hash(ctx context.Context, path string) (sum string, err error) {
	err = a.retry(ctx, func(conn *client.Conn) (got bool, err error) {
		sum, err = conn.Hash(ctx, path)
		return false, err
	})
	if err != nil {
		return "", fmt.Errorf("verify: %w", err)
	}
	return sum, nil
}

// hash returns the SHA-256 of a file, in hexadecimal.
func (d *folder) hash(name string) (string, error) {
	var f *os.File
	err := d.retryOpen(func() (err error) {
		f, err = d.top.Open(name)
		return err
	})
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return hex.EncodeToString(sum.Sum(nil)), err
}

var errIsFolder = errors.New("is a folder; -r fetches what is in it, -l lists it")
