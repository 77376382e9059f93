package plugins

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/traefik/yaegi/interp"
	"go.uber.org/goleak"

	"mts/core"
	"mts/core/harness"
	"mts/plugins/internal/payload"
	child "mts/plugins/worker"
)

// The test binary is also the worker: one that takes every script, and one that
// is the server's.
const (
	workerArg  = "plugin-worker"
	checkedArg = "plugin-worker-checked"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == checkedArg {
		os.Exit(child.Main(os.Stdin, os.Stdout))
	}
	if len(os.Args) == 2 && os.Args[1] == workerArg {
		os.Exit(child.Unchecked(os.Stdin, os.Stdout, interp.Exports{
			"mts/payload/payload": {"Try": reflect.ValueOf(payload.Try), "Flood": reflect.ValueOf(payload.Flood)},
		}))
	}
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// A bench is a set of plugins with a server's place taken by the test.
type bench struct {
	testing.TB
	*Set
	dir   string
	log   *harness.Log
	mu    sync.Mutex
	verbs map[string]core.Command
	hooks map[string]core.Hooks
}

// newBench loads the plugins of a folder that has the given sources, unchecked.
func newBench(t testing.TB, cfg Config, sources map[string]string) *bench {
	b := openBench(t, cfg, sources)
	if err := b.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

// openBench is newBench, but doesn't wait for the loads.
func openBench(t testing.TB, cfg Config, sources map[string]string) *bench {
	b := &bench{TB: t, dir: t.TempDir(), log: new(harness.Log)}
	for name, src := range sources {
		b.write(name, src)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Dir, cfg.Store, cfg.Update = b.dir, t.TempDir(), b.update
	cfg.Command = func() *exec.Cmd { return exec.Command(exe, workerArg) }
	cfg.Log = slog.New(slog.NewTextHandler(b.log, nil))
	if b.Set, err = Open(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.Close()
		if t.Failed() {
			t.Log(b.log)
		}
	})
	return b
}

// reopen is a restart of the server.
func (b *bench) reopen() {
	b.Helper()
	b.Close()
	set, err := Open(b.cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Set = set
	if err := b.Wait(b.Context()); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) write(name, src string) {
	b.Helper()
	dir := filepath.Join(b.dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	src = "//go:build go1.21\n\npackage " + name + "\n" + src
	// By rename, so that no half of it is ever loaded.
	if err := os.WriteFile(filepath.Join(dir, "new"), []byte(src), 0o644); err != nil {
		b.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, name+".go")); err != nil {
		b.Fatal(err)
	}
}

// update does what a server does, built-in verbs included.
func (b *bench) update(all []core.Plugin) error {
	verbs, hooks := map[string]core.Command{}, map[string]core.Hooks{}
	owner := map[string]string{"QUIT": "the server"}
	for _, p := range all {
		hooks[p.Name] = p.Hooks
		for _, c := range p.Commands {
			if other, taken := owner[c.Verb]; taken {
				return fmt.Errorf("plugin %s claims %s, which %s has", p.Name, c.Verb, other)
			}
			verbs[c.Verb], owner[c.Verb] = c, p.Name
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.verbs, b.hooks = verbs, hooks
	return nil
}

// call calls a verb as a session does.
func (b *bench) call(ctx context.Context, h core.Host, verb, arg string) error {
	b.mu.Lock()
	c, ok := b.verbs[verb]
	b.mu.Unlock()
	if !ok {
		return core.Errorf(core.CodeUnknownCommand, "no %s", verb)
	}
	return c.Run(core.NewCall(ctx, h, arg))
}

// must calls a verb that has to succeed, and returns its output.
func (b *bench) must(verb, arg string) string {
	b.Helper()
	h := new(client)
	if err := b.call(b.Context(), h, verb, arg); err != nil {
		b.Fatalf("%s %s: %v, want success", verb, arg, describe(err))
	}
	return h.out.String()
}

// want calls a verb that has to fail with the code.
func (b *bench) want(verb string, codes ...core.Code) {
	b.Helper()
	err := b.call(b.Context(), new(client), verb, "")
	for _, code := range codes {
		if failure(err) == code {
			return
		}
	}
	b.Fatalf("%s: %v, want %v", verb, describe(err), codes)
}

func describe(err error) string {
	var told *core.Error
	if errors.As(err, &told) {
		return fmt.Sprintf("[%s] %s (%v)", told.Code, told.Text, told.Err)
	}
	return fmt.Sprint(err)
}

func (b *bench) status(name string) Status {
	for _, st := range b.Status() {
		if st.Name == name {
			return st
		}
	}
	b.Fatalf("no plugin %s", name)
	return Status{}
}

// eventually waits for a condition that others bring about.
func (b *bench) eventually(what string, ok func() bool) {
	b.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(end) {
			b.Fatalf("%s: never", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// A client is the host of a test's call.
type client struct {
	files fs.FS
	slow  func() // called before each write
	stat  func() // called before each Stat
	drop  bool   // data is counted, not kept
	fail  error  // of all writes
	mu    sync.Mutex
	out   bytes.Buffer
	count atomic.Int64 // bytes
	text  string
	facts []string
	notes []string
	sent  string // the type of what Send was called with
}

func (c *client) Session() core.Session {
	return core.Session{ID: 7, User: "ann", Remote: "192.0.2.1:5", TLS: true, Since: time.Unix(1e9, 0).UTC()}
}

func (c *client) Write(p []byte) (int, error) {
	if c.slow != nil {
		c.slow()
	}
	if c.fail != nil {
		return 0, c.fail
	}
	c.count.Add(int64(len(p)))
	if c.drop {
		return len(p), nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.Write(p)
}

func (c *client) Send(r io.Reader) (int64, error) {
	c.sent = fmt.Sprintf("%T", r)
	return io.Copy(struct{ io.Writer }{c}, r)
}

func (c *client) Open(path string) (fs.File, error) {
	if c.files == nil {
		return nil, fs.ErrNotExist
	}
	return c.files.Open(strings.TrimPrefix(path, "/"))
}

func (c *client) Stat(path string) (core.Info, error) {
	if c.stat != nil {
		c.stat()
	}
	if c.files == nil {
		return core.Info{}, fs.ErrNotExist
	}
	info, err := fs.Stat(c.files, strings.TrimPrefix(path, "/"))
	if err != nil {
		return core.Info{}, err
	}
	return core.Info{Name: info.Name(), Size: info.Size(), Modified: info.ModTime(), Dir: info.IsDir(), ETag: "e"}, nil
}

func (c *client) List(path string) (iter.Seq2[core.Info, error], error) {
	entries, err := fs.ReadDir(c.files, strings.TrimPrefix(path, "/"))
	if err != nil {
		return nil, err
	}
	return func(yield func(core.Info, error) bool) {
		for _, e := range entries {
			if !yield(core.Info{Name: e.Name(), Dir: e.IsDir()}, nil) {
				return
			}
		}
	}, nil
}

func (c *client) Reply(text string)          { c.text = text }
func (c *client) Fact(name, value string)    { c.facts = append(c.facts, name+"="+value) }
func (c *client) Sessions() []core.Session   { return []core.Session{c.Session(), {ID: 8}} }
func (c *client) Logf(text string)           { c.notes = append(c.notes, text) }
func (c *client) Load(string) (string, bool) { return "", false }
func (c *client) Save(string, string) error  { return errors.New("not the host's") }
func (c *client) Notify(filter, text string) (int, error) {
	c.notes = append(c.notes, filter+": "+text)
	return 3, nil
}
