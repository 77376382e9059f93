// Package auth checks names and passwords against a users file.
//
// The file has one "name:hash" a line. Blank lines and lines that start with #
// are comments. A hash is one of
//
//   - an argon2id string ($argon2id$v=19$m=…,t=…,p=…$salt$key, RFC 9106), the
//     form that [HashPassword] returns;
//   - a bcrypt string ($2a$, $2b$ or $2y$), so that files of htpasswd -B work;
//     as there, only the first 72 bytes of a password count;
//   - {SHA256} and the hex SHA-256 of a token. A token of [NewToken] has enough
//     entropy to need no slow hash.
//
// A refusal doesn't show whether the name or the password was wrong, neither in
// its words nor in its time. A password that looks like a token is compared with
// token hashes only. Any other password costs one slow hash, even if there is no
// such account. The caller decides which slow hash may be computed when, and delays
// refusals as [Users.Delay] says, which hides the kind of the hash.
package auth

import (
	"errors"
	"time"
)

// ErrDenied is the answer to a wrong password and to an unknown name alike.
var ErrDenied = errors.New("access denied")

// pace is the interval whose multiples refusals are delayed to. It is longer if
// some account's hash is unusually slow.
const pace = 250 * time.Millisecond

// Authenticate returns nil if password is that of the account name, and ErrDenied
// otherwise. It takes a microsecond, or as long as a slow hash if IsSlow reports
// so.
func (u *Users) Authenticate(name, password string) error {
	u.Refresh()
	account := u.set.Load().accounts[name]
	ok := u.verify(account.hash, password)
	if !ok || u.set.Load().accounts[name].text != account.text { // changed while the hash was computed
		return ErrDenied
	}
	return nil
}

// IsSlow reports whether Authenticate computes a slow hash for password.
func (u *Users) IsSlow(password string) bool { return !isTokenShaped(password) }

// Delay returns how long a refusal that has taken a time so far has to wait: until
// a multiple of 250 ms, or of more if some account's hash is unusually slow.
func (u *Users) Delay(took time.Duration) time.Duration {
	pace := u.set.Load().pace
	return pace - took%pace
}

// verify compares password with h, which is nil for an unknown account. Its cost
// depends only on whether password looks like a token.
func (u *Users) verify(h hash, password string) bool {
	token, isToken := h.(tokenHash)
	if isTokenShaped(password) {
		return token.match(password) && isToken
	}
	known := h != nil && !isToken
	if !known {
		h = standardArgon2()
	}
	return u.slowMatch(h, password) && known
}

// paceFor returns the interval for accounts whose slowest hash takes about
// slowest: the smallest multiple of pace that is at least twice as long. So the
// slowest refusal isn't later than the others.
func paceFor(slowest time.Duration) time.Duration {
	return pace * max(1, (2*slowest+pace-1)/pace)
}
