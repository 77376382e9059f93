package limit

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// No limit per client, penalty or ban holds for an exempt address. Its neighbours
// in the same /64 have them.
func TestExempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy := Policy{
			Client: Allowance{Sessions: 2, Commands: 1, Bytes: 1}, Connections: 1, Failures: 3, BanTime: time.Hour,
			Exempt: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::1/128")},
		}
		table := New(policy)
		table.Ban(Ban{Target: "192.0.0.0/8"})
		table.Ban(Ban{Target: "2001:db8::/32"})
		for _, addr := range []string{"192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1"} {
			fail(t, table, addr, 10)
			s := login(t, table, addr, "ann")
			for range 5 {
				if wait, over := s.Command(); wait+over != 0 || s.delay != 0 {
					t.Errorf("%s waits %v, %v, %v", addr, wait, over, s.delay)
				}
				s.Close(true)
				s = login(t, table, addr, "ann")
			}
			if n, err := s.Bytes(t.Context(), 1<<20); n != 1<<20 || err != nil {
				t.Errorf("%s: %d bytes, %v", addr, n, err)
			}
			if wait := s.Failed("ann", true); wait != 0 {
				t.Errorf("%s: an answer is delayed by %v", addr, wait)
			}
		}
		wantAdmit(t, table, "2001:db8::2", Banned)
		wantAdmit(t, table, "192.0.3.1", Banned)
		policy.Exempt = nil
		table.SetPolicy(policy)
		wantAdmit(t, table, "192.0.2.7", Banned)
	})
}
