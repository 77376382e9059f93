// Package auth says whether a name and a password belong together.
//
// Accounts come from a users file with one "name:hash" a line; blank lines and
// lines that start with # are comments. A hash is one of
//
//   - an argon2id string ($argon2id$v=19$m=…,t=…,p=…$salt$key, RFC 9106), the
//     form [HashPassword] writes;
//   - a bcrypt string ($2a$, $2b$ or $2y$), so that files of htpasswd -B work;
//     like there, a password counts up to its 72nd byte;
//   - {SHA256} and the hex SHA-256 of a token. A token, from [NewToken], is
//     random enough to need no slow hash.
//
// A refusal doesn't tell an unknown name from a wrong password, by its words
// or by its time. A presented password with the shape of a token is compared
// with token hashes only. Any other costs one slow hash, whether or not there
// is an account to check it against. And refusals are held back to a multiple
// of a fixed pace, so that the kind of the hash doesn't show either.
package auth

import (
	"context"
	"errors"
	"time"
)

// ErrDenied is the answer to a wrong password and to an unknown name alike.
var ErrDenied = errors.New("access denied")

// pace is the grid that refusals are answered on, unless some account's hash
// is unusually slow.
const pace = 250 * time.Millisecond

// Authenticate returns nil, at once, if password is that of the account name.
// Otherwise it returns ErrDenied a whole multiple of 250 ms after it was
// called, or ctx's error once ctx ends. At most GOMAXPROCS slow hashes run at
// a time; the others wait.
func (u *Users) Authenticate(ctx context.Context, name, password string) error {
	start := time.Now()
	u.Refresh()
	set := u.set.Load()
	ok, err := u.verify(ctx, set.accounts[name].hash, password)
	if u.set.Load().accounts[name].text != set.accounts[name].text {
		ok = false // it has changed while the hash was computed
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

// verify compares password with h, which is nil for an unknown account, at a
// cost that depends on the shape of the password alone.
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

// paceFor returns the grid for accounts whose slowest hash takes about slowest:
// the smallest multiple of pace twice as long, so that a refusal for that
// account comes when all others do.
func paceFor(slowest time.Duration) time.Duration {
	return pace * max(1, (2*slowest+pace-1)/pace)
}
