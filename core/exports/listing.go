package exports

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"mts/core"
)

// errLarge is returned for a folder with more entries than were asked for.
var errLarge = errors.New("the folder is large")

// A listing is what a folder held at one time: its files and folders, sorted by
// name. It is compact, since a folder may have many. It doesn't change.
type listing struct {
	names   string // one after the other
	entries []entry
	bad     error // of an entry that couldn't be looked at
}

type entry struct {
	end     uint32 // of the name, in names
	nanos   uint32 // of the modification time
	seconds int64  // of the modification time
	size    int64  // bytes; or one of the values below
	id      uint64 // of a file, the ETag; of a folder, what is unique, or 0
}

// The size of an entry that is no file.
const (
	isFolder     = -1
	isUnreadable = -2
)

// newListing looks at names, which it sorts. Entries that are gone or can't be
// served are left out; the error of an entry costs only that entry.
func newListing(ctx context.Context, names []string, dots bool, look func(name string) (fs.FileInfo, error)) (*listing, error) {
	slices.Sort(names)
	l := &listing{entries: make([]entry, 0, len(names))}
	var all strings.Builder
	for _, name := range names {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		if !dots && hidden(name) {
			continue
		}
		e, served := l.look(name, look)
		if !served {
			continue
		}
		all.WriteString(name)
		e.end = uint32(all.Len())
		l.entries = append(l.entries, e)
	}
	l.names = all.String()
	return l, nil
}

// look returns the entry of a name, unless there is nothing that can be served.
func (l *listing) look(name string, look func(string) (fs.FileInfo, error)) (e entry, served bool) {
	info, err := look(name)
	if errors.Is(err, fs.ErrPermission) {
		l.bad = err
		return entry{size: isUnreadable}, true
	}
	if err = refusal(err); errors.Is(err, fs.ErrNotExist) {
		return entry{}, false
	}
	if err != nil {
		l.bad = err
		return entry{size: isUnreadable}, true
	}
	when := info.ModTime()
	e = entry{seconds: when.Unix(), nanos: uint32(when.Nanosecond())}
	switch {
	case info.IsDir():
		e.size, e.id = isFolder, folderID(info)
	case info.Mode().IsRegular():
		e.size, e.id = info.Size(), fileID(info)
	default:
		return entry{}, false
	}
	return e, true
}

// name returns the name of entry i.
func (l *listing) name(i int) string {
	start := uint32(0)
	if i > 0 {
		start = l.entries[i-1].end
	}
	return l.names[start:l.entries[i].end]
}

// after returns the index of the first entry whose name comes after name.
func (l *listing) after(name string) int {
	low, high := 0, len(l.entries)
	for low < high {
		if middle := (low + high) / 2; l.name(middle) <= name {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// page returns up to pageSize entries from index i on. They share no memory with
// the listing.
func (l *listing) page(i int) []item {
	entries := l.entries[i:min(i+pageSize, len(l.entries))]
	items := make([]item, len(entries))
	for j, e := range entries {
		items[j] = item{Info: e.info(strings.Clone(l.name(i + j)))}
		if e.size == isUnreadable {
			items[j].err = l.bad
		}
	}
	return items
}

// pageSize is how many entries a LIST holds while it waits for its client.
const pageSize = 256

// An item is an entry of a page. With an error it has a name and nothing else.
type item struct {
	core.Info
	err error
}

func (e entry) info(name string) core.Info {
	info := core.Info{Name: name}
	switch e.size {
	case isUnreadable:
		return info
	case isFolder:
		info.Dir = true
		if e.id != 0 {
			info.Unique = digits(e.id)
		}
	default:
		info.Size, info.ETag = e.size, digits(e.id)
	}
	info.Modified = time.Unix(e.seconds, int64(e.nanos))
	return info
}
