package server_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mts/core/server"
)

// 500 clients at once, over TLS and plain, all get what they ask for.
func TestManyClients(t *testing.T) {
	dir := t.TempDir()
	var want bytes.Buffer
	var input strings.Builder
	want.WriteString("#Server Ready.\r\n#You are logged in.\r\n")
	input.WriteString("AUTH passwd\r\n")
	for i, size := range []int{0, 1, 8 << 10, 64<<10 + 1, 300_001} {
		name := fmt.Sprintf("f%d", i)
		want.Write(writeFile(t, dir, name, size))
		fmt.Fprintf(&want, "#File %s sent successfully.\r\n", name)
		fmt.Fprintf(&input, "FILE %s\r\n", name)
	}
	input.WriteString("QUIT\r\n")
	s := newServer(t, dir, func(c *server.Config) {
		c.Timeouts.Handshake, c.Timeouts.Login = time.Minute, time.Minute // there is one processor, perhaps
	})
	dials := []func() net.Conn{dialer(t, s, "tcp"), dialer(t, s, "tls")}
	start := make(chan struct{})
	results := make(chan error)
	var clients sync.WaitGroup
	for i := range 500 {
		clients.Go(func() {
			<-start
			results <- converse(dials[i%2](), input.String(), want.Bytes())
		})
	}
	close(start)
	for range 500 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	clients.Wait()
	if err := <-within(10*time.Second, s.Shutdown); err != nil {
		t.Errorf("sessions are left: %v", err)
	}
	if all := s.Sessions(); len(all) > 0 {
		t.Errorf("sessions are left: %v", all)
	}
}

// converse sends input and compares all that comes back.
func converse(c net.Conn, input string, want []byte) error {
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(c, input); err != nil {
		return err
	}
	got, err := io.ReadAll(c)
	if err == nil && !bytes.Equal(got, want) {
		err = errors.New("got other bytes than the files'")
	}
	return err
}

// Ids count up, and none is used again.
func TestSessionIDs(t *testing.T) {
	inBubble(t, t.TempDir(), nil, func(t *testing.T, s *server.Server) {
		for want := range uint64(10) {
			c := enter(t, pipe(t, s))
			all := s.Sessions()
			if len(all) != 1 || all[0].ID != want+1 || all[0].User != "default" || all[0].Remote == "" || all[0].TLS {
				t.Fatalf("sessions are %+v; want number %d alone", all, want+1)
			}
			c.send("QUIT")
			c.wantEnd("")
			synctest.Wait()
		}
	})
}
