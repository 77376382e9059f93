package limit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// admit lets a connection from addr in, which has to work.
func admit(t *testing.T, table *Table, addr string) *Admission {
	t.Helper()
	s, err := table.Admit(netip.MustParseAddr(addr))
	if err != nil {
		t.Fatalf("%s: %v", addr, err)
	}
	return s
}

// wantAdmit tries a connection from addr, and ends it.
func wantAdmit(t *testing.T, table *Table, addr string, want error) {
	t.Helper()
	s, err := table.Admit(netip.MustParseAddr(addr))
	if err != want {
		t.Errorf("%s: got %v, want %v", addr, err, want)
	}
	if s != nil {
		s.Close(false)
	}
}

// login lets a session from addr in and logs it in.
func login(t *testing.T, table *Table, addr, user string) *Admission {
	t.Helper()
	s := admit(t, table, addr)
	if err := s.Login(user); err != nil {
		t.Fatal(err)
	}
	return s
}

// transfer sends for that long over each session, as much as it gets, and
// returns how much that was.
func transfer(d time.Duration, sessions ...*Admission) []int64 {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	sums := make([]int64, len(sessions))
	var running sync.WaitGroup
	for i, s := range sessions {
		running.Go(func() {
			for {
				n, err := s.Bytes(ctx, 256<<10)
				if err != nil {
					return
				}
				sums[i] += n
			}
		})
	}
	running.Wait()
	return sums
}

func sum(of []int64) (all int64) {
	for _, n := range of {
		all += n
	}
	return all
}

// near reports whether got is want, give or take a part of it.
func near(got, want int64, part float64) bool {
	return float64(got) >= float64(want)*(1-part) && float64(got) <= float64(want)*(1+part)
}

// Over ten seconds, all sessions that share a rate get it together, give or
// take 2 %, and each the same.
func TestByteRates(t *testing.T) {
	user := func(rate int64) func(string) Allowance {
		return func(string) Allowance { return Allowance{Bytes: rate} }
	}
	for name, policy := range map[string]func(rate int64) Policy{
		"client":  func(r int64) Policy { return Policy{Client: Allowance{Bytes: r}} },
		"account": func(r int64) Policy { return Policy{Account: user(r)} },
		"total":   func(r int64) Policy { return Policy{Total: r} },
		"all":     func(r int64) Policy { return Policy{Total: r, Client: Allowance{Bytes: r}, Account: user(r)} },
	} {
		for _, rate := range []int64{1, 1000, 1e6, 100e6, 5e9} {
			t.Run(fmt.Sprint(name, " ", rate), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					table := New(policy(rate))
					var sessions []*Admission
					for range 5 {
						sessions = append(sessions, login(t, table, "192.0.2.1", "ann"))
					}
					time.Sleep(time.Minute) // which must not save up more than a second's worth
					table.SetPolicy(policy(rate + 1))
					table.SetPolicy(policy(rate))
					sums := transfer(10*time.Second, sessions...)
					if got := sum(sums); rate >= 1e6 && !near(got, 10*rate, 0.02) || got > 11*rate {
						t.Errorf("%d bytes in 10 s", got)
					}
					for _, got := range sums {
						if rate >= 1000 && !near(got, 2*rate, 0.2) {
							t.Errorf("shares %v of %d", sums, 10*rate)
							break
						}
					}
				})
			})
		}
	}
}

// However long a bucket has been left alone, it holds one second's worth.
func TestBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, rate := range []int64{1, 10, 1000, 1e6, 100e6} {
			table := New(Policy{Client: Allowance{Bytes: rate}})
			s := admit(t, table, "192.0.2.1")
			time.Sleep(time.Hour)
			if got := sum(transfer(time.Millisecond, s)); got > rate+rate/500 {
				t.Errorf("%d bytes at once at a rate of %d", got, rate)
			}
		}
	})
}

// A session that is held down doesn't take from the others, whatever the size
// of its quantum.
func TestSlowSessionKeepsItsShareOfTheTotal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New(Policy{Total: 10e6})
		sessions := []*Admission{admit(t, table, "192.0.2.1"), admit(t, table, "192.0.2.2"), admit(t, table, "192.0.2.3")}
		sessions[0].SetRate(1e6)
		got := transfer(10*time.Second, sessions...)
		if !near(got[0], 10e6, 0.05) || !near(got[1], 45e6, 0.05) || !near(got[2], 45e6, 0.05) {
			t.Errorf("got %v, want 10, 45 and 45 MB", got)
		}
	})
}

// A new rate counts at once for those who wait, even if that was for hours.
func TestRateChangesWhileTransfersRun(t *testing.T) {
	for _, target := range []string{"client=192.0.2.1", "user=ann", "total", "session"} {
		t.Run(target, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				table := New(Policy{})
				s := login(t, table, "192.0.2.1", "ann")
				set := func(rate int64) {
					if target == "session" {
						s.SetRate(rate)
					} else if err := table.SetRate(target, rate); err != nil {
						t.Fatal(err)
					}
				}
				set(1)
				time.AfterFunc(10*time.Second, func() { set(1e6) })
				time.AfterFunc(20*time.Second, func() { set(100e3) })
				time.AfterFunc(30*time.Second, func() { set(1) })
				if got, want := sum(transfer(40*time.Second, s)), int64(11e6+20); !near(got, want, 0.02) {
					t.Errorf("got %d bytes, want %d", got, want)
				}
			})
		})
	}
}

func TestWithoutALimitNothingIsCut(t *testing.T) {
	s := login(t, New(Policy{}), "192.0.2.1", "ann")
	if n, err := s.Bytes(context.Background(), 1<<40); n != 1<<40 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
}

// What an operator has set outlives a reload, until it is taken back.
func TestSetRateOutlivesThePolicy(t *testing.T) {
	table := New(Policy{Client: Allowance{Bytes: 1000}})
	s := admit(t, table, "::ffff:192.0.2.1")
	for _, step := range []struct {
		target string
		rate   int64
		want   int64
	}{
		{"client=192.0.2.1", 5, 5},
		{"client=192.0.2.1", 0, 0},
		{"client=::ffff:192.0.2.1", 7, 7},
		{"client=192.0.2.2", 9, 7},
		{"client=192.0.2.1", Configured, 2000},
	} {
		if err := table.SetRate(step.target, step.rate); err != nil {
			t.Fatal(err)
		}
		table.SetPolicy(Policy{Client: Allowance{Bytes: 2000}})
		if got := s.client.bytes.rate.Load(); got != step.want {
			t.Errorf("%s %d: the rate is %d, want %d", step.target, step.rate, got, step.want)
		}
	}
	for _, bad := range []string{"", "ann", "user=", "client=", "client=10.0.0.0/8", "client=2001:db8::/48", "total=1"} {
		if table.SetRate(bad, 1) == nil {
			t.Errorf("%q is taken for a target", bad)
		}
	}
	if got := fmt.Sprint(table.ByteRates()); got != "[{total 0} {client=192.0.2.2 9}]" {
		t.Errorf("rates %s", got)
	}
}

// command waits for a session's turn.
func command(ctx context.Context, s *Admission) (over time.Duration, err error) {
	wait, over := s.Command()
	return over, s.Pause(ctx, wait)
}

// A client over its command rate is slowed down, over all its sessions, and
// past 5 s told how long it would have to wait.
func TestCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New(Policy{Client: Allowance{Commands: 2}})
		one := login(t, table, "192.0.2.1", "ann")
		start := time.Now()
		for range 12 {
			if _, err := command(t.Context(), one); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("12 commands at 2 a second took %v", took)
		}
		overruns := make(chan time.Duration, 12)
		start = time.Now()
		for range cap(overruns) {
			s := login(t, table, "192.0.2.1", "ann")
			go func() {
				over, _ := command(t.Context(), s)
				overruns <- over
			}()
		}
		var refused, most time.Duration
		for range cap(overruns) {
			over := <-overruns
			refused, most = refused+min(over, 1), max(most, over)
		}
		if refused != 2 || most != 500*time.Millisecond || time.Since(start) != 5*time.Second {
			t.Errorf("%d refused, by %v at most, after %v", refused, most, time.Since(start))
		}
		if n := table.Stats().Commands.Count.Load(); n != 22 {
			t.Errorf("%d waits counted", n)
		}
	})
}

// Before its login a session has 20 commands a second, without any
// configuration; after it, it has as many as it likes.
func TestCommandsBeforeLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New(Policy{})
		s := admit(t, table, "192.0.2.1")
		start := time.Now()
		for range 60 {
			command(t.Context(), s)
		}
		if took := time.Since(start).Round(time.Millisecond); took != 2*time.Second {
			t.Errorf("60 commands, 20 of them at once, took %v", took)
		}
		if err := s.Login("ann"); err != nil {
			t.Fatal(err)
		}
		for range 1000 {
			if wait, over := s.Command(); wait+over != 0 {
				t.Fatalf("a command after the login waits %v", wait+over)
			}
		}
	})
}

func TestCommandsOfAnAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New(Policy{Account: func(name string) Allowance { return Allowance{Commands: len(name)} }})
		ann, other := login(t, table, "192.0.2.1", "ann"), login(t, table, "192.0.2.2", "ann")
		start := time.Now()
		for range 6 {
			command(t.Context(), ann)
			command(t.Context(), other)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("12 commands at 3 a second took %v", took)
		}
	})
}

// Whoever waits can be called off.
func TestWaitsEndWithTheirContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New(Policy{Client: Allowance{Commands: 1, Bytes: 1}, Connections: 1})
		s := login(t, table, "192.0.2.1", "ann")
		s.Command()
		late := admit(t, table, "192.0.2.1")
		why := errors.New("kicked")
		for name, wait := range map[string]func(context.Context) error{
			"command": func(ctx context.Context) error { _, err := command(ctx, s); return err },
			"bytes":   func(ctx context.Context) error { _, err := s.Bytes(ctx, 10); return err },
			"connect": late.Wait,
		} {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Millisecond, func() { cancel(why) })
			if err := wait(ctx); err != why {
				t.Errorf("%s: got %v", name, err)
			}
		}
	})
}

func TestConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New(Policy{Connections: 4})
		start := time.Now()
		for i := range 8 {
			s := admit(t, table, "192.0.2.1")
			defer s.Close(false)
			if want := time.Duration(max(0, i-3)) * time.Second / 4; s.delay != want {
				t.Errorf("connection %d waits %v, want %v", i, s.delay, want)
			}
		}
		wantAdmit(t, table, "192.0.2.1", ClientRate)
		wantAdmit(t, table, "192.0.2.2", nil)
		time.Sleep(time.Second)
		s := admit(t, table, "192.0.2.1")
		if err := s.Wait(t.Context()); err != nil || time.Since(start) != 1250*time.Millisecond {
			t.Errorf("%v, let in after %v", err, time.Since(start))
		}
	})
}

func TestSessionsOfAClient(t *testing.T) {
	table := New(Policy{Client: Allowance{Sessions: 2}})
	s := admit(t, table, "2001:db8::1")
	admit(t, table, "2001:db8::ffff:2")
	wantAdmit(t, table, "2001:db8::3", ClientSessions)
	wantAdmit(t, table, "2001:db8:0:1::3", nil)
	s.Close(false)
	wantAdmit(t, table, "2001:db8::3", nil)
}

func TestSessionsOfAnAccount(t *testing.T) {
	table := New(Policy{Account: func(string) Allowance { return Allowance{Sessions: 1} }})
	ann := login(t, table, "192.0.2.1", "ann")
	other := login(t, table, "192.0.2.2", "bob")
	other.Logout()
	if err := other.Login("ann"); err != UserSessions {
		t.Errorf("a second session: %v", err)
	}
	ann.Close(false)
	if err := other.Login("ann"); err != nil {
		t.Error(err)
	}
	if i := table.Account("ann"); i.Sessions != 1 || i.LastLogin.IsZero() {
		t.Errorf("ann: %+v", i)
	}
}

// Of connections that haven't logged in, more and more are dropped as they
// fill the server up; those who proved who they were get in.
func TestEarlyDrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New(Policy{MaxSessions: 1000})
		known := login(t, table, "198.51.100.1", "ann")
		lots := 0.0
		table.random = func() float64 { lots += 0.01; return lots - float64(int(lots)) }
		dropped, first := 0, -1
		for i := range 1500 {
			_, err := table.Admit(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
			switch {
			case err == EarlyDrop:
				if dropped++; first < 0 {
					first = i
				}
			case err != nil:
				t.Fatal(err)
			}
		}
		if table.pending > 900 || first != 600 || dropped < 600 {
			t.Errorf("%d pending, %d dropped, the first at %d", table.pending, dropped, first)
		}
		wantAdmit(t, table, "198.51.100.1", nil)
		known.Close(false)
		time.Sleep(2 * trustTime)
		wantAdmit(t, table, "198.51.100.1", EarlyDrop)
	})
}

func TestAddress(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1":        "192.0.2.1/32",
		"::ffff:192.0.2.1": "192.0.2.1/32",
		"2001:db8::1":      "2001:db8::/64",
		"fe80::1":          "fe80::/64",
	} {
		got := clientOf(Address(&net.TCPAddr{IP: net.ParseIP(addr), Zone: "eth0"}))
		if got.String() != want {
			t.Errorf("%s is of client %s, want %s", addr, got, want)
		}
	}
	if a := Address(&net.UnixAddr{}); a.IsValid() {
		t.Errorf("a Unix socket has the address %s", a)
	}
}
