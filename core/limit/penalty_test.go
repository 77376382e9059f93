package limit

import (
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// guesses is a policy that bans for ten minutes after six failed logins.
var guesses = Policy{Failures: 6, BanTime: 10 * time.Minute}

// fail has n logins of a client fail.
func fail(t *testing.T, table *Table, addr string, n int) {
	t.Helper()
	for range n {
		s := admit(t, table, addr)
		s.Failed("ann", true)
		s.Close(false)
	}
}

// Guessing ends in bans that get longer, of the whole /64, and of nobody else.
func TestGuessing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New(guesses)
		for _, want := range []time.Duration{10 * time.Minute, 20 * time.Minute, 40 * time.Minute} {
			fail(t, table, "2001:db8::1", 5)
			wantAdmit(t, table, "2001:db8::2", nil)
			inside := admit(t, table, "2001:db8::4")
			fail(t, table, "2001:db8::2", 1)
			wantAdmit(t, table, "2001:db8::3", Banned)
			wantAdmit(t, table, "2001:db8:1::3", nil)
			if err := inside.Login("ann"); err != Banned {
				t.Errorf("a login of a session from before the ban: %v", err)
			}
			inside.Close(false)
			time.Sleep(want - time.Millisecond)
			wantAdmit(t, table, "2001:db8::3", Banned)
			time.Sleep(time.Millisecond)
			wantAdmit(t, table, "2001:db8::3", nil)
		}
		if n := table.Stats().Bans.Load(); n != 3 {
			t.Errorf("%d bans counted", n)
		}
		time.Sleep(maxBanTime + time.Second)
		fail(t, table, "2001:db8::1", 6)
		if until := time.Until(table.Bans()[0].Until); until != 10*time.Minute {
			t.Errorf("after a day the next ban lasts %v", until)
		}
	})
}

func TestBansGrowUpToADay(t *testing.T) {
	for strikes, want := range map[int]time.Duration{0: time.Hour, 1: 2 * time.Hour, 4: 16 * time.Hour, 5: maxBanTime, 1 << 30: maxBanTime} {
		if got := banTime(time.Hour, strikes); got != want {
			t.Errorf("ban %d lasts %v, want %v", strikes, got, want)
		}
	}
	if got := banTime(48*time.Hour, 3); got != 48*time.Hour {
		t.Errorf("a ban time of 48 h became %v", got)
	}
}

// Who fails rarely isn't banned: a failure is forgotten in a sixth of the time.
func TestPenaltiesDecay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New(guesses)
		for range 100 {
			fail(t, table, "192.0.2.1", 1)
			time.Sleep(100 * time.Second)
		}
		fail(t, table, "192.0.2.1", 5)
		wantAdmit(t, table, "192.0.2.1", nil)
	})
}

// What isn't a failed login never bans. It uses up the connection rate, and a
// second later nothing of it is left.
func TestOnlyFailedLoginsBan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New(Policy{Failures: 6, BanTime: time.Hour, Connections: 20})
		n := 0
		for range 1000 {
			if s, err := table.Admit(netip.MustParseAddr("192.0.2.1")); err == nil {
				s.Close(true)
				n++
			}
		}
		if n != 8 { // of 5 each: a second's 20, and 20 that wait for up to a second
			t.Errorf("%d connections at once", n)
		}
		wantAdmit(t, table, "192.0.2.1", ClientRate)
		time.Sleep(2 * time.Second)
		if s := admit(t, table, "192.0.2.1"); s.delay != 0 || len(table.Bans()) != 0 {
			t.Errorf("afterwards a connection waits %v, bans %v", s.delay, table.Bans())
		}
	})
}

// For an hour after a login from a client, only its failed logins cost anything.
func TestTrustedClientsAreNotSlowedDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New(Policy{Connections: 20})
		delays := func() (sum time.Duration) {
			for range 20 {
				s := admit(t, table, "192.0.2.1")
				sum += s.delay
				s.Close(true)
			}
			return sum
		}
		login(t, table, "192.0.2.1", "ann").Close(true)
		time.Sleep(time.Second)
		if d := delays(); d != 0 {
			t.Errorf("connections wait %v", d)
		}
		time.Sleep(trustTime)
		for range 5 {
			admit(t, table, "192.0.2.1").Close(true)
		}
		if s := admit(t, table, "192.0.2.1"); s.delay == 0 {
			t.Error("after an hour garbage costs nothing")
		}
	})
}

// A right login is forgiven what failed for its account, and for no other: who
// has an account can't guess another's by logging in now and then.
func TestARightLoginForgives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New(guesses)
		for range 20 {
			fail(t, table, "192.0.2.1", 4)
			if n := table.Account("ann").Failures; n != 4 {
				t.Errorf("%d failures of ann", n)
			}
			login(t, table, "192.0.2.1", "ann").Close(false)
			if n := table.Account("ann").Failures; n != 0 {
				t.Errorf("%d failures of ann after a login", n)
			}
		}
		for n := 1; ; n++ {
			s, err := table.Admit(netip.MustParseAddr("192.0.2.1"))
			if err == Banned && n == 7 {
				break
			}
			if err != nil || n > 7 {
				t.Fatalf("guess %d: %v", n, err)
			}
			s.Failed("ann", true)
			if err := s.Login("bob"); err != nil && n < 6 {
				t.Fatal(err)
			}
			s.Close(false)
		}
	})
}

// People mistype; guessers have to wait.
func TestFailedLoginsAreSlowedDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := admit(t, New(Policy{Failures: 20, BanTime: time.Hour}), "192.0.2.1")
		for i, want := range []time.Duration{0, 0, 250, 500, 750, 1000, 1250, 1500, 1750, 2000, 2000} {
			if got := s.Failed("nobody", false); got != want*time.Millisecond {
				t.Errorf("failure %d waits %v, want %v ms", i+1, got, want)
			}
		}
	})
}

func TestWithoutPenalties(t *testing.T) {
	for _, p := range []Policy{{BanTime: time.Hour}, {Failures: 6}} {
		table := New(p)
		fail(t, table, "192.0.2.1", 100)
		wantAdmit(t, table, "192.0.2.1", nil)
	}
}

// A login doesn't lift an operator's ban, nor does it a client's own.
func TestOperatorsBans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New(guesses)
		inside := admit(t, table, "10.1.2.3")
		ann := admit(t, table, "198.51.100.1")
		for _, target := range []string{"10.0.0.0/8", "2001:db8::7", "::ffff:192.0.2.1", "user=ann", "::ffff:203.0.113.0/120"} {
			if err := table.Ban(Ban{Target: target, Reason: "why", By: "op"}); err != nil {
				t.Fatal(err)
			}
		}
		for addr, want := range map[string]error{
			"10.200.0.1": Banned, "::ffff:10.1.1.1": Banned, "11.0.0.1": nil, "192.0.2.1": Banned, "192.0.2.2": nil,
			"2001:db8::7": Banned, "2001:db8::8": nil, "203.0.113.255": Banned, "203.0.114.0": nil,
		} {
			wantAdmit(t, table, addr, want)
		}
		time.Sleep(1000 * time.Hour)
		if err := inside.Login("bob"); err != Banned {
			t.Errorf("a login from a banned prefix: %v", err)
		}
		if err := ann.Login("ann"); err != Banned {
			t.Errorf("a login to a banned account: %v", err)
		}
		if err := ann.Login("bob"); err != nil {
			t.Errorf("a login to another: %v", err)
		}
		got := ""
		for _, b := range table.Bans() {
			got += b.Target + " " + b.Kind + ", "
		}
		if want := "10.0.0.0/8 cidr, 192.0.2.1 addr, 2001:db8::7 addr, 203.0.113.0/24 cidr, user=ann user, "; got != want {
			t.Errorf("bans %s\nwant %s", got, want)
		}
		for _, target := range []string{"10.0.0.0/8", "2001:db8::7", "192.0.2.1", "user=ann"} {
			if ok, err := table.Unban(target); !ok || err != nil {
				t.Errorf("unban %s: %v, %v", target, ok, err)
			}
			if ok, _ := table.Unban(target); ok {
				t.Errorf("unban %s twice", target)
			}
		}
		wantAdmit(t, table, "10.1.2.3", nil)
	})
}

func TestABanOfAnOperatorEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New(Policy{})
		table.Ban(Ban{Target: "192.0.2.1", Until: time.Now().Add(time.Hour)})
		wantAdmit(t, table, "192.0.2.1", Banned)
		time.Sleep(time.Hour)
		wantAdmit(t, table, "192.0.2.1", nil)
		if bans := table.Bans(); len(bans) != 0 {
			t.Errorf("bans %v", bans)
		}
	})
}

// Unban lifts what the table did too, and the penalties that led to it.
func TestUnbanForgives(t *testing.T) {
	table := New(guesses)
	fail(t, table, "2001:db8::1", 6)
	wantAdmit(t, table, "2001:db8::1", Banned)
	if ok, err := table.Unban("2001:db8::1"); !ok || err != nil {
		t.Errorf("unban: %v, %v", ok, err)
	}
	fail(t, table, "2001:db8::1", 5)
	table.Unban("2001:db8::/32")
	fail(t, table, "2001:db8::1", 5)
	wantAdmit(t, table, "2001:db8::1", nil)
}

func TestBadTargets(t *testing.T) {
	for _, target := range []string{"", "ann", "user=", "10.0.0.0/33", "300.1.1.1", "::ffff:0:0/90", "10.0.0.1 "} {
		if err := New(Policy{}).Ban(Ban{Target: target}); err == nil {
			t.Errorf("%q can be banned", target)
		}
	}
}

// Bans outlive the process, and so does how long the next one is.
func TestBansAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bans")
	table, err := Open(path, guesses)
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Ban(Ban{Target: "user=ann", Until: time.Now().Add(time.Hour), Reason: "\x1b]0;x\a", By: "op"}); err != nil {
		t.Fatal(err)
	}
	fail(t, table, "192.0.2.1", 6)
	if data, err := os.ReadFile(path); err != nil || !strings.Contains(string(data), "ann") {
		t.Errorf("%s, %v: want the operator's ban at once", data, err)
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	want := table.Bans()
	if err := table.Ban(Ban{Target: "user=bob"}); err != nil {
		t.Fatal(err)
	}
	again, err := Open(path, guesses)
	if err != nil {
		t.Fatal(err)
	}
	got := again.Bans()
	if len(want) != 2 || len(got) != 2 || !got[0].Until.Equal(want[0].Until) || got[1].Reason != want[1].Reason {
		t.Errorf("bans %v, want %v", got, want)
	}
	again.bans.records[banKey{prefix: netip.MustParsePrefix("192.0.2.1/32")}].Until = time.Now()
	fail(t, again, "192.0.2.1", 6)
	if until := time.Until(again.Bans()[0].Until); until < 19*time.Minute {
		t.Errorf("the second ban lasts %v", until)
	}
	again.Close()
}

func TestBansAreWrittenSoon(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "bans")
	synctest.Test(t, func(t *testing.T) {
		table, err := Open(path, guesses)
		if err != nil {
			t.Fatal(err)
		}
		failed := 0
		table.OnError = func(error) { failed++ }
		// A kill soon afterwards doesn't lose a ban: the first is written at once,
		// the others together, a moment later.
		for _, client := range []struct {
			addr string
			wait time.Duration
		}{{"192.0.2.1", 0}, {"192.0.2.4", 50 * time.Millisecond}} {
			fail(t, table, client.addr, 6)
			time.Sleep(client.wait)
			synctest.Wait()
			if data, err := os.ReadFile(path); err != nil || !strings.Contains(string(data), client.addr) {
				t.Errorf("after %v the file has %s, %v", client.wait, data, err)
			}
		}
		os.RemoveAll(dir)
		fail(t, table, "192.0.2.2", 6)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if failed != 1 {
			t.Errorf("OnError was told %d times", failed)
		}
		if err := table.Ban(Ban{Target: "192.0.2.3"}); err == nil {
			t.Error("a ban that can't be written is taken for kept")
		}
	})
}

func TestABadFileOfBans(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bans")
	for _, content := range []string{"{", "[null]", `[{"target": "nobody"}]`} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path, Policy{}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", content, err)
		}
	}
}

// What a crash may leave of the file doesn't keep the server from starting.
func TestAnEmptyFileOfBans(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bans")
	for _, content := range []string{"", "\n"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		table, err := Open(path, guesses)
		if err != nil || len(table.Bans()) > 0 {
			t.Fatalf("%q: %v", content, err)
		}
		fail(t, table, "192.0.2.1", 6)
		if err := table.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A flood of addresses is forgotten again, and nobody who is banned is.
func TestTheTableIsBounded(t *testing.T) {
	table := New(guesses)
	fail(t, table, "192.0.2.1", 6)
	fail(t, table, "192.0.2.2", 5)
	var a [16]byte
	for i := range maxClients * 3 {
		binary.BigEndian.PutUint64(a[:], 0x2001_0db8_0000_0000+uint64(i))
		s, err := table.Admit(netip.AddrFrom16(a))
		if err != nil {
			t.Fatal(err)
		}
		s.Close(false)
	}
	if n := len(table.clients); n > maxClients {
		t.Errorf("%d clients are remembered", n)
	}
	wantAdmit(t, table, "192.0.2.1", Banned)
	if c := table.clients[netip.MustParsePrefix("192.0.2.2/32")]; c == nil || c.penalty.sum < 4.9 {
		t.Errorf("the flood washed away %+v", c)
	}
}

// What has no penalty any more is forgotten as others come.
func TestIdleClientsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New(guesses)
		come := func(first byte) {
			for i := range 1000 {
				s, err := table.Admit(netip.AddrFrom4([4]byte{first, 0, byte(i >> 8), byte(i)}))
				if err != nil {
					t.Fatal(err)
				}
				s.Close(false)
			}
		}
		come(10)
		time.Sleep(time.Hour)
		come(11)
		if n := len(table.clients); n > 1200 {
			t.Errorf("%d clients are remembered", n)
		}
	})
}

// A full list takes no more bans, and forgets none; who would be banned is kept
// out as long as it has penalties.
func TestTheListOfBansIsBounded(t *testing.T) {
	table := New(guesses)
	now := time.Now()
	for i := range maxBans {
		p := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32)
		if !table.bans.banClient(now, p, time.Hour, "") {
			t.Fatalf("no room for ban %d", i)
		}
	}
	fail(t, table, "192.0.2.1", 6)
	wantAdmit(t, table, "192.0.2.1", Banned)
	if n := len(table.bans.records); n != maxBans {
		t.Errorf("%d bans", n)
	}
	if err := table.Ban(Ban{Target: "192.0.2.2"}); err != nil {
		t.Fatal(err)
	}
	wantAdmit(t, table, "192.0.2.2", Banned)
	wantAdmit(t, table, "10.1.0.0", Banned)
}

func TestBansDoNotTouchOtherFamilies(t *testing.T) {
	table := New(Policy{})
	table.Ban(Ban{Target: "0.0.0.0/0"})
	wantAdmit(t, table, "192.0.2.1", Banned)
	wantAdmit(t, table, "2001:db8::1", nil)
	table.Ban(Ban{Target: "::/0"})
	wantAdmit(t, table, "2001:db8::1", Banned)
	if !strings.Contains(table.Bans()[0].Target, "0.0.0.0/0") {
		t.Errorf("bans %v", table.Bans())
	}
}
