package clientcmd

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A gateway is a proxy for CONNECT and for SOCKS5 without a password.
func gateway(t *testing.T, allowed bool) (addr string, passed chan string) {
	ln := listen(t)
	passed = make(chan string, 10)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go pass(c, allowed, passed)
		}
	}()
	return ln.Addr().String(), passed
}

func pass(c net.Conn, allowed bool, passed chan<- string) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	in := bufio.NewReader(c)
	first, err := in.Peek(1)
	if err != nil {
		return
	}
	to := ""
	if first[0] == 5 {
		to = socks(in, c)
	} else if request, err := http.ReadRequest(in); err == nil && request.Method == http.MethodConnect {
		to = request.RequestURI
		if !allowed {
			io.WriteString(c, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
			return
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
	}
	passed <- to
	far, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer far.Close()
	go func() {
		io.Copy(far, in)
		far.Close()
	}()
	io.Copy(c, far)
}

// socks reads the request of RFC 1928 for an IPv4 address.
func socks(in io.Reader, c io.Writer) (addr string) {
	b := make([]byte, 3)
	io.ReadFull(in, b)
	c.Write([]byte{5, 0})
	b = make([]byte, 10)
	io.ReadFull(in, b)
	c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	return net.JoinHostPort(net.IP(b[4:8]).String(), strconv.Itoa(int(b[8])<<8|int(b[9])))
}

func TestProxy(t *testing.T) {
	b := newBench(t)
	b.put("x", "content")
	addr, passed := gateway(t, true)
	for _, scheme := range []string{"http://", "socks5://"} {
		t.Setenv("ALL_PROXY", scheme+addr)
		if code, _, errs := b.run("--force", "x"); code != 0 || errs != "" {
			t.Errorf("%s: code %d, stderr %q", scheme, code, errs)
		}
		if to := <-passed; to != b.addr {
			t.Errorf("%s: passed on to %s", scheme, to)
		}
	}
	t.Setenv("NO_PROXY", "127.0.0.1")
	if code, _, errs := b.run("--force", "x"); code != 0 || errs != "" || len(passed) > 0 {
		t.Errorf("NO_PROXY: code %d, stderr %q, %d passed", code, errs, len(passed))
	}
	t.Setenv("NO_PROXY", "")
	refuses, _ := gateway(t, false)
	t.Setenv("ALL_PROXY", "http://ann:secret@"+refuses)
	if code, _, errs := b.run("--force", "x"); code != exitConnect || !strings.Contains(errs, "403") || strings.Contains(errs, "secret") {
		t.Errorf("refused: code %d, stderr %q", code, errs)
	}
}

// A password doesn't leave this computer without TLS.
func TestPlainBeyondLoopback(t *testing.T) {
	newBench(t)
	addr, passed := gateway(t, true)
	t.Setenv("ALL_PROXY", "http://"+addr)
	code, _, errs := run("--server", "mts+plain://192.0.2.1", "--timeout", "2s", "x")
	if code != exitTLS || !strings.Contains(errs, "--insecure-plaintext") || len(passed) > 0 {
		t.Errorf("code %d, stderr %q", code, errs)
	}
}
