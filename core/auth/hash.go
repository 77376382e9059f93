package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/crypto/bcrypt"

	"mts/core/wire"
)

// maxPassword is how many bytes a command line can hold after "AUTH ".
const maxPassword = wire.MaxLine - len("AUTH ")

// A hash is an account's stored form of its password or token.
type hash interface {
	match(password string) bool
	// effort estimates the time that match takes on an ordinary processor.
	effort() time.Duration
}

// HashPassword returns the argon2id hash of password (19 MiB, 2 passes, 1
// lane) for a users file. It refuses passwords that nobody could log in with:
// an empty one, one of more than 4091 bytes, one with control characters, and
// one that looks like a token.
func HashPassword(password string) (string, error) {
	switch {
	case password == "":
		return "", errors.New("password is empty")
	case len(password) > maxPassword:
		return "", fmt.Errorf("password is longer than %d bytes", maxPassword)
	case strings.ContainsFunc(password, unicode.IsControl):
		return "", errors.New("password has a control character")
	case isTokenShaped(password):
		return "", errors.New("password looks like a token")
	}
	h := standardArgon2()
	h.salt = make([]byte, 16)
	rand.Read(h.salt)
	h.key = h.derive(password)
	return h.String(), nil
}

// NewToken returns a new random token of 160 bits, "mts_" and 32 characters
// of lower case base32 (RFC 4648), and its hash for a users file.
func NewToken() (token, hash string) {
	random := make([]byte, 20)
	rand.Read(random)
	token = tokenPrefix + strings.ToLower(base32.StdEncoding.EncodeToString(random))
	return token, HashToken(token)
}

// HashToken returns the hash of a token for a users file.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return tokenHashPrefix + hex.EncodeToString(sum[:])
}

const (
	tokenPrefix     = "mts_"
	tokenHashPrefix = "{SHA256}"
)

func isTokenShaped(s string) bool {
	random, ok := strings.CutPrefix(s, tokenPrefix)
	return ok && len(random) == 32 && strings.Trim(random, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// parseHash reads one of the forms of the package comment. A comparison with a
// hash that it accepts takes at most a few seconds and 256 MiB.
func parseHash(s string) (hash, error) {
	switch {
	case strings.HasPrefix(s, argon2Prefix):
		return parseArgon2(s)
	case strings.HasPrefix(s, "$2a$"), strings.HasPrefix(s, "$2b$"), strings.HasPrefix(s, "$2y$"):
		return parseBcrypt(s)
	case strings.HasPrefix(s, tokenHashPrefix):
		return parseToken(s)
	case s == "":
		return nil, errors.New("no hash")
	}
	return nil, errors.New("unknown kind of hash (argon2id, bcrypt and {SHA256} are known)")
}

// A tokenHash is the SHA-256 of a token. No token matches the zero value.
type tokenHash [sha256.Size]byte

func parseToken(s string) (hash, error) {
	sum, err := hex.DecodeString(s[len(tokenHashPrefix):])
	if err != nil || len(sum) != sha256.Size {
		return nil, errors.New("bad {SHA256} hash: want 64 hex digits")
	}
	return tokenHash(sum), nil
}

func (h tokenHash) match(token string) bool {
	sum := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(h[:], sum[:]) == 1
}

func (tokenHash) effort() time.Duration { return 0 }

// A bcryptHash is a bcrypt string with a cost of at most maxBcryptCost.
type bcryptHash string

// maxBcryptCost takes about two seconds.
const maxBcryptCost = 15

func parseBcrypt(s string) (hash, error) {
	const alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	if len(s) != 60 || s[6] != '$' || strings.Trim(s[7:], alphabet) != "" {
		return nil, errors.New("bad bcrypt hash")
	}
	cost, err := bcrypt.Cost([]byte(s))
	if err != nil || cost > maxBcryptCost {
		return nil, fmt.Errorf("bad bcrypt hash: cost is not %d to %d", bcrypt.MinCost, maxBcryptCost)
	}
	return bcryptHash(s), nil
}

func (h bcryptHash) match(password string) bool {
	return bcrypt.CompareHashAndPassword([]byte(h), []byte(password)) == nil
}

func (h bcryptHash) effort() time.Duration {
	cost, _ := bcrypt.Cost([]byte(h))
	return 60 * time.Microsecond << cost
}
