package cmd_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mts/core"
	"mts/core/client"
)

// hazards is a plugin that passes the check and then does its worst.
const hazards = `// Package hazard does what no plugin should.
package hazard

import "mts/core"

var hoard [][]byte

// Commands returns the verbs of the plugin.
func Commands() []core.Command {
	return []core.Command{
		{Verb: "LOOP", Run: loop},
		{Verb: "DEEP", Run: deep},
		{Verb: "BOMB", Run: bomb},
		{Verb: "PANIC", Run: fall},
		{Verb: "GOOD", Run: good},
	}
}

func loop(c *core.Call) error {
	for {
	}
}

func down(n int) int { return down(n+1) + n }

func deep(c *core.Call) error {
	c.Printf("%d\n", down(0))
	return nil
}

func bomb(c *core.Call) error {
	for {
		hoard = append(hoard, make([]byte, 1<<20))
	}
}

func fall(c *core.Call) error {
	var none []int
	c.Printf("%d\n", none[len(c.Arg())+3])
	return nil
}

func good(c *core.Call) error {
	c.Printf("good\n")
	return nil
}
`

// Whatever a plugin does, the transfers of fifty other sessions go on and are
// right, and the plugin serves again.
func TestHazardsHurtNobodyElse(t *testing.T) {
	dir := t.TempDir()
	content := make([]byte, 1<<20)
	for i := range content {
		content[i] = byte(rand.Uint32())
	}
	write(t, filepath.Join(dir, "files", "big"), string(content))
	write(t, filepath.Join(dir, "plugins.d", "hazard", "hazard.go"), hazards)
	url, token, end := serveFolder(t, dir, "--plugins", "plugins.d")
	defer end()

	ctx, cancel := context.WithCancel(t.Context())
	var fetched, wrong atomic.Int64
	var others sync.WaitGroup
	for range 50 {
		conn := login(t, url, token)
		others.Go(func() {
			defer conn.Close()
			for ctx.Err() == nil {
				var got bytes.Buffer
				if _, err := conn.Fetch(t.Context(), "big", &got); err != nil || !bytes.Equal(got.Bytes(), content) {
					wrong.Add(1)
					t.Errorf("a transfer beside: %d bytes, %v", got.Len(), err)
					return
				}
				fetched.Add(1)
			}
		})
	}
	conn := login(t, url, token)
	defer conn.Close()
	for verb, codes := range map[string][]core.Code{
		"LOOP":  {core.CodePluginTimeout},
		"DEEP":  {core.CodePluginFailed, core.CodePluginTimeout},
		"BOMB":  {core.CodePluginFailed, core.CodePluginTimeout},
		"PANIC": {core.CodePluginFailed, core.CodeInternal},
	} {
		before := fetched.Load()
		start := time.Now()
		_, err := conn.Do(t.Context(), verb, io.Discard)
		var told *core.Error
		if !errors.As(err, &told) || !slices.Contains(codes, told.Code) {
			t.Errorf("%s: %v; want one of %v", verb, err, codes)
		}
		failed := time.Since(start)
		for err = errors.New("not yet"); err != nil && time.Since(start) < time.Minute; {
			_, err = conn.Do(t.Context(), "GOOD", io.Discard)
		}
		if err != nil {
			t.Errorf("after %s the plugin doesn't serve again: %v", verb, err)
		}
		t.Logf("%s: %v after %v, served again after %v, %d transfers meanwhile", verb, told, failed, time.Since(start), fetched.Load()-before)
	}
	cancel()
	others.Wait()
	if fetched.Load() < 50 || wrong.Load() > 0 {
		t.Errorf("%d transfers right, %d wrong", fetched.Load(), wrong.Load())
	}
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func login(t *testing.T, url, token string) *client.Conn {
	t.Helper()
	conn, err := client.Dial(t.Context(), url, client.Options{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Login(t.Context(), "", token); err != nil {
		t.Fatal(err)
	}
	return conn
}

// serveFolder runs mtsd serve of dir/files on a plain loopback port.
func serveFolder(t testing.TB, dir string, args ...string) (url, token string, end func()) {
	t.Helper()
	cmd := exec.Command("mtsd", append([]string{"serve", "--state", "state", "--plain", "127.0.0.1:0", "files"}, args...)...)
	cmd.Dir = dir
	cmd.Stderr = io.Discard
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	told := make([]byte, 1024)
	for n := 0; !strings.Contains(string(told[:n]), "-l /"); {
		m, err := out.Read(told[n:])
		if err != nil {
			t.Fatalf("mtsd serve said %q and ended", told[:n])
		}
		n += m
	}
	for word := range strings.FieldsSeq(string(told)) {
		if strings.HasPrefix(word, "mts+plain://") {
			url = word
		}
		if v, ok := strings.CutPrefix(word, "MTS_PASSWORD="); ok {
			token = v
		}
	}
	return url, token, func() {
		cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("mtsd serve: %v", err)
		}
	}
}
