package exports

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"mts/core"
)

// A slowSource has folders of 3000 files. Looking at one takes a second.
type slowSource struct {
	other
	mu                sync.Mutex
	made, now, atOnce int // listings
}

func (s *slowSource) list(ctx context.Context, name string, most int) (*listing, error) {
	if most > 0 {
		return nil, errLarge
	}
	s.count(1)
	defer s.count(-1)
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	names := make([]string, 3000)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%04d", name, i)
	}
	file, _ := fs.Stat(fstest.MapFS{"f": {}}, "f")
	return newListing(ctx, names, false, func(string) (fs.FileInfo, error) { return file, nil })
}

func (s *slowSource) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made += max(0, n)
	s.now += n
	s.atOnce = max(s.atOnce, s.now)
}

// inShelf runs a test on a tree whose folders a, b, ... are large.
func inShelf(t *testing.T, test func(t *testing.T, s *slowSource, list func(ctx context.Context, folder string) iter.Seq2[core.Info, error])) {
	synctest.Test(t, func(t *testing.T) {
		folders := fstest.MapFS{}
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			folders[name+"/x"] = &fstest.MapFile{}
		}
		tree := open(t, Export{Path: "/", FS: folders})
		s := &slowSource{other: tree.exports[0].source.(other)}
		tree.exports[0].source = s
		test(t, s, func(ctx context.Context, folder string) iter.Seq2[core.Info, error] {
			seq, err := tree.List(ctx, folder)
			if err != nil {
				t.Error(err)
			}
			return seq
		})
		if tree.shelf.held != nil && len(tree.shelf.held)+len(tree.shelf.waiting) > 0 {
			t.Errorf("%d listings are held, %d wait", len(tree.shelf.held), len(tree.shelf.waiting))
		}
	})
}

// wantAll checks that a sequence has each file of a folder once, in order.
func wantAll(t *testing.T, folder string, next func() (core.Info, error, bool), from int) {
	for i := from; ; i++ {
		info, err, ok := next()
		if !ok && i == 3000 {
			return
		}
		if want := fmt.Sprintf("%s-%04d", folder, i); info.Name != want || err != nil {
			t.Errorf("entry %d of %s is %q, %v, %v", i, folder, info.Name, err, ok)
			return
		}
	}
}

// Who wants the same folder at the same time shares a listing.
func TestListingShared(t *testing.T) {
	inShelf(t, func(t *testing.T, s *slowSource, list func(context.Context, string) iter.Seq2[core.Info, error]) {
		var users sync.WaitGroup
		for range 60 {
			users.Go(func() {
				next, stop := iter.Pull2(list(t.Context(), "a"))
				defer stop()
				wantAll(t, "a", next, 0)
			})
		}
		users.Wait()
		if s.made > maxLarge+1 || s.atOnce > maxLarge {
			t.Errorf("60 users made %d listings, %d of them at once", s.made, s.atOnce)
		}
	})
}

// Few listings are held, but a slow user doesn't keep others waiting for long.
func TestListingSlowUsers(t *testing.T) {
	inShelf(t, func(t *testing.T, s *slowSource, list func(context.Context, string) iter.Seq2[core.Info, error]) {
		slow := map[string]func() (core.Info, error, bool){}
		for _, folder := range []string{"a", "b", "c", "d"} {
			next, stop := iter.Pull2(list(t.Context(), folder))
			defer stop()
			next()
			slow[folder] = next
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		for _, err := range list(ctx, "e") {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the wait ended with %v", err)
			}
		}
		start := time.Now()
		next, stop := iter.Pull2(list(t.Context(), "e"))
		defer stop()
		wantAll(t, "e", next, 0)
		if took := time.Since(start); took > slice+2*time.Second {
			t.Errorf("slow users kept another one waiting for %v", took)
		}
		for folder, next := range slow {
			wantAll(t, folder, next, 1)
		}
	})
}

// A listing that nobody wants any more ends.
func TestListingAbandoned(t *testing.T) {
	inShelf(t, func(t *testing.T, s *slowSource, list func(context.Context, string) iter.Seq2[core.Info, error]) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second/2, cancel)
		for _, err := range list(ctx, "a") {
			if err != context.Canceled {
				t.Errorf("given up: %v", err)
			}
		}
		synctest.Wait()
		if s.now != 0 {
			t.Error("the listing is still made")
		}
	})
}

// A large folder is listed as a small one is.
func TestListingLarge(t *testing.T) {
	dir := t.TempDir()
	var names []string
	for i := range 2*largeFolder + pageSize {
		names = append(names, fmt.Sprintf("f%06d", i))
	}
	write(t, dir, names...)
	tree := open(t, Export{Path: "/", Dir: dir}, Export{Path: "/f000300", FS: fstest.MapFS{}}, Export{Path: "/z", FS: fstest.MapFS{}})
	want := slices.Clone(names)
	want[300] += "/"
	wantList(t, tree, "/", append(want, "z/")...)
}
