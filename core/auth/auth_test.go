package auth

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// cheapArgon2 is a hash that costs tests nothing.
func cheapArgon2(password string) string {
	h := standardArgon2()
	h.memory, h.passes = 8, 1
	h.key = h.derive(password)
	return h.String()
}

func cheapBcrypt(t *testing.T, password string) string {
	t.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(h)
}

func TestAuthenticate(t *testing.T) {
	standard, err := HashPassword("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 72)
	token, tokenHash := NewToken()
	other, _ := NewToken()
	u := Memory(
		Account{"ann", standard},
		Account{"bob", cheapBcrypt(t, "secret")},
		Account{"htpasswd", "$2y" + strings.TrimPrefix(cheapBcrypt(t, long), "$2a")},
		Account{"robot", tokenHash},
		Account{"broken", "plain"},
	)
	for _, test := range []struct {
		name, password string
		ok             bool
	}{
		{"ann", "correct horse", true}, {"bob", "secret", true}, {"robot", token, true},
		{"htpasswd", long, true}, {"htpasswd", long + strings.Repeat("y", 4000), true}, {"htpasswd", long[1:], false},
		{"ann", "correct horse ", false}, {"ann", "", false}, {"Ann", "correct horse", false},
		{"bob", "correct horse", false}, {"bob", token, false},
		{"robot", other, false}, {"robot", token + "a", false}, {"robot", strings.ToUpper(token), false}, {"robot", "secret", false},
		{"nobody", "secret", false}, {"nobody", token, false}, {"", "", false}, {"broken", "plain", false},
	} {
		synctest.Test(t, func(t *testing.T) { // its clock skips the wait of a refusal
			if err := u.bubble().Authenticate(t.Context(), test.name, test.password); (err == nil) != test.ok {
				t.Errorf("Authenticate(%q, %q) = %v", test.name, test.password, err)
			}
		})
	}
}

// bubble returns a copy of u, without its file, for use in a synctest bubble.
func (u *Users) bubble() *Users {
	c := newUsers(nil)
	c.set.Store(u.set.Load())
	c.slowMatch = u.slowMatch
	return c
}

// Whatever the account, what a password costs depends on its shape alone.
func TestEffort(t *testing.T) {
	token, tokenHash := NewToken()
	accounts := []Account{{"ann", cheapArgon2("secret")}, {"bob", cheapBcrypt(t, "secret")}, {"robot", tokenHash}}
	for name, kind := range map[string]string{"ann": "auth.argon2Hash", "bob": "auth.bcryptHash", "robot": "auth.argon2Hash", "nobody": "auth.argon2Hash"} {
		for password, want := range map[string]int{"secret": 1, "wrong": 1, "": 1, token: 0, "mts_" + strings.Repeat("a", 32): 0, token[1:]: 1} {
			synctest.Test(t, func(t *testing.T) {
				u := Memory(accounts...)
				var hashed []hash
				u.slowMatch = func(h hash, password string) bool {
					hashed = append(hashed, h)
					return h.effort() < standardArgon2().effort() && h.match(password)
				}
				err := u.Authenticate(t.Context(), name, password)
				if len(hashed) != want || want == 1 && fmt.Sprintf("%T", hashed[0]) != kind {
					t.Errorf("%s, %q: hashes %T, want %d of %s", name, password, hashed, want, kind)
				}
				if own := name == "ann" || name == "bob"; want == 1 && !own && hashed[0].effort() != standardArgon2().effort() {
					t.Errorf("%s: the dummy is not the standard one", name)
				}
				right := name == "robot" && password == token || (name == "ann" || name == "bob") && password == "secret"
				if right != (err == nil) || !right && err != ErrDenied {
					t.Errorf("%s, %q: error %v", name, password, err)
				}
			})
		}
	}
}

func TestDummyMatchIsNoLogin(t *testing.T) {
	_, tokenHash := NewToken()
	for _, name := range []string{"nobody", "robot"} {
		synctest.Test(t, func(t *testing.T) {
			u := Memory(Account{"robot", tokenHash})
			u.slowMatch = func(hash, string) bool { return true }
			if err := u.Authenticate(t.Context(), name, "x"); err != ErrDenied {
				t.Errorf("%s: error %v", name, err)
			}
		})
	}
}

func TestAnswerTimes(t *testing.T) {
	token, _ := NewToken()
	costly := strings.Replace(standardArgon2().String(), "m=19456,t=2", "m=131072,t=3", 1)
	for _, test := range []struct {
		name     string
		accounts []Account
		password string
		takes    time.Duration // a slow hash
		want     time.Duration
		ok       bool
	}{
		{name: "right", password: "x", takes: 40 * time.Millisecond, want: 40 * time.Millisecond, ok: true},
		{name: "wrong", password: "x", takes: 40 * time.Millisecond, want: 250 * time.Millisecond},
		{name: "at no cost", password: "x", want: 250 * time.Millisecond},
		{name: "token", password: token, takes: time.Second, want: 250 * time.Millisecond},
		{name: "late", password: "x", takes: 251 * time.Millisecond, want: 500 * time.Millisecond},
		{name: "costly account", accounts: []Account{{"ann", costly}}, password: "x", want: time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				u := Memory(append(test.accounts, Account{"bob", cheapArgon2("x")})...)
				u.slowMatch = func(hash, string) bool { time.Sleep(test.takes); return test.ok }
				start := time.Now()
				err := u.Authenticate(t.Context(), "bob", test.password)
				if took := time.Since(start); took != test.want || (err == nil) != test.ok {
					t.Errorf("%v after %v, want after %v", err, took, test.want)
				}
			})
		})
	}
}

func TestSlowHashesWaitForAPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := Memory()
		u.slots = make(chan struct{}, 2)
		var running, most, done atomic.Int32
		u.slowMatch = func(hash, string) bool {
			most.Store(max(most.Load(), running.Add(1)))
			time.Sleep(100 * time.Millisecond)
			running.Add(-1)
			done.Add(1)
			return false
		}
		ctx, cancel := context.WithTimeout(t.Context(), 350*time.Millisecond)
		defer cancel()
		start := time.Now()
		var denied, ended atomic.Int32
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				switch err := u.Authenticate(ctx, "ann", "x"); {
				case errors.Is(err, ErrDenied):
					denied.Add(1)
				case errors.Is(err, context.DeadlineExceeded):
					ended.Add(1)
				}
			})
		}
		wg.Wait()
		// Two each 100 ms, of which the first four are denied at 250 ms and
		// the last two are being hashed when the time is over.
		if most.Load() != 2 || done.Load() != 8 || denied.Load() != 4 || ended.Load() != 16 {
			t.Errorf("%d at a time, %d hashed, %d denied, %d ended", most.Load(), done.Load(), denied.Load(), ended.Load())
		}
		if took := time.Since(start); took != 400*time.Millisecond {
			t.Errorf("the last answer came after %v", took)
		}
	})
}

func TestAuthenticateDuringReload(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users")
	token, tokenHash := NewToken()
	write := func(content string) {
		f := File{path: path}
		f.lines, _ = parse(path, []byte(content))
		if err := f.save(); err != nil {
			t.Error(err)
		}
	}
	write("ann:" + tokenHash)
	u, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 50 {
			write(fmt.Sprintf("# %d\nann:%s\nuser%d:%s", i, tokenHash, i, tokenHash))
			if err := u.Reload(); err != nil {
				t.Error(err)
			}
		}
	})
	for range 4 {
		wg.Go(func() {
			for range 200 {
				if err := u.Authenticate(t.Context(), "ann", token); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if !u.Has("user49") || u.Has("user48") {
		t.Errorf("accounts at the end: %q", u.Names())
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("%d files, %v", len(entries), err)
	}
}
