package limit

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// A client is told once a second that it is refused, and not before the last
// connection that was told so has ended.
func TestTellings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New(Policy{})
		tell := func(addr string, want bool) func() {
			t.Helper()
			told, ok := table.MayTell(netip.MustParseAddr(addr))
			if ok != want {
				t.Errorf("%s may be told: %v, want %v", addr, ok, want)
			}
			return told
		}
		told := tell("2001:db8::1", true)
		tell("2001:db8::2", false)
		tell("192.0.2.1", true)()
		time.Sleep(time.Second)
		tell("2001:db8::2", false)
		tell("::ffff:192.0.2.1", true)()
		told()
		tell("2001:db8::2", true)
	})
}

// All clients together are told fifty times a second.
func TestTellingsOfAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New(Policy{})
		for range 3 {
			var a [4]byte
			n := 0
			for i := range uint32(1000) {
				binary.BigEndian.PutUint32(a[:], i)
				if told, ok := table.MayTell(netip.AddrFrom4(a)); ok {
					told()
					n++
				}
			}
			if n != maxTellings {
				t.Errorf("%d clients were told", n)
			}
			time.Sleep(time.Second)
		}
	})
}

// A connection that is being told counts for its client.
func TestTellingsAreHeld(t *testing.T) {
	table := New(Policy{Client: Allowance{Sessions: 2}})
	first := admit(t, table, "192.0.2.1")
	admit(t, table, "192.0.2.1")
	wantAdmit(t, table, "192.0.2.1", ClientSessions)
	told, _ := table.MayTell(netip.MustParseAddr("192.0.2.1"))
	first.Close(false)
	wantAdmit(t, table, "192.0.2.1", ClientSessions)
	told()
	wantAdmit(t, table, "192.0.2.1", nil)
}
