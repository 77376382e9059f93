package clientcmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A proxy passes connections on to a server, and cuts each of them once
// limit says so.
type proxy struct {
	addr        string
	connections atomic.Int32
	passed      atomic.Int64 // bytes from the server
}

// newProxy cuts the n-th connection after limit(n) bytes from the server, or
// never if that is negative.
func newProxy(t *testing.T, to string, limit func(n int) int64) *proxy {
	ln := listen(t)
	p := &proxy{addr: ln.Addr().String()}
	var running sync.WaitGroup
	t.Cleanup(func() {
		ln.Close()
		running.Wait()
	})
	running.Go(func() {
		for {
			near, err := ln.Accept()
			if err != nil {
				return
			}
			n := int(p.connections.Add(1))
			running.Go(func() { p.pass(near, to, limit(n)) })
		}
	})
	return p
}

func (p *proxy) pass(near net.Conn, to string, limit int64) {
	defer near.Close()
	far, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer far.Close()
	for _, c := range []net.Conn{near, far} {
		c.SetDeadline(time.Now().Add(time.Minute))
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(far, near)
		far.(*net.TCPConn).CloseWrite()
	}()
	src := io.Reader(far)
	if limit >= 0 {
		src = io.LimitReader(far, limit)
	}
	n, _ := io.Copy(near, src)
	p.passed.Add(n)
	near.Close()
	far.Close()
	<-done
}

// newStaller passes a connection on until limit bytes have come from the
// server. Then it closes stalled, and goes on when goOn is closed.
func newStaller(t *testing.T, to string, limit int64, stalled, goOn chan struct{}) (addr string) {
	ln := listen(t)
	go func() {
		near, err := ln.Accept()
		if err != nil {
			return
		}
		defer near.Close()
		far, err := net.Dial("tcp", to)
		if err != nil {
			return
		}
		defer far.Close()
		go func() {
			io.CopyN(near, far, limit)
			close(stalled)
			if goOn != nil {
				<-goOn
				io.Copy(near, far)
			}
		}()
		io.Copy(far, near)
	}()
	return ln.Addr().String()
}

func random(size int) string {
	b := make([]byte, size)
	rand.New(rand.NewSource(int64(size))).Read(b)
	return string(b)
}

// A transfer that is cut again and again arrives whole, and what has come
// doesn't come again.
func TestCutTransfer(t *testing.T) {
	b := newBench(t)
	const size = 24 << 20
	content := random(size)
	b.put("big", content)
	p := newProxy(t, b.addr, func(n int) int64 {
		if n > 10 {
			return -1
		}
		return int64(n%3)*100_000 + 1_700_000
	})
	code, out, errs := run("--server", p.addr, "--pin", b.pin, "-o", b.saved, "--verify", "big")
	if code != 0 || out != "big has been saved.\n" || errs != "" {
		t.Fatalf("code %d, stdout %q, stderr %q", code, out, errs)
	}
	b.holds(map[string]string{"big": content})
	if n := p.connections.Load(); n != 11 {
		t.Errorf("%d connections, want 11", n)
	}
	if n := p.passed.Load(); n > size*3/2 {
		t.Errorf("%d bytes came for a file of %d", n, size)
	}
}

// Many files over a connection that is cut all the time.
func TestCutFiles(t *testing.T) {
	b := newBench(t)
	want := make(map[string]string)
	for i := range 200 {
		name := "f" + string(rune('a'+i%26)) + string(rune('a'+i/26))
		want[name] = random(10_000 + i)
		b.put("dir/"+name, want[name])
	}
	p := newProxy(t, b.addr, func(n int) int64 { return 200_000 })
	code, _, errs := run("--server", p.addr, "--pin", b.pin, "-o", b.saved, "--retries", "9", "dir/*")
	if code != 0 || errs != "" {
		t.Fatalf("code %d, stderr %q", code, errs)
	}
	b.holds(want)
}

func TestRetriesEnd(t *testing.T) {
	b := newBench(t)
	b.put("big", random(4<<20))
	for retries, connections := range map[string]int32{"0": 1, "2": 3} {
		p := newProxy(t, b.addr, func(int) int64 { return 500_000 })
		code, out, errs := run("--server", p.addr, "--pin", b.pin, "-o", b.saved, "--retries", retries, "big")
		if code != exitIntegrity || out != "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("code %d, stdout %q, stderr %q", code, out, errs)
		}
		if n := p.connections.Load(); n != connections {
			t.Errorf("%s retries made %d connections", retries, n)
		}
	}
	b.holds(nil) // what came wasn't even a first piece
}

// begun leaves a part of a file in the client's folder, and returns how long
// it is.
func begun(t *testing.T, b *bench, name string) int64 {
	t.Helper()
	p := newProxy(t, b.addr, func(int) int64 { return 3 << 20 })
	if code, _, errs := run("--server", p.addr, "--pin", b.pin, "-o", b.saved, "--retries", "0", name); code != exitIntegrity {
		t.Fatalf("code %d, stderr %q", code, errs)
	}
	if _, err := os.Stat(filepath.Join(b.saved, name)); err == nil {
		t.Fatal("a part is there under the file's name")
	}
	fi, err := os.Stat(filepath.Join(b.saved, partName(name)))
	if err != nil {
		t.Fatal(err)
	}
	return fi.Size()
}

func TestContinue(t *testing.T) {
	const size = 5 << 20
	tests := []struct {
		name  string
		do    func(t *testing.T, b *bench)
		again bool // all of it has to come again
		flag  string
	}{
		{"as it was", func(*testing.T, *bench) {}, false, "-c"},
		{"not asked to", func(*testing.T, *bench) {}, true, "-q"},
		{"changed since", func(t *testing.T, b *bench) { b.put("big", random(size+1)) }, true, "-c"},
		{"touched since", func(t *testing.T, b *bench) {
			if err := os.Chtimes(filepath.Join(b.served, "big"), time.Unix(1, 0), time.Unix(1, 0)); err != nil {
				t.Fatal(err)
			}
		}, true, "-c"},
		{"no note", func(t *testing.T, b *bench) { os.Remove(filepath.Join(b.saved, "..big.part.part")) }, true, "-c"},
		{"a broken note", func(t *testing.T, b *bench) { b.note(`{"path":"big"`) }, true, "-c"},
		{"a note of another file", func(t *testing.T, b *bench) { b.note(`{"path":"small","etag":"x","size":9,"synced":5}`) }, true, "-c"},
		{"a note of more than there is", func(t *testing.T, b *bench) { b.note(`{"path":"big","etag":"x","size":5242880,"synced":5000000}`) }, true, "-c"},
		{"a part of another file", func(t *testing.T, b *bench) {
			os.Remove(filepath.Join(b.saved, "..big.part.part"))
			if err := os.WriteFile(filepath.Join(b.saved, ".big.part"), []byte(random(4<<20)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, true, "-c"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.put("big", random(size))
			had := begun(t, b, "big")
			test.do(t, b)
			p := newProxy(t, b.addr, func(int) int64 { return -1 })
			code, out, errs := run("--server", p.addr, "--pin", b.pin, "-o", b.saved, "--json", test.flag, "big")
			if code != 0 || errs != "" {
				t.Fatalf("code %d, stderr %q", code, errs)
			}
			content, err := os.ReadFile(filepath.Join(b.served, "big"))
			if err != nil {
				t.Fatal(err)
			}
			b.holds(map[string]string{"big": string(content)})
			var r record
			json.Unmarshal([]byte(out), &r)
			want := r.Size
			if !test.again {
				want -= had
			}
			if r.Bytes != want || r.SHA256 != sha(content) {
				t.Errorf("%d of %d bytes came, %d were there", r.Bytes, r.Size, had)
			}
		})
	}
}

// A first connection that is cut is made again, but nobody is waited for who
// isn't there.
func TestFirstConnection(t *testing.T) {
	for _, limit := range []int64{0, 100, 1200} { // in the handshake and about its end
		b := newBench(t)
		b.put("x", "content")
		p := newProxy(t, b.addr, func(n int) int64 {
			if n > 2 {
				return -1
			}
			return limit
		})
		args := []string{"--server", p.addr, "--pin", b.pin, "-o", b.saved, "x"}
		if code, _, errs := run(append(args, "--retries", "1")...); code != exitTLS && code != exitConnect {
			t.Errorf("%d bytes, one retry: code %d, stderr %q", limit, code, errs)
		}
		if code, _, errs := run(args...); code != 0 || errs != "" || p.connections.Load() != 3 {
			t.Errorf("%d bytes: code %d, stderr %q, %d connections", limit, code, errs, p.connections.Load())
		}
	}
}

func (b *bench) note(text string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.saved, "..big.part.part"), []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// Clients that fetch one file at the same time save it once, whole.
func TestSameTarget(t *testing.T) {
	b := newBench(t)
	content := random(8 << 20)
	b.put("big", content)
	var clients sync.WaitGroup
	var saved atomic.Int32
	for range 6 {
		clients.Go(func() {
			var out, errs bytes.Buffer
			args := append([]string{"-c", "big"}, b.asUsual...)
			switch code := Run(args, strings.NewReader(""), &out, &errs); code {
			case 0:
				saved.Add(1)
			case exitSome:
			default:
				t.Errorf("code %d, stderr %q", code, errs.String())
			}
		})
	}
	clients.Wait()
	if n := saved.Load(); n != 1 {
		t.Errorf("%d clients saved it", n)
	}
	b.holds(map[string]string{"big": content})
}

func TestStdout(t *testing.T) {
	b := newBench(t)
	big := random(5 << 20)
	b.put("a", "first ")
	b.put("b", big)
	p := newProxy(t, b.addr, func(n int) int64 { return int64(n) * 3 << 20 })
	code, out, errs := run("--server", p.addr, "--pin", b.pin, "-o", "-", "a", "none", "b")
	if code != exitSome || out != "first "+big || errs != "File none not found on server\n" {
		t.Errorf("code %d, %d bytes, stderr %q", code, len(out), errs)
	}
}

func TestLimitAndParallel(t *testing.T) {
	b := newBench(t)
	want := make(map[string]string)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		want[name] = random(2 << 20)
		b.put(name, want[name])
	}
	code, out, errs := b.run("-j", "3", "--limit-rate", "1GB", "--verify", "a", "b", "c", "d", "e")
	if code != 0 || strings.Count(out, "\n") != 5 || errs != "" {
		t.Errorf("code %d, stdout %q, stderr %q", code, out, errs)
	}
	b.holds(want)
}

// A server that allows fewer connections than asked for serves all the same.
func TestFewerConnections(t *testing.T) {
	b := newBench(t)
	want := make(map[string]string)
	for i := range 24 {
		name := fmt.Sprintf("dir/%d/%d", i%5, i)
		want[name] = random(1000 + i)
		b.put(name, want[name])
	}
	p := newProxy(t, b.addr, func(n int) int64 {
		if n == 1 {
			return -1
		}
		return 0
	})
	code, _, errs := run("--server", p.addr, "--pin", b.pin, "-o", b.saved, "-j", "4", "--retries", "0", "-r", "dir")
	if code != 0 || errs != "" {
		t.Errorf("code %d, stderr %q", code, errs)
	}
	b.holds(want)
}
