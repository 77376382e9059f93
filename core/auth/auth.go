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
// such account. Refusals are delayed to a multiple of a fixed interval, which
// hides the kind of the hash.
package auth

import (
	"context"
	"errors"
	"time"
)

// ErrDenied is the answer to a wrong password and to an unknown name alike.
var ErrDenied = errors.New("access denied")

// pace is the interval whose multiples refusals are delayed to. It is longer if
// some account's hash is unusually slow.
const pace = 250 * time.Millisecond

// Authenticate returns nil, without delay, if password is that of the account
// name. Otherwise it returns ErrDenied at a multiple of 250 ms after it was
// called, or ctx's error once ctx ends. At most GOMAXPROCS slow hashes run at a
// time; further ones wait.
func (u *Users) Authenticate(ctx context.Context, name, password string) error {
	start := time.Now()
	u.Refresh()
	set := u.set.Load()
	ok, err := u.verify(ctx, set.accounts[name].hash, password)
	if u.set.Load().accounts[name].text != set.accounts[name].text {
		ok = false // the account changed while the hash was computed
	}
	if ok || err != nil {
		return err
	}
	timer := time.NewTimer(set.pace - time.Since(start)%set.pace)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ErrDenied
	case <-ctx.Done():
		return ctx.Err()
	}
}

// verify compares password with h, which is nil for an unknown account. Its cost
// depends only on whether password looks like a token.
func (u *Users) verify(ctx context.Context, h hash, password string) (bool, error) {
	token, isToken := h.(tokenHash)
	if isTokenShaped(password) {
		return token.match(password) && isToken, nil
	}
	known := h != nil && !isToken
	if !known {
		h = standardArgon2()
	}
	select {
	case u.slots <- struct{}{}:
		defer func() { <-u.slots }()
		return u.slowMatch(h, password) && known, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// paceFor returns the interval for accounts whose slowest hash takes about
// slowest: the smallest multiple of pace that is at least twice as long. So the
// slowest refusal isn't later than the others.
func paceFor(slowest time.Duration) time.Duration {
	return pace * max(1, (2*slowest+pace-1)/pace)
}
