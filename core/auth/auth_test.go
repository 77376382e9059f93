package auth

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
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
	u := inMemory(
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
		if err := u.Authenticate(test.name, test.password); (err == nil) != test.ok {
			t.Errorf("Authenticate(%q, %q) = %v", test.name, test.password, err)
		}
	}
}

// Whatever the account, what a password costs depends on its shape alone.
func TestEffort(t *testing.T) {
	token, tokenHash := NewToken()
	accounts := []Account{{"ann", cheapArgon2("secret")}, {"bob", cheapBcrypt(t, "secret")}, {"robot", tokenHash}}
	for name, kind := range map[string]string{"ann": "auth.argon2Hash", "bob": "auth.bcryptHash", "robot": "auth.argon2Hash", "nobody": "auth.argon2Hash"} {
		for password, want := range map[string]int{"secret": 1, "wrong": 1, "": 1, token: 0, "mts_" + strings.Repeat("a", 32): 0, token[1:]: 1} {
			u := inMemory(accounts...)
			var hashed []hash
			u.slowMatch = func(h hash, password string) bool {
				hashed = append(hashed, h)
				return h.effort() < standardArgon2().effort() && h.match(password)
			}
			err := u.Authenticate(name, password)
			if len(hashed) != want || u.IsSlow(password) != (want == 1) || want == 1 && fmt.Sprintf("%T", hashed[0]) != kind {
				t.Errorf("%s, %q: hashes %T, want %d of %s", name, password, hashed, want, kind)
			}
			if own := name == "ann" || name == "bob"; want == 1 && !own && hashed[0].effort() != standardArgon2().effort() {
				t.Errorf("%s: the dummy is not the standard one", name)
			}
			right := name == "robot" && password == token || (name == "ann" || name == "bob") && password == "secret"
			if right != (err == nil) || !right && err != ErrDenied {
				t.Errorf("%s, %q: error %v", name, password, err)
			}
		}
	}
}

func TestDummyMatchIsNoLogin(t *testing.T) {
	_, tokenHash := NewToken()
	for _, name := range []string{"nobody", "robot"} {
		u := inMemory(Account{"robot", tokenHash})
		u.slowMatch = func(hash, string) bool { return true }
		if err := u.Authenticate(name, "x"); err != ErrDenied {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// The times at which a wrong password is answered don't depend on how long it
// took to check it.
func TestDelay(t *testing.T) {
	costly := strings.Replace(standardArgon2().String(), "m=19456,t=2", "m=131072,t=3", 1)
	for _, test := range []struct {
		name     string
		accounts []Account
		takes    time.Duration
		want     time.Duration
	}{
		{name: "hash", takes: 40 * time.Millisecond, want: 250 * time.Millisecond},
		{name: "token", want: 250 * time.Millisecond},
		{name: "late", takes: 251 * time.Millisecond, want: 500 * time.Millisecond},
		{name: "costly account", accounts: []Account{{"ann", costly}}, want: time.Second},
	} {
		u := inMemory(append(test.accounts, Account{"bob", cheapArgon2("x")})...)
		if got := test.takes + u.Delay(test.takes); got != test.want {
			t.Errorf("%s: answered after %v, want %v", test.name, got, test.want)
		}
	}
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
				if err := u.Authenticate("ann", token); err != nil {
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
