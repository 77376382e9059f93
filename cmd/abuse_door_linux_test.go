package cmd_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// What a client costs that isn't logged in, by what it does: processor time and
// log of the server for each connection, with the usual limits, and what an honest
// client beside it has to wait at most.
//
//	go test ./cmd -run AbuseOfTheDoor -v
func TestAbuseOfTheDoor(t *testing.T) {
	t.Parallel()
	hello := clientHello(t)
	for _, attack := range []struct {
		name   string
		banned bool
		kind   string
		run    func(c net.Conn)
	}{
		{"a replayed ClientHello, TLS", false, "tls", func(c net.Conn) { c.Write(hello); readAll(c) }},
		{"banned, TLS", true, "tls", func(c net.Conn) { c.Write(hello); readAll(c) }},
		{"banned, plain", true, "plain", func(c net.Conn) { readAll(c) }},
		{"HTTP, plain", false, "plain", func(c net.Conn) { io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); readAll(c) }},
		{"connects and leaves, plain", false, "plain", func(net.Conn) {}},
		{"a line without end, plain", false, "plain", func(c net.Conn) { io.CopyN(c, endless{'x'}, 8<<20) }},
	} {
		t.Run(attack.name, func(t *testing.T) {
			v := newDoorVictim(t)
			if attack.banned {
				v.ban(t, "127.0.30.1")
			}
			h := v.honest(t)
			cpu, lines, start := cpuTime(t, v.cmd.Process.Pid), v.logSize(t), time.Now()
			var n atomic.Int64
			var attacking sync.WaitGroup
			for range 8 {
				attacking.Go(func() {
					for ; time.Since(start) < 2*time.Second; n.Add(1) {
						v.assail("127.0.30.1", attack.kind, attack.run)
					}
				})
			}
			attacking.Wait()
			took := time.Since(start)
			cpu, lines = cpuTime(t, v.cmd.Process.Pid)-cpu, v.logSize(t)-lines
			h.end()
			all := float64(n.Load())
			t.Logf("%-28s %6.0f connections/s, %6.0f µs and %4.0f bytes of log each; honest client: slowest %6.2f ms",
				attack.name, all/took.Seconds(), cpu.Seconds()*1e6/all, float64(lines)/all, h.slowest.Seconds()*1e3)
			v.survived()
		})
	}
}

// newDoorVictim returns a server with the usual limits, which bans nobody who is
// honest: ann has a token.
func newDoorVictim(t *testing.T) *victim {
	t.Helper()
	v := newVictim(t, victimConfig)
	endServing(t, v.cmd)
	root := filepath.Dir(v.dir)
	file := filepath.Join(root, "mtsd.toml")
	write(t, file, strings.NewReplacer(`"log"`, fmt.Sprintf("%q", v.log), `login = "2s"`, "").Replace(victimConfig))
	v.cmd, v.addrs = serving(t, nil, "", "--config", file, "--users", filepath.Join(root, "users"),
		"--listen", "127.0.0.1:0", "--plain", "127.0.0.1:0", v.dir)
	return v
}

// ban has an address guess until it is banned.
func (v *victim) ban(t *testing.T, from string) {
	t.Helper()
	c := v.dial(t, from)
	c.says("")
	for c.says("AUTH guess") == "!Bad password." {
	}
	c.Close()
}

// logSize returns how many bytes of the log are about the attacker.
func (v *victim) logSize(t *testing.T) (n int) {
	t.Helper()
	log, err := os.ReadFile(v.log)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(log) {
		if bytes.Contains(line, []byte("127.0.30.1")) {
			n += len(line)
		}
	}
	return n
}

func readAll(c net.Conn) { io.Copy(io.Discard, io.LimitReader(c, 1<<10)) }

// clientHello returns the first bytes of a TLS client.
func clientHello(t *testing.T) []byte {
	t.Helper()
	client, server := net.Pipe()
	defer client.Close()
	defer server.Close()
	go tls.Client(client, &tls.Config{InsecureSkipVerify: true}).Handshake()
	hello := make([]byte, 16<<10)
	n, err := server.Read(hello)
	if err != nil {
		t.Fatal(err)
	}
	return hello[:n]
}
