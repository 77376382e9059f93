package auth

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
)

const argon2Prefix = "$argon2id$"

// Limits for the parameters in a users file.
const (
	maxArgon2Memory = 256 << 10 // KiB
	maxArgon2Work   = 1 << 20   // KiB times passes: about a second
	maxArgon2Lanes  = 16
)

// An argon2Hash is an argon2id key and how it was derived (RFC 9106).
type argon2Hash struct {
	memory, passes uint32 // KiB, count
	lanes          uint8
	salt, key      []byte
}

// standardArgon2 returns the parameters of new hashes, with an empty salt and a
// key that no password has.
func standardArgon2() argon2Hash {
	return argon2Hash{memory: 19 << 10, passes: 2, lanes: 1, salt: make([]byte, 16), key: make([]byte, 32)}
}

func parseArgon2(s string) (hash, error) {
	var h argon2Hash
	parts := strings.Split(s, "$") // "", argon2id, v=, parameters, salt, key
	if len(parts) != 6 || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return nil, errors.New("bad argon2id hash")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.lanes); err != nil {
		return nil, fmt.Errorf("bad argon2id parameters: %w", err)
	}
	var errSalt, errKey error
	h.salt, errSalt = base64.RawStdEncoding.DecodeString(parts[4])
	h.key, errKey = base64.RawStdEncoding.DecodeString(parts[5])
	if errSalt != nil || errKey != nil || h.String() != s {
		return nil, errors.New("bad argon2id hash")
	}
	return h, h.check()
}

func (h argon2Hash) check() error {
	switch {
	case h.passes < 1 || h.lanes < 1 || h.memory < 8*uint32(h.lanes):
		return errors.New("argon2id parameters too small")
	case h.memory > maxArgon2Memory || h.lanes > maxArgon2Lanes || uint64(h.memory)*uint64(h.passes) > maxArgon2Work:
		return errors.New("argon2id parameters too large")
	case len(h.salt) < 8 || len(h.salt) > 64 || len(h.key) < 16 || len(h.key) > 64:
		return errors.New("argon2id salt is not 8 to 64 bytes or key not 16 to 64")
	}
	return nil
}

// String returns the form parseArgon2 reads.
func (h argon2Hash) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("%sv=%d$m=%d,t=%d,p=%d$%s$%s", argon2Prefix, argon2.Version,
		h.memory, h.passes, h.lanes, b64(h.salt), b64(h.key))
}

func (h argon2Hash) derive(password string) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.lanes, uint32(len(h.key)))
}

// match frees the megabytes of the derivation at once. Otherwise many logins in
// a row hold several times the memory that they use.
func (h argon2Hash) match(password string) bool {
	defer runtime.GC()
	return subtle.ConstantTimeCompare(h.derive(password), h.key) == 1
}

// effort estimates a millisecond for each pass over a MiB.
func (h argon2Hash) effort() time.Duration {
	return time.Duration(h.memory) * time.Duration(h.passes) * time.Millisecond >> 10
}
