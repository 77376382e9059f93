//go:build linux

package cmd_test

import (
	"context"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mts/certs"
	"mts/core/auth"
	"mts/core/harness"
)

var soakTime = flag.Duration("soak", 3*time.Second, "how long TestSoak and TestSoakWithOperators each put load on the server")

const soakConfig = `[server]
listen = ["127.0.0.1:0"]
plain = ["127.0.0.1:0"]
max_sessions = 0
[tls]
cert = "pair.crt"
key = "pair.key"
[auth]
users = "users"
[[export]]
path = "/"
dir = "files"
[timeouts]
handshake = "5s"
[plugins]
dir = "plugins.d"
timeout = "20s" # of a busy machine
[log]
file = "log"
[metrics]
listen = "127.0.0.1:0"
[admin]
socket = "admin.sock"
` + unlimited

// A soak is a server under all kinds of load at once.
type soak struct {
	*site
	addrs  map[string]string
	token  string // of the accounts ann and cat
	roots  *x509.CertPool
	pairs  [2][2]string      // certificates and keys to change between
	files  map[string]string // what is served, by name
	stderr string            // the file's name

	running sync.WaitGroup
	mu      sync.Mutex
	rounds  map[string]int // of each kind of load
}

func newSoak(t *testing.T) *soak {
	s := &soak{site: &site{t: t, dir: t.TempDir()}, roots: x509.NewCertPool(), files: make(map[string]string), rounds: make(map[string]int)}
	s.log, s.stderr = s.path("log"), s.path("stderr")
	write(t, s.path("mtsd.toml"), soakConfig)
	for i := range s.pairs {
		cert, key, err := certs.Make(time.Now(), nil)
		if err != nil || !s.roots.AppendCertsFromPEM(cert) {
			t.Fatal(err)
		}
		s.pairs[i] = [2]string{string(cert), string(key)}
	}
	s.changePair(0)
	var hash string
	s.token, hash = auth.NewToken()
	write(t, s.path("users"), "ann:"+hash+"\nbob:"+hash+"\ncat:"+hash+"\n")
	for name, size := range map[string]int{"empty": 0, "one": 1, "page": 4096, "odd": 300_007, "big": 8 << 20} {
		s.files[name] = noise(size)
		write(t, s.path("files/"+name), s.files[name])
	}
	wc, err := os.ReadFile("../examples/plugins/wc/wc.go")
	if err != nil {
		t.Fatal(err)
	}
	write(t, s.path("plugins.d/wc/wc.go"), string(wc))
	stderr, err := os.Create(s.stderr)
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	s.cmd, s.addrs = serving(t, stderr, "", "--config", s.path("mtsd.toml"))
	return s
}

// A load is what some clients do, over and over.
type load struct {
	name    string
	clients int
	round   func() error
}

// put puts loads on the server until ctx ends. What goes wrong cancels it.
func (s *soak) put(ctx context.Context, cancel context.CancelFunc, loads []load) {
	for _, l := range loads {
		for range l.clients {
			s.running.Go(func() {
				for ctx.Err() == nil {
					if err := l.round(); err != nil {
						s.t.Errorf("%s: %v", l.name, err)
						cancel()
					}
					s.mu.Lock()
					s.rounds[l.name]++
					s.mu.Unlock()
				}
			})
		}
	}
}

// once does a round of each load, so that all that the server keeps is there.
func (s *soak) once(loads []load) {
	s.t.Helper()
	for _, l := range loads {
		if err := l.round(); err != nil {
			s.t.Fatalf("%s: %v", l.name, err)
		}
	}
}

// A sample is what the server's process has at a time.
type sample struct {
	rss                                int // KiB
	threads, fds, goroutines, sessions int
}

func (p sample) String() string {
	return fmt.Sprintf("rss %d MiB, %d threads, %d descriptors, %d goroutines, %d sessions",
		p.rss>>10, p.threads, p.fds, p.goroutines, p.sessions)
}

// number returns the sum of the numbers behind a name in a text.
func (s *soak) number(text, name string) (sum int) {
	s.t.Helper()
	found := regexp.MustCompile(`(?m)^`+name+`(?:\{.*\})?\s+(\S+)`).FindAllStringSubmatch(text, -1)
	if found == nil {
		s.t.Fatalf("no %s in %s", name, text)
	}
	for _, m := range found {
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			s.t.Fatal(err)
		}
		sum += int(n)
	}
	return sum
}

func (s *soak) sample() sample {
	s.t.Helper()
	proc := fmt.Sprintf("/proc/%d/", s.cmd.Process.Pid)
	status, err := os.ReadFile(proc + "status")
	fds, err2 := os.ReadDir(proc + "fd")
	if err := errors.Join(err, err2); err != nil {
		s.t.Fatal(err)
	}
	_, metrics := get(s.t, "http://"+s.addrs["metrics"]+"/metrics")
	return sample{
		rss:        s.number(string(status), "VmRSS:"),
		threads:    s.number(string(status), "Threads:"),
		fds:        len(fds),
		goroutines: s.number(metrics, "go_goroutines"),
		sessions:   s.number(metrics, "mts_sessions"),
	}
}

// idle returns what the server has without sessions.
func (s *soak) idle() (p sample) {
	s.t.Helper()
	harness.Eventually(s.t, "the end of the sessions", func() bool { p = s.sample(); return p.sessions == 0 })
	return p
}

// watch returns samples, until ctx ends.
func (s *soak) watch(ctx context.Context) (samples []sample) {
	start := time.Now()
	every := time.NewTicker(min(10*time.Second, max(*soakTime/8, time.Second/4)))
	defer every.Stop()
	for {
		select {
		case <-every.C:
			samples = append(samples, s.sample())
			s.t.Logf("%4.0f s: %v", time.Since(start).Seconds(), samples[len(samples)-1])
		case <-ctx.Done():
			return samples
		}
	}
}

const soakGrowth = 64 << 10 // KiB of memory that the server may have more at the end than early on

// phase puts loads on the server for a while, and checks that they leave
// nothing behind.
func (s *soak) phase(loads []load) {
	s.t.Helper()
	s.once(loads)
	base := s.idle()
	s.t.Logf("before: %v", base)
	ctx, cancel := context.WithTimeout(s.t.Context(), *soakTime)
	defer cancel()
	s.put(ctx, cancel, loads)
	samples := s.watch(ctx)
	s.running.Wait()
	ended := time.Now()
	var after sample
	output(s.t, s.path(""), "admin", "--socket", s.path("admin.sock"), "plugins", "reload", "wc") // or its spare workers would idle for a minute
	harness.Eventually(s.t, "descriptors and goroutines as before", func() bool {
		after = s.sample()
		return after.fds <= base.fds && after.goroutines <= base.goroutines
	})
	s.t.Logf("%.1f s after: %v; rounds: %v", time.Since(ended).Seconds(), after, s.rounds)
	if s.t.Failed() || len(samples) == 0 {
		return
	}
	if early := samples[len(samples)/4].rss; after.rss > early+soakGrowth {
		s.t.Errorf("memory has grown from %d to %d KiB", early, after.rss)
	}
}

// change changes what the server has read, and checks the log so far.
func (s *soak) change() error {
	time.Sleep(time.Second)
	s.mu.Lock()
	n := s.rounds["changes"]
	s.mu.Unlock()
	_, hash := auth.NewToken()
	err := errors.Join(s.changePair(n%2), auth.Edit(s.path("users"), func(f *auth.File) error { return f.Set("bob", hash) }),
		os.Rename(s.log, s.log+".old"), s.cmd.Process.Signal(syscall.SIGHUP))
	if err != nil {
		return err
	}
	for end := time.Now().Add(limit); ; time.Sleep(5 * time.Millisecond) {
		text, _ := os.ReadFile(s.log)
		if strings.Contains(string(text), "msg=reload part=plugins\n") {
			return errors.Join(healthy(s.log), healthy(s.log+".old"))
		}
		if time.Now().After(end) {
			return errors.New("no reload")
		}
	}
}

func (s *soak) changePair(i int) error {
	for j, name := range []string{"pair.crt", "pair.key"} {
		if err := os.WriteFile(s.path(name+".new"), []byte(s.pairs[i][j]), 0o600); err != nil {
			return err
		}
		if err := os.Rename(s.path(name+".new"), s.path(name)); err != nil {
			return err
		}
	}
	return nil
}

var unwell = regexp.MustCompile(`(?m)^.*(panic|DATA RACE|level=ERROR|lines dropped).*$`)

// healthy returns the first line of a log that tells of something bad.
func healthy(log string) error {
	text, err := os.ReadFile(log)
	if line := unwell.Find(text); line != nil {
		err = fmt.Errorf("the log has %q", line)
	}
	return err
}

// end checks that a soak ends well, and that nothing went wrong meanwhile.
func (s *soak) end() {
	s.t.Helper()
	endServing(s.t, s.cmd)
	if err := errors.Join(healthy(s.log), healthy(s.stderr)); err != nil {
		s.t.Error(err)
	}
}

// The server does what it promises for as long as one likes, and stays as it
// was.
func TestSoak(t *testing.T) {
	s := newSoak(t)
	s.phase(s.loads())
	s.end()
}

// The same while three operators are busy.
func TestSoakWithOperators(t *testing.T) {
	s := newSoak(t)
	s.phase(append(s.loads(), s.operated()...))
	s.end()
}
