//go:build linux

package cmd_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"mts/admin"
	"mts/certs"
	"mts/core"
	"mts/core/client"
)

// noise returns n bytes that say nothing.
func noise(n int) string {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n)}).Read(b)
	return string(b)
}

// loads are what clients do. None of them is wrong but for what is said.
func (s *soak) loads() []load {
	return []load{
		{"fetching by TLS", 2, func() error { return s.session("tls", "ann", s.fetches) }},
		{"fetching", 2, func() error { return s.session("plain", "ann", s.fetches) }},
		{"streaming by TLS", 1, func() error { return s.stream("tls") }},
		{"streaming", 1, func() error { return s.stream("plain") }},
		{"aborting by TLS", 1, func() error { return s.abort("tls") }},
		{"aborting", 1, func() error { return s.abort("plain") }},
		{"plugin calls", 2, func() error { return s.session("tls", "ann", s.calls) }},
		{"half-open handshakes", 4, s.halfOpen},
		{"garbage by TLS", 1, func() error { return s.garbage("tls") }},
		{"garbage", 1, func() error { return s.garbage("plain") }},
		{"changes", 1, s.change},
	}
}

// session logs in and runs some commands.
func (s *soak) session(listener, user string, commands func(context.Context, *client.Conn) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	scheme := map[string]string{"tls": "mts://", "plain": "mts+plain://"}[listener]
	conn, err := client.Dial(ctx, scheme+s.addrs[listener], client.Options{RootCAs: s.roots})
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.Login(ctx, user, s.token); err != nil {
		return err
	}
	return commands(ctx, conn)
}

// any returns one of the files.
func (s *soak) any() (name, content string) {
	names := slices.Sorted(maps.Keys(s.files))
	name = names[rand.IntN(len(names))]
	return name, s.files[name]
}

var errWrong = errors.New("wrong bytes")

// An expected is what has to be written to it.
type expected struct{ left string }

func (e *expected) Write(p []byte) (int, error) {
	if len(p) > len(e.left) || string(p) != e.left[:len(p)] {
		return 0, errWrong
	}
	e.left = e.left[len(p):]
	return len(p), nil
}

// whole adds what is missing to an error.
func (e *expected) whole(err error) error {
	if err == nil && e.left != "" {
		err = fmt.Errorf("%w: %d are missing", errWrong, len(e.left))
	}
	return err
}

// fetches fetches files and parts, and lists and hashes them.
func (s *soak) fetches(ctx context.Context, conn *client.Conn) error {
	for range 8 {
		name, content := s.any()
		e := &expected{content}
		_, err := conn.Fetch(ctx, name, e)
		if err := e.whole(err); err != nil {
			return fmt.Errorf("FILE %s: %w", name, err)
		}
		from := rand.IntN(len(content) + 1)
		to := from + rand.IntN(len(content)-from+1)
		e = &expected{content[from:to]}
		_, err = conn.FetchPart(ctx, name, int64(from), int64(to-from), e)
		if err := e.whole(err); err != nil {
			return fmt.Errorf("PART %d %d %s: %w", from, to-from, name, err)
		}
	}
	return errors.Join(s.lists(ctx, conn), s.hashes(ctx, conn))
}

func (s *soak) lists(ctx context.Context, conn *client.Conn) error {
	var names []string
	for info, err := range conn.List(ctx, "/") {
		if err != nil {
			return err
		}
		if info.Size != int64(len(s.files[info.Name])) {
			return fmt.Errorf("LIST has a size of %d for %s", info.Size, info.Name)
		}
		names = append(names, info.Name)
	}
	if !slices.Equal(names, slices.Sorted(maps.Keys(s.files))) {
		return fmt.Errorf("LIST has %q", names)
	}
	return nil
}

func (s *soak) hashes(ctx context.Context, conn *client.Conn) error {
	name, content := s.any()
	sum := sha256.Sum256([]byte(content))
	got, err := conn.Hash(ctx, name)
	if err == nil && got != hex.EncodeToString(sum[:]) {
		err = fmt.Errorf("HASH %s has %s", name, got)
	}
	return err
}

func (s *soak) calls(ctx context.Context, conn *client.Conn) error {
	for range 8 {
		name := []string{"page", "odd"}[rand.IntN(2)]
		var got bytes.Buffer
		_, err := conn.Do(ctx, "WC "+name, &got)
		if err != nil {
			return err
		}
		if words := strings.Fields(got.String()); len(words) != 4 || words[2] != fmt.Sprint(len(s.files[name])) {
			return fmt.Errorf("WC %s has %q", name, words)
		}
	}
	return nil
}

// raw connects to a listener, and returns the connection's TCP end too.
func (s *soak) raw(listener string) (net.Conn, *net.TCPConn, error) {
	c, err := net.Dial("tcp", s.addrs[listener])
	if err != nil {
		return nil, nil, err
	}
	c.SetDeadline(time.Now().Add(limit))
	if listener == "tls" {
		return tls.Client(c, &tls.Config{RootCAs: s.roots, ServerName: "localhost", NextProtos: []string{certs.ALPN}}), c.(*net.TCPConn), nil
	}
	return c, c.(*net.TCPConn), nil
}

// asks returns what a client of stream mode sends for a file, and the answer.
func (s *soak) asks(name string) (commands, answer string) {
	return fmt.Sprintf("USER ann\r\nAUTH %s\r\nFILE %s\r\nQUIT\r\n", s.token, name),
		"#Server Ready.\r\n#Password required.\r\n#You are logged in.\r\n" + s.files[name] + "#File " + name + " sent successfully.\r\n"
}

func (s *soak) stream(listener string) error {
	c, _, err := s.raw(listener)
	if err != nil {
		return err
	}
	defer c.Close()
	name, _ := s.any()
	commands, answer := s.asks(name)
	e := &expected{answer}
	_, err = io.WriteString(c, commands)
	if err == nil {
		_, err = io.Copy(e, c)
	}
	if err = e.whole(err); err != nil {
		err = fmt.Errorf("FILE %s: %w", name, err)
	}
	return err
}

// abort leaves in the middle of a transfer: with a reset, every other time.
func (s *soak) abort(listener string) error {
	c, tcp, err := s.raw(listener)
	if err != nil {
		return err
	}
	defer c.Close()
	commands, answer := s.asks("big")
	if _, err := io.WriteString(c, commands); err != nil {
		return err
	}
	e := &expected{answer}
	if _, err := io.CopyN(e, c, rand.Int64N(int64(len(answer)))); err != nil {
		return err
	}
	if rand.IntN(2) == 0 {
		tcp.SetLinger(0)
	}
	return tcp.Close()
}

// halfOpen begins a handshake, and waits until the server has had enough.
func (s *soak) halfOpen() error {
	_, c, err := s.raw("tls")
	if err != nil {
		return err
	}
	defer c.Close()
	hello := "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
	io.WriteString(c, hello[:rand.IntN(len(hello)+1)])
	return ended(c)
}

// garbage sends what no client would.
func (s *soak) garbage(listener string) error {
	_, c, err := s.raw(listener)
	if err != nil {
		return err
	}
	defer c.Close()
	b := make([]byte, rand.IntN(64<<10))
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	go func() {
		c.Write(b)
		c.CloseWrite()
	}()
	return ended(c)
}

// ended waits for the end of a connection, be it a reset.
func ended(c net.Conn) error {
	_, err := io.Copy(io.Discard, c)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return nil
}

// operated are three operators, and clients of an account that they act upon.
func (s *soak) operated() []load {
	return []load{
		{"operators", 3, s.operate},
		{"fetching under operators", 2, s.suffer},
	}
}

// operate does what an operator does, to sessions of cat or to nobody.
func (s *soak) operate() error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	c, err := admin.Dial(ctx, s.path("admin.sock"))
	if err != nil {
		return err
	}
	defer c.Close()
	stranger := fmt.Sprintf("192.0.2.%d", rand.IntN(256))
	commands := [][]string{
		{"limit", "user=cat", fmt.Sprint(rand.IntN(100) << 20)},
		{"ban", stranger, "for=1m", "reason=a soak"},
		{"unban", stranger},
		{"message", "all", "This is a soak."},
		{"sessions"}, {"bans"}, {"stats"}, {"users"}, {"plugins"}, {"limit"},
	}
	cats, err := c.Sessions(ctx, "user=cat")
	for _, cat := range cats {
		id := fmt.Sprint(cat.ID)
		commands = append(commands, []string{"kick", id, "reason=a soak"}, []string{"abort", id}, []string{"limit", id, "50MB"})
	}
	for range 10 {
		if err != nil {
			return err
		}
		words := commands[rand.IntN(len(commands))]
		if _, err = c.Do(ctx, words, nil); noMatch(err) {
			err = nil
		} else if err != nil {
			err = fmt.Errorf("%s: %w", words[0], err)
		}
	}
	return err
}

// noMatch reports whether a command had nothing to act upon any more.
func noMatch(err error) bool {
	var e *core.Error
	return errors.As(err, &e) && (e.Code == admin.CodeNoMatch || e.Code == core.CodeNotFound)
}

// suffer fetches as cat, whom operators do to what they like. What comes is
// right nevertheless, and if all seems to have come, it has.
func (s *soak) suffer() error {
	err := s.session("plain", "cat", func(ctx context.Context, conn *client.Conn) error {
		e := &expected{s.files["big"]}
		_, err := conn.Fetch(ctx, "big", e)
		return e.whole(err)
	})
	if errors.Is(err, errWrong) || errors.Is(err, client.ErrIntegrity) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}
