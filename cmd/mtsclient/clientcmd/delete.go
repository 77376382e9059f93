package clientcmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"mts/core/wire"
)

// maxShown limits the names in the question whether to delete.
const maxShown = 10

// deleteAll deletes, in the folders that were fetched completely, what the server no
// longer has.
func (a *app) deleteAll(ctx context.Context) error {
	if !a.delete {
		return nil
	}
	surplus := a.surplus()
	if len(surplus) == 0 {
		return nil
	}
	if ok, err := a.mayDelete(ctx, surplus); err != nil || !ok {
		return err
	}
	for _, j := range surplus {
		if j.err == nil && !a.dryRun {
			j.err = a.folder.top.RemoveAll(j.name)
		}
		a.reportDeleted(ctx, j)
	}
	return nil
}

func (a *app) reportDeleted(ctx context.Context, j *job) {
	if j.err != nil || a.json {
		a.report(ctx, j, j.err)
		return
	}
	a.tally[j.status]++
	if !a.quiet {
		fmt.Fprintf(a.stderr, "%s %s.\n", wire.Printable(j.name), map[bool]string{true: "would be deleted", false: "has been deleted"}[a.dryRun])
	}
}

// surplus returns what is to be deleted. A folder that was fetched twice has what
// either of them has.
func (a *app) surplus() (all []*job) {
	wanted := make(map[string]map[string]bool) // names by folder
	want := func(folder, name string) {
		if wanted[folder] == nil {
			wanted[folder] = make(map[string]bool)
		}
		wanted[folder][name] = true
	}
	for name := range a.taken {
		want(path.Dir(name), path.Base(name))
	}
	for _, at := range a.trees {
		for _, e := range at.content {
			want(at.folder(), e.Name)
		}
	}
	done := make(map[string]bool)
	for _, at := range a.trees {
		if !done[at.folder()] {
			done[at.folder()] = true
			all = append(all, a.surplusIn(at, wanted[at.folder()])...)
		}
	}
	return all
}

// folder returns the name of a place in the output folder.
func (p *place) folder() string { return path.Join(".", p.name) }

// surplusIn returns the files and folders in a folder that aren't wanted. What
// --exclude excludes stays, and so do unfinished files.
func (a *app) surplusIn(at *place, wanted map[string]bool) (all []*job) {
	root, err := a.folder.openDir(at.folder())
	if errors.Is(err, fs.ErrNotExist) { // with --dry-run it wasn't made
		return nil
	}
	if err != nil {
		return []*job{{path: at.path, name: at.name, err: err}}
	}
	defer root.Close()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return []*job{{path: at.path, name: at.name, err: err}}
	}
	respelled := respelled(root, entries, wanted)
	for _, e := range entries {
		name := strings.TrimPrefix(at.name+"/"+e.Name(), "/")
		if wanted[e.Name()] || isUnfinished(e.Name()) || !a.filter.allows(name, e.IsDir()) || respelled(e) {
			continue
		}
		all = append(all, &job{path: join(at.path, e.Name()), name: name, status: a.deletes()})
	}
	return all
}

// deletes returns the status of what is to be deleted.
func (a *app) deletes() status {
	if a.dryRun {
		return skipped
	}
	return deleted
}

// respelled returns a function that reports whether an entry is a wanted file under
// another spelling: the file system may ignore case or normalize names.
func respelled(root *os.Root, entries []fs.DirEntry, wanted map[string]bool) func(fs.DirEntry) bool {
	spelled := make(map[string]bool)
	for _, e := range entries {
		spelled[e.Name()] = true
	}
	var others []fs.FileInfo
	for name := range wanted {
		if fi, err := root.Lstat(name); err == nil && !spelled[name] {
			others = append(others, fi)
		}
	}
	return func(e fs.DirEntry) bool {
		fi, err := root.Lstat(e.Name())
		return err != nil || slices.ContainsFunc(others, func(other fs.FileInfo) bool { return os.SameFile(fi, other) })
	}
}

// mayDelete returns true if the user agrees, by --yes or by an answer.
func (a *app) mayDelete(ctx context.Context, surplus []*job) (bool, error) {
	if a.yes || a.dryRun {
		return true, nil
	}
	for _, j := range surplus[:min(len(surplus), maxShown)] {
		fmt.Fprintf(a.stderr, "  %s\n", wire.Printable(j.name))
	}
	fmt.Fprintf(a.stderr, "Delete %d names in %s that the server no longer has? (yes/no) ", len(surplus), wire.Printable(a.output))
	answer, err := unlessDone(ctx, a.yesOrNo)
	return answer == "yes", err
}
