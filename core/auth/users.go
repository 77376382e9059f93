package auth

import (
	"errors"
	"io/fs"
	"maps"
	"os"
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

// Users is a set of accounts. It is safe for concurrent use. Its fields may be
// nil. They must not change once a method has been called.
type Users struct {
	// OnError is called when Refresh can't use a new version of the file, once
	// for each version.
	OnError func(error)
	// OnChange is called with the sorted names of the accounts that were removed
	// or got another hash since the file was last read.
	OnChange func(names []string)

	path      string // "" for accounts in memory
	set       atomic.Pointer[accountSet]
	slowMatch func(h hash, password string) bool

	reading  sync.Mutex  // held while the file is checked and read
	seen     fs.FileInfo // the version that was read last, even if it was refused; nil if missing
	awaiting bool        // there was no file yet; the accounts are in memory
}

// An accountSet is one version of the accounts. It is never changed.
type accountSet struct {
	accounts map[string]line
	pace     time.Duration // refusals are delayed to a multiple of it
}

// Open reads the users file at path. The error for a wrong line is a *LineError,
// and the one for a missing file matches fs.ErrNotExist. On Unix it refuses a
// file that [access.CheckPath] refuses.
func Open(path string) (*Users, error) {
	u := newUsers(nil)
	u.path = path
	if err := u.Reload(); err != nil {
		return nil, err
	}
	return u, nil
}

// inMemory returns a set of the given accounts, which never changes. An account
// with a malformed name or hash is left out.
func inMemory(accounts ...Account) *Users {
	var lines []line
	for _, a := range accounts {
		if l, err := newAccount(a.Name, a.Hash); err == nil {
			lines = append(lines, l)
		}
	}
	return newUsers(lines)
}

// UntilFile returns a set of one account, which ends as soon as there is a users
// file at path. Reload and Refresh look for it. The account ends even if the file
// can't be used.
func UntilFile(path string, a Account) *Users {
	u := inMemory(a)
	u.path, u.awaiting = path, true
	return u
}

func newUsers(lines []line) *Users {
	u := &Users{slowMatch: hash.match}
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

// FromFile reports whether the accounts are those of a file.
func (u *Users) FromFile() bool {
	u.reading.Lock()
	defer u.reading.Unlock()
	return u.path != "" && !u.awaiting
}

// Reload reads the file, even if it hasn't changed. If the file can't be used,
// the accounts stay as they are.
func (u *Users) Reload() error { return u.reload(true) }

// Refresh reads the file if it has changed since it was read last. If the file
// can't be used, the accounts stay as they are. Authenticate calls Refresh first;
// a caller that wants OnChange while nobody logs in calls it regularly.
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

// read replaces the accounts by those of the file, if the file has changed or
// force is set. It returns the names for OnChange.
func (u *Users) read(force bool) (changed []string, err error) {
	u.reading.Lock()
	defer u.reading.Unlock()
	fi, _ := os.Stat(u.path)
	if u.awaiting && fi == nil || !force && sameVersion(u.seen, fi) {
		return nil, nil
	}
	u.seen = fi // if the file changes right now, it is read once more next time
	lines, err := readTrusted(u.path)
	switch {
	case errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE):
		u.seen = nil // the file itself may be good: read it next time
		return nil, err
	case err != nil && !u.awaiting:
		return nil, err
	}
	u.awaiting = false
	return u.replace(newAccountSet(lines)), err
}

// replace puts a set of accounts in force. It returns the sorted names of those
// that are gone or have another hash.
func (u *Users) replace(set *accountSet) (changed []string) {
	for name, was := range u.set.Swap(set).accounts {
		if set.accounts[name].text != was.text {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	return changed
}

// sameVersion reports whether a and b describe the same version of a file. nil
// stands for a missing file.
func sameVersion(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == b
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.Mode() == b.Mode() && a.ModTime().Equal(b.ModTime())
}
