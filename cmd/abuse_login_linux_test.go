package cmd_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mts/core/harness"
)

// What floods of logins do to an honest one. Each attack goes on until the honest
// client has logged in twenty times by its password, from an address of its own,
// and shows the slowest of them:
//
//	go test ./cmd -run AbuseOfLogins -v
func TestAbuseOfLogins(t *testing.T) {
	t.Parallel()
	for _, attack := range []struct {
		name string
		run  func(v *victim, from string) // again and again, at once from each address
		from int                          // addresses
		each int                          // connections of each
	}{
		{"alone", nil, 0, 0},
		{"50 addresses flood with AUTH", (*victim).floodLogins, 50, 4},
		{"10 that hang up at once", (*victim).leaveLogins, 10, 8},
		{"one repeats its right password", (*victim).repeatLogin, 1, 64},
	} {
		t.Run(attack.name, func(t *testing.T) {
			v := newPasswordVictim(t)
			v.honestLogin() // is known from now on
			stop := make(chan struct{})
			var attacking sync.WaitGroup
			for i := range attack.from {
				for range attack.each {
					attacking.Go(func() {
						for !isClosed(stop) {
							attack.run(v, fmt.Sprint("127.0.10.", i+1))
						}
					})
				}
			}
			var slowest time.Duration
			for range 20 {
				slowest = max(slowest, v.honestLogin())
			}
			close(stop)
			attacking.Wait()
			t.Logf("%-32s slowest honest login: %6.1f ms", attack.name, slowest.Seconds()*1e3)
			if slowest > 5*time.Second {
				t.Errorf("an honest login took %v", slowest)
			}
			endServing(t, v.cmd)
		})
	}
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// newPasswordVictim returns a server whose limits are the usual ones. Its accounts
// ann and eve have passwords.
func newPasswordVictim(t *testing.T) *victim {
	t.Helper()
	v := &victim{t: t, dir: t.TempDir()}
	users := filepath.Join(t.TempDir(), "users")
	for _, name := range []string{"ann", "eve"} {
		cmd := exec.Command("mtsd", "user", "add", "--users", users, name)
		cmd.Stdin = strings.NewReader(name + "'s password\n")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	file := filepath.Join(t.TempDir(), "mtsd.toml")
	write(t, file, "[timeouts]\nlogin = \"5s\"\n")
	v.cmd, v.addrs = serving(t, nil, "", "--config", file, "--users", users, "--plain", "127.0.0.1:0", v.dir)
	return v
}

// honestLogin logs ann in and returns how long that took.
func (v *victim) honestLogin() time.Duration {
	c := v.dial(v.t, "127.0.11.1")
	defer c.Close()
	c.says("")
	c.says("USER ann")
	start := time.Now()
	if got := c.says("AUTH ann's password"); got != "#You are logged in." {
		v.t.Errorf("the honest client: %q", got)
	}
	return time.Since(start)
}

// attacker connects, sends text and returns the connection, or nil.
func (v *victim) attacker(from, text string) net.Conn {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := d.Dial("tcp", v.addrs["plain"])
	if err != nil {
		time.Sleep(10 * time.Millisecond)
		return nil
	}
	c.SetDeadline(time.Now().Add(limit))
	io.WriteString(c, text)
	return c
}

func (v *victim) floodLogins(from string) {
	if c := v.attacker(from, "USER ann\r\n"+strings.Repeat("AUTH guess\r\n", 40)+"QUIT\r\n"); c != nil {
		io.Copy(io.Discard, c)
		c.Close()
	}
}

func (v *victim) leaveLogins(from string) {
	if c := v.attacker(from, "USER ann\r\nAUTH guess\r\n"); c != nil {
		time.Sleep(5 * time.Millisecond)
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
	}
}

func (v *victim) repeatLogin(from string) {
	if c := v.attacker(from, "USER eve\r\n"+strings.Repeat("AUTH eve's password\r\n", 20)+"QUIT\r\n"); c != nil {
		io.Copy(io.Discard, c)
		c.Close()
	}
}

// Of 40 guesses at once, six are answered, and nothing tells the right one among
// the others.
func TestGuessesAtOnce(t *testing.T) {
	t.Parallel()
	v := newPasswordVictim(t)
	var all []*talker
	for range 40 {
		c := v.dial(t, "127.0.12.1")
		c.says("")
		c.says("USER ann")
		all = append(all, c)
	}
	for i, c := range all {
		password := "guess"
		if i == 20 {
			password = "ann's password"
		}
		io.WriteString(c, "AUTH "+password+"\r\n")
		if i == 6 { // those before are in the queue
			harness.Eventually(t, "the first guess to be answered", func() bool { _, err := all[0].r.Peek(1); return err == nil })
		}
	}
	answers := map[string]int{}
	for i, c := range all {
		line, _ := bufio.NewReader(io.MultiReader(c.r)).ReadString('\n')
		answers[line]++
		if i == 20 && line != "!Try again later.\r\n" {
			t.Errorf("the right one is answered %q", line)
		}
	}
	if answers["!Bad password.\r\n"] != 6 || answers["!Try again later.\r\n"] != 34 {
		t.Errorf("answers %v", answers)
	}
	t.Logf("40 guesses at once: %v", answers)
	endServing(t, v.cmd)
}
