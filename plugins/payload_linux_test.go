package plugins

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"mts/core"
	"mts/plugins/internal/link"
	"mts/plugins/internal/payload"
)

// A program that runs in a worker beside a script, compiled, can't get at
// anything but the pipes.
func TestPayload(t *testing.T) {
	b := newBench(t, Config{}, map[string]string{"evil": `
import ("strings"; "mts/core"; "mts/payload")
func Commands() []core.Command { return []core.Command{{Verb: "TRY", Args: "NAME|TARGET", Run: func(c *core.Call) error {
	name, target, _ := strings.Cut(c.Arg(), "|")
	c.Printf("%s", payload.Try(name, target))
	return nil
}}} }`})
	log := b.log.String()
	if _, lacks, less := strings.Cut(log, "lacks="); less && strings.Contains(lacks, "system call filter") {
		t.Skip("not confined here:", log)
	}
	socket := filepath.Join(t.TempDir(), "admin.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	targets := map[string]string{
		"read a file": "/etc/passwd", "connect to a socket": socket, "execute a program": "/bin/true",
		"signal a process": fmt.Sprint(os.Getpid()), "trace a process": fmt.Sprint(os.Getpid()),
		"open a process": fmt.Sprint(os.Getpid()), "read a process's memory": fmt.Sprint(os.Getpid()),
	}
	for _, name := range payload.Names() {
		if b.must("TRY", name+"|"+targets[name]) == "" {
			t.Errorf("it could %s", name)
		}
	}
}

// What the kernel says of a worker.
func TestWorkerFromOutside(t *testing.T) {
	b := newBench(t, Config{}, map[string]string{"a": numbered("A", 1)})
	pid := b.status("a").PID
	if !b.Owns(pid) || b.Owns(os.Getpid()) {
		t.Errorf("owns its worker: %v, itself: %v", b.Owns(pid), b.Owns(os.Getpid()))
	}
	if isolations()[b.workers.refused.Load()] == noIsolation {
		t.Skip("no namespaces here")
	}
	status := fields(t, fmt.Sprintf("/proc/%d/status", pid))
	for name, want := range map[string]string{"Seccomp": "2", "NoNewPrivs": "1"} {
		if status[name] != want {
			t.Errorf("%s is %s, want %s", name, status[name], want)
		}
	}
	checkCapabilities(t, fmt.Sprintf("/proc/%d/", pid))
	if uid := strings.Fields(status["Uid"])[0]; uid == "0" {
		t.Error("its user is root")
	}
	for _, ns := range []string{"user", "mnt", "net", "pid", "ipc", "uts"} {
		own, err1 := os.Readlink("/proc/self/ns/" + ns)
		theirs, err2 := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", pid, ns))
		if err1 == nil && err2 == nil && own == theirs {
			t.Errorf("it has the server's %s namespace", ns)
		}
	}
	if entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/root", pid)); err == nil && len(entries) > 0 {
		t.Errorf("its root has %v", entries)
	}
}

// fields returns the fields of a file in /proc.
func fields(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := make(map[string]string)
	for s := bufio.NewScanner(f); s.Scan(); {
		name, value, _ := strings.Cut(s.Text(), ":")
		all[name] = strings.TrimSpace(value)
	}
	return all
}

// A worker that floods the link, whatever with, is cut off or out of time, and
// the server has kept nothing of it.
func TestFlood(t *testing.T) {
	text := "\x04text"
	for name, test := range map[string]struct {
		op            link.Op
		call, payload string
	}{
		"nothing":    {link.Data, "1", ""},
		"unknown":    {99, "1", ""},
		"parent's":   {link.Result, "1", text},
		"other call": {link.Log, "2", text},
		"log":        {link.Log, "1", text},
		"replies":    {link.Reply, "1", text},
		"facts":      {link.Fact, "1", text + text},
		"requests":   {link.Stat, "1", text},
		"sessions":   {link.Sessions, "1", ""},
		"saves":      {link.Save, "1", text + text},
		"sends":      {link.Send, "1", ""},
		"done":       {link.Done, "2", ""},
		"long":       {link.Log, "1", "long"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, Config{Timeout: 300 * time.Millisecond}, map[string]string{"evil": `
import ("strconv"; "strings"; "mts/core"; "mts/payload")
func Commands() []core.Command { return []core.Command{{Verb: "FLOOD", Run: func(c *core.Call) error {
	words := strings.SplitN(c.Arg(), "|", 3)
	op, _ := strconv.Atoi(words[0])
	call, _ := strconv.Atoi(words[1])
	if words[2] == "long" {
		words[2] = strings.Repeat("x", 2<<20+1)
	}
	c.Printf("%s", payload.Flood(op, call, words[2]))
	return nil
}}} }`})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := b.call(t.Context(), new(client), "FLOOD", fmt.Sprintf("%d|%s|%s", test.op, test.call, test.payload))
			runtime.ReadMemStats(&after)
			if code := failure(err); code != core.CodePluginFailed && code != core.CodePluginTimeout {
				t.Errorf("%v, want a failure", describe(err))
			}
			if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
				t.Errorf("the server holds %d bytes more", grown)
			}
			if lines := strings.Count(b.log.String(), "\n"); lines > 200 {
				t.Errorf("it wrote %d lines to the log", lines)
			}
			t.Log(describe(err))
		})
	}
}

// What a worker writes to its standard error is read slowly.
func TestErrorFlood(t *testing.T) {
	b := newBench(t, Config{Timeout: 300 * time.Millisecond}, map[string]string{"evil": `
import "mts/core"
func Commands() []core.Command { return []core.Command{{Verb: "FLOOD", Run: func(c *core.Call) error {
	for { println("all work and no play") }
}}} }`})
	b.want("FLOOD", core.CodePluginTimeout)
	if lines := strings.Count(b.log.String(), "\n"); lines > 200 {
		t.Errorf("it wrote %d lines to the log", lines)
	}
}
