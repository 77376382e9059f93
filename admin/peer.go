package admin

import (
	"os/user"
	"strconv"
)

// A peer is the process at the other end of a socket.
type peer struct {
	uid, pid int
	name     string // of its user; "": not looked up yet
}

// named returns p with the name of its user, or the uid if there is no name.
func (p peer) named() peer {
	if p.name != "" {
		return p
	}
	p.name = strconv.Itoa(p.uid)
	if u, err := user.LookupId(p.name); err == nil {
		p.name = u.Username
	}
	return p
}

// UID returns the uid of a user of the system, given by name or as a number.
func UID(name string) (int, error) {
	if uid, err := strconv.ParseUint(name, 10, 31); err == nil {
		return int(uid), nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(u.Uid)
}
