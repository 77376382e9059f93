package auth

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// An Account is a name and the hash of its password or token.
type Account struct {
	Name string // 1 to 64 letters, digits and ._@-, not starting with -
	Hash string // see the package comment
}

// Users is a set of accounts. It is safe for concurrent use.
// Its fields may be nil; they are set before anything else is done with it.
type Users struct {
	// OnError is told when Refresh found a new version of the file that it
	// can't use, once for each.
	OnError func(error)
	// OnChange is told, sorted, the names of the accounts that are gone or
	// have another hash since the file was last read.
	OnChange func(names []string)

	path      string // "" for accounts in memory
	set       atomic.Pointer[accountSet]
	slots     chan struct{} // one taken for each slow hash being computed
	slowMatch func(h hash, password string) bool

	reading sync.Mutex  // held while the file is looked at
	seen    fs.FileInfo // the version last read, used or not; nil if missing
}

// An accountSet is one version of the accounts. It is never changed.
type accountSet struct {
	accounts map[string]line
	pace     time.Duration // refusals are answered at multiples of it
}

// Open reads the users file at path. A line it can't use is a *LineError, a
// missing file matches fs.ErrNotExist. On Unix a file that others than owner and group
// may write is refused.
func Open(path string) (*Users, error) {
	u := newUsers(nil)
	u.path = path
	if err := u.Reload(); err != nil {
		return nil, err
	}
	return u, nil
}

// Memory returns a set of the given accounts, which never changes. Nobody can
// log in to an account with a malformed name or hash.
func Memory(accounts ...Account) *Users {
	var lines []line
	for _, a := range accounts {
		if l, err := newAccount(a.Name, a.Hash); err == nil {
			lines = append(lines, l)
		}
	}
	return newUsers(lines)
}

func newUsers(lines []line) *Users {
	u := &Users{slots: make(chan struct{}, runtime.GOMAXPROCS(0)), slowMatch: hash.match}
	u.set.Store(newAccountSet(lines))
	return u
}

func newAccountSet(lines []line) *accountSet {
	accounts := map[string]line{}
	var slowest time.Duration
	for _, l := range lines {
		if l.name != "" {
			accounts[l.name] = l
			slowest = max(slowest, l.hash.effort())
		}
	}
	return &accountSet{accounts, paceFor(slowest)}
}

// Names returns the accounts' names, sorted.
func (u *Users) Names() []string {
	return slices.Sorted(maps.Keys(u.set.Load().accounts))
}

// Has reports whether there is an account name.
func (u *Users) Has(name string) bool {
	_, ok := u.set.Load().accounts[name]
	return ok
}

// Reload reads the file, changed or not. If it can't be used, the accounts
// stay as they are.
func (u *Users) Reload() error { return u.reload(true) }

// Refresh reads the file if it is not the version last read, and leaves the
// accounts as they are if the new one can't be used. Authenticate begins with
// it. Called now and then, it has OnChange told even when nobody logs in.
func (u *Users) Refresh() {
	if err := u.reload(false); err != nil && u.OnError != nil {
		u.OnError(err)
	}
}

func (u *Users) reload(force bool) error {
	if u.path == "" {
		return nil
	}
	changed, err := u.read(force)
	if len(changed) > 0 && u.OnChange != nil {
		u.OnChange(changed)
	}
	return err
}

// read swaps in the file's accounts, if it is a version not yet seen or force
// is set, and returns the names that OnChange is told.
func (u *Users) read(force bool) (changed []string, err error) {
	u.reading.Lock()
	defer u.reading.Unlock()
	fi, _ := os.Stat(u.path)
	if !force && sameVersion(u.seen, fi) {
		return nil, nil
	}
	u.seen = fi // older than what is read, at worst: then it is read once more
	lines, err := readFile(u.path)
	if err != nil {
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
			u.seen = nil // which says nothing of the file: look again
		}
		return nil, err
	}
	set := newAccountSet(lines)
	for name, was := range u.set.Swap(set).accounts {
		if set.accounts[name].text != was.text {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	return changed, nil
}

// sameVersion reports whether a file has not changed between two looks at it;
// nil is a missing file.
func sameVersion(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == b
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.Mode() == b.Mode() && a.ModTime().Equal(b.ModTime())
}
