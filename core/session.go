package core

import "time"

// A Session is a snapshot of one connection.
type Session struct {
	ID     uint64    // counts up from 1; never used twice
	User   string    // the account, "" before login
	Remote string    // the client's "host:port"
	TLS    bool      // the connection is encrypted
	Since  time.Time // when it was accepted
}
