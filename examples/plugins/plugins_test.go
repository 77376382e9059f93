package plugins_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/traefik/yaegi/interp"

	"mts/core"
	"mts/core/coretest"
	"mts/examples/plugins/chat"
	"mts/examples/plugins/find"
	"mts/examples/plugins/grep"
	"mts/examples/plugins/motd"
	"mts/examples/plugins/quota"
	"mts/examples/plugins/tail"
	"mts/examples/plugins/wc"
	"mts/examples/plugins/zip"
	"mts/plugins/check"
	"mts/plugins/symbols"
)

// A plugin is what a package offers, compiled or interpreted.
type plugin struct {
	commands  func() []core.Command
	hooks     func() core.Hooks
	configure func(map[string]any) error
}

func compiled() map[string]plugin {
	return map[string]plugin{
		"chat":  {commands: chat.Commands},
		"find":  {commands: find.Commands},
		"grep":  {commands: grep.Commands},
		"motd":  {motd.Commands, motd.Hooks, motd.Configure},
		"quota": {quota.Commands, quota.Hooks, quota.Configure},
		"tail":  {commands: tail.Commands},
		"wc":    {commands: wc.Commands},
		"zip":   {commands: zip.Commands},
	}
}

// interpreted loads the package of that name from the source beside this file.
func interpreted(t *testing.T, name string) plugin {
	t.Helper()
	src, err := os.ReadFile(path.Join(name, name+".go"))
	if err != nil {
		t.Fatal(err)
	}
	in := interp.New(interp.Options{SourcecodeFilesystem: fstest.MapFS{
		path.Join("src/plug", name, name+".go"): {Data: src},
	}})
	if err := in.Use(symbols.Exports()); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Eval(`import p "plug/` + name + `"`); err != nil {
		t.Fatal(err)
	}
	var p plugin
	load(in, "p.Commands", &p.commands)
	load(in, "p.Hooks", &p.hooks)
	load(in, "p.Configure", &p.configure)
	return p
}

// load sets f to the function of that name, if there is one.
func load(in *interp.Interpreter, name string, f any) {
	if v, err := in.Eval(name); err == nil {
		reflect.ValueOf(f).Elem().Set(v)
	}
}

func folders(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestCheck(t *testing.T) {
	checker := check.NewPlugin()
	for _, name := range folders(t) {
		if compiled()[name].commands == nil {
			t.Errorf("%s isn't tested here", name)
		}
		for _, f := range checker.Dir(checkout(t, name), name) {
			t.Errorf("%s/%s", name, f)
		}
	}
}

// checkout returns the plugin's sources with the modes an operator gives them;
// a checkout's depend on the umask.
func checkout(t *testing.T, name string) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	sources, err := fs.Glob(os.DirFS(name), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range sources {
		data, err := os.ReadFile(path.Join(name, file))
		if err != nil {
			t.Fatal(err)
		}
		files[file] = &fstest.MapFile{Data: data, Mode: 0o644}
	}
	return files
}

var long = strings.Repeat("ä word ", 20000)

func files() fs.FS {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return fstest.MapFS{
		"a.txt":           {Data: []byte("one two\nthree\nfour"), ModTime: at},
		"empty":           {ModTime: at},
		"motd.txt":        {Data: []byte("first\r\nsecond\n\n"), ModTime: at},
		"long.txt":        {Data: []byte(long + "\nend\n"), ModTime: at},
		"pub/b.txt":       {Data: []byte("B\n"), ModTime: at},
		"pub/deep/c.txt":  {Data: []byte(strings.Repeat("line of c\n", 2000)), ModTime: at},
		"pub/deep/d e.md": {Data: []byte("D"), ModTime: at},
	}
}

func host(stored string) *coretest.Host {
	h := &coretest.Host{
		Files: files(),
		User:  core.Session{ID: 3, User: "ann"},
		Peers: []core.Session{{ID: 3, User: "ann"}, {ID: 4, User: "bob"}, {ID: 5}},
	}
	if stored != "" {
		h.Store = map[string]string{"day:ann": stored}
	}
	return h
}

// outcome tells all that a call did.
func outcome(h *coretest.Host, err error) string {
	code := core.Code("")
	if told := (*core.Error)(nil); errors.As(err, &told) {
		code = told.Code
	}
	return fmt.Sprintf("error %v, code %q, usage %t, missing %t\ntext %q\nfacts %v\nnotices %q\nlogs %q\nstore %v\ndata %q",
		err, code, errors.Is(err, core.ErrUsage), errors.Is(err, fs.ErrNotExist),
		h.Text, h.Facts, h.Notices, h.Logs, h.Store, h.Data.String())
}

// Calls that don't have to be made with settings.
var calls = []struct{ plugin, verb, arg string }{
	{"wc", "WC", "a.txt"},
	{"wc", "WC", "empty"},
	{"wc", "WC", "long.txt"},
	{"wc", "WC", "missing"},
	{"tail", "TAIL", "2 a.txt"},
	{"tail", "TAIL", "99 a.txt"},
	{"tail", "TAIL", "1 empty"},
	{"tail", "TAIL", "10000 pub/deep/c.txt"},
	{"tail", "TAIL", "0 a.txt"},
	{"tail", "TAIL", "x a.txt"},
	{"tail", "TAIL", "2"},
	{"tail", "TAIL", "2 missing"},
	{"grep", "GREP", "t a.txt"},
	{"grep", "GREP", `"e t" a.txt`},
	{"grep", "GREP", "(?i)D pub/deep/d e.md"},
	{"grep", "GREP", "c pub/deep/c.txt"},
	{"grep", "GREP", "end long.txt"},
	{"grep", "GREP", "( a.txt"},
	{"grep", "GREP", `"t a.txt`},
	{"grep", "GREP", "t"},
	{"grep", "GREP", "t missing"},
	{"find", "FIND", "*.txt"},
	{"find", "FIND", "/pub/*"},
	{"find", "FIND", "pub/*/?.txt"},
	{"find", "FIND", "nothing"},
	{"find", "FIND", "[a"},
	{"chat", "WHO", ""},
	{"chat", "SAY", "hi %d all"},
	{"chat", "MSG", "bob hi"},
	{"chat", "MSG", "#4 hi"},
	{"chat", "MSG", "#5 hi"},
	{"chat", "MSG", "bob"},
	{"chat", "MSG", "carl hi"},
	{"motd", "MOTD", ""},
	{"quota", "QUOTA", ""},
	{"zip", "ZIP", "pub"},
	{"zip", "ZIP", "/"},
	{"zip", "ZIP", "a.txt"},
}

// compare makes all calls of p's, and compares with what the compiled does.
func compare(t *testing.T, kind, name string, p plugin) {
	t.Helper()
	for _, call := range calls {
		if call.plugin != name {
			continue
		}
		a, b := host(""), host("")
		want := outcome(a, a.Run(command(t, compiled()[name], call.verb), call.arg))
		got := outcome(b, b.Run(command(t, p, call.verb), call.arg))
		if got != want {
			t.Errorf("%s %s\n%s: %.2000s\ncompiled: %.2000s", call.verb, call.arg, kind, got, want)
		}
	}
}

func TestVerbsInterpretedAsCompiled(t *testing.T) {
	for _, name := range folders(t) {
		compare(t, "interpreted", name, interpreted(t, name))
	}
}

func command(t *testing.T, p plugin, verb string) core.Command {
	t.Helper()
	for _, c := range p.commands() {
		if c.Verb == verb {
			return c
		}
	}
	t.Fatalf("no verb %s", verb)
	return core.Command{}
}

func TestSettingsAndHooksInterpretedAsCompiled(t *testing.T) {
	today := time.Now().UTC().Format("2006-01-02")
	for _, test := range []struct {
		plugin   string
		settings map[string]any
		stored   string
	}{
		{"motd", nil, ""},
		{"motd", map[string]any{"text": "one\ntwo"}, ""},
		{"motd", map[string]any{"path": "motd.txt"}, ""},
		{"motd", map[string]any{"path": "missing"}, ""},
		{"motd", map[string]any{"path": "a", "text": "b"}, ""},
		{"motd", map[string]any{"text": int64(1)}, ""},
		{"motd", map[string]any{"txt": "b"}, ""},
		{"quota", nil, today + " 10000000000"},
		{"quota", map[string]any{"bytes": "1kb"}, today + " 999"},
		{"quota", map[string]any{"bytes": "1KB"}, today + " 1000"},
		{"quota", map[string]any{"bytes": "2TiB"}, today + " 1000"},
		{"quota", map[string]any{"bytes": int64(1000)}, "2001-01-01 1000"},
		{"quota", map[string]any{"bytes": int64(0)}, today + " 1000"},
		{"quota", map[string]any{"bytes": "many"}, ""},
		{"quota", map[string]any{"bytes": "9999999TiB"}, ""},
		{"quota", map[string]any{"byte": int64(0)}, today + " x"},
	} {
		var got [2]string
		for i, p := range []plugin{compiled()[test.plugin], interpreted(t, test.plugin)} {
			got[i] = settled(p, test.settings, test.stored)
		}
		if got[0] != got[1] {
			t.Errorf("%s %v\ncompiled: %s\ninterpreted: %s", test.plugin, test.settings, got[0], got[1])
		}
	}
}

// settled tells what a plugin does with its settings.
func settled(p plugin, settings map[string]any, stored string) string {
	h := host(stored)
	all := fmt.Sprintln("configure", p.configure(settings))
	for _, c := range p.commands() {
		all += fmt.Sprintln(c.Verb, h.Run(c, ""))
	}
	hooks := p.hooks()
	if hooks.Login != nil {
		all += fmt.Sprintln("login", hooks.Login(h.Call("ann")))
	}
	if hooks.Open != nil {
		hooks.Done(h.Call("/a.txt"), 0, fs.ErrNotExist)
		all += fmt.Sprintln("open", hooks.Open(h.Call("/a.txt")))
		hooks.Done(h.Call("/a.txt"), 1, nil)
		all += fmt.Sprintln("open", hooks.Open(h.Call("/a.txt")))
	}
	return all + outcome(h, nil)
}
