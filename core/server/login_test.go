package server_test

import (
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mts/core/harness"
	"mts/core/limit"
	"mts/core/server"
)

// A hasher needs a while to check the password of the account "default".
type hasher struct {
	harness.Accounts
	takes time.Duration
	begin func()
}

func (hasher) IsSlow(password string) bool { return !strings.HasPrefix(password, "token") }

func (h hasher) Authenticate(name, password string) error {
	if h.IsSlow(password) {
		h.begin()
		time.Sleep(h.takes)
	}
	return h.Accounts.Authenticate(name, password)
}

// hashing has passwords checked in that time. begin is called before; it may be nil.
func hashing(takes time.Duration, begin func()) func(*server.Config) {
	if begin == nil {
		begin = func() {}
	}
	return func(c *server.Config) { c.Auth = hasher{harness.OnlyDefault("passwd"), takes, begin} }
}

// Of many guesses at once no more are checked than lead to a ban. Those behind them
// are answered alike, right or wrong.
func TestGuessesAtOnce(t *testing.T) {
	hashed := 0
	change := func(c *server.Config) {
		hashing(50*time.Millisecond, func() { hashed++ })(c)
		limited(limit.Policy{Failures: 6, BanTime: time.Hour})(c)
	}
	inBubble(t, t.TempDir(), change, func(t *testing.T, s *server.Server) {
		var clients []*client
		for i := range 40 {
			c := greet(t, pipe(t, s))
			guess := "AUTH wrong"
			if i == 20 {
				guess = "AUTH passwd"
			}
			c.send("MODE BLOCK", guess)
			synctest.Wait()
			clients = append(clients, c)
		}
		for i, c := range clients {
			c.want("#Mode is BLOCK.")
			if i < 6 {
				c.want("![code=auth-failed] Bad password.")
			} else {
				c.want("![code=banned] Try again later.")
			}
		}
		if hashed != 6 {
			t.Errorf("%d of 40 guesses were hashed", hashed)
		}
	})
}

// A login that waits for its turn ends at the login timeout, with one word about
// it. Tokens wait for nobody.
func TestLoginWaits(t *testing.T) {
	change := func(c *server.Config) {
		hashing(time.Minute, nil)(c)
		c.Auth = tokens{c.Auth.(hasher)}
	}
	inBubble(t, t.TempDir(), change, func(t *testing.T, s *server.Server) {
		first, second := greet(t, pipe(t, s)), greet(t, pipe(t, s))
		first.send("AUTH passwd")
		synctest.Wait()
		second.send("AUTH passwd")
		third := greet(t, pipe(t, s))
		third.send("AUTH token")
		third.want("#You are logged in.")
		second.lasts(30*time.Second, "!Timeout.\r\n")
		first.want("#You are logged in.")
	})
}

// tokens are accepted, too.
type tokens struct{ hasher }

func (a tokens) Authenticate(name, password string) error {
	if password == "token" {
		return nil
	}
	return a.hasher.Authenticate(name, password)
}

// With too many logins in the queue one is refused, which says nothing about its
// password.
func TestTooManyLogins(t *testing.T) {
	inBubble(t, t.TempDir(), hashing(time.Second, nil), func(t *testing.T, s *server.Server) {
		var last *client
		for range 258 {
			last = greet(t, pipe(t, s))
			last.send("MODE BLOCK")
			last.want("#Mode is BLOCK.")
			last.send("AUTH passwd")
			synctest.Wait()
		}
		last.want("![code=busy] Too many logins are waiting. Try again.")
		time.Sleep(time.Minute)
	})
}

// A login from elsewhere than the networks of an account, or after it has expired,
// is answered and counted like a wrong password.
func TestGrantOfLogins(t *testing.T) {
	networks := func(s string) []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix(s)} }
	for _, test := range []struct {
		name  string
		grant server.Grant
		want  string
	}{
		{"here", server.Grant{Networks: networks("127.0.0.0/8")}, "#You are logged in."},
		{"elsewhere", server.Grant{Networks: networks("192.0.2.0/24")}, "!Bad password."},
		{"nowhere", server.Grant{Networks: []netip.Prefix{}}, "!Bad password."},
		{"not yet expired", server.Grant{Expires: time.Now().Add(time.Hour)}, "#You are logged in."},
		{"expired", server.Grant{Expires: time.Now()}, "!Bad password."},
	} {
		s := newServer(t, t.TempDir(), func(c *server.Config) {
			c.Grant = func(string) server.Grant { return test.grant }
			c.Limits = limit.New(limit.Policy{Failures: 2, BanTime: time.Hour})
		})
		c := greet(t, from(t, s, false)("127.0.0.2"))
		t.Log(test.name)
		for range 2 {
			c.send("AUTH passwd")
			c.want(test.want)
		}
		c.send("AUTH passwd")
		if test.want == "!Bad password." {
			test.want = "!Try again later."
		}
		c.want(test.want)
	}
}

// The sessions of an account end when it expires.
func TestExpiry(t *testing.T) {
	inBubble(t, t.TempDir(), nil, func(t *testing.T, s *server.Server) {
		settings := server.Settings{Timeouts: patience, Grant: func(string) server.Grant {
			return server.Grant{Expires: time.Date(2000, 1, 1, 0, 1, 0, 0, time.UTC)}
		}}
		c := enter(t, pipe(t, s))
		s.Apply(settings)
		for range 59 {
			time.Sleep(time.Second)
			s.EndExpired()
		}
		c.send("NOOP")
		c.want("#OK.")
		time.Sleep(time.Second)
		s.EndExpired()
		c.wantEnd("!Disconnected: Your account has expired.\r\n")
	})
}

// Only who is logged in gets notices, also if they came before it logged out.
func TestNoticesNeedALogin(t *testing.T) {
	s := newServer(t, t.TempDir(), nil)
	c := greet(t, dialer(t, s, "pipe")())
	c.send("MODE BLOCK", "OPTS NOTICES ON")
	c.line()
	c.line()
	if n := len(s.Notify(nil, "for accounts")); n != 0 {
		t.Errorf("%d sessions took a notice without a login", n)
	}
	c.send("AUTH passwd")
	c.want("#You are logged in.")
	if n := len(s.Notify(nil, "for accounts")); n != 1 {
		t.Errorf("%d sessions took a notice", n)
	}
	c.want("*for accounts")
}
