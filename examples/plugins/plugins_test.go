package plugins_test

import (
	stdtar "archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
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
	"mts/examples/plugins/guard"
	"mts/examples/plugins/motd"
	"mts/examples/plugins/quota"
	"mts/examples/plugins/tail"
	"mts/examples/plugins/tar"
	"mts/examples/plugins/testdata/csvjson"
	"mts/examples/plugins/testdata/logstat"
	"mts/examples/plugins/testdata/rates"
	"mts/examples/plugins/testdata/tarlist"
	"mts/examples/plugins/testdata/treediff"
	"mts/examples/plugins/wc"
	"mts/examples/plugins/zip"
	"mts/plugins/check"
	"mts/plugins/lower"
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
		"guard": {hooks: guard.Hooks, configure: guard.Configure},
		"grep":  {commands: grep.Commands},
		"motd":  {motd.Commands, motd.Hooks, motd.Configure},
		"quota": {quota.Commands, quota.Hooks, quota.Configure},
		"tail":  {commands: tail.Commands},
		"tar":   {commands: tar.Commands},
		"wc":    {commands: wc.Commands},
		"zip":   {commands: zip.Commands},

		"csvjson":  {commands: csvjson.Commands},
		"logstat":  {commands: logstat.Commands},
		"rates":    {commands: rates.Commands},
		"tarlist":  {commands: tarlist.Commands},
		"treediff": {commands: treediff.Commands},
	}
}

// interpreted loads the plugin of that name from its source.
func interpreted(t *testing.T, name string) (p plugin) {
	t.Helper()
	program, found := check.NewPlugin().Load(checkout(t, name), name, "Commands", "Hooks", "Configure")
	if len(found) > 0 {
		t.Fatal(name, found)
	}
	program.Bind("TakeCommands", func(f func() []core.Command) { p.commands = f })
	program.Bind("TakeHooks", func(f func() core.Hooks) { p.hooks = f })
	program.Bind("TakeConfigure", func(f func(map[string]any) error) { p.configure = f })
	main := "func main() {\n" + lower.Init + "()\n"
	for _, root := range []string{"Commands", "Hooks", "Configure"} {
		if f := program.Func(root); f != "" {
			main += "h.Take" + root + "(" + f + ")\n"
		}
	}
	in := interp.New(interp.Options{Stderr: t.Output(), SourcecodeFilesystem: fstest.MapFS{}})
	if err := in.Use(program.Exports()); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Eval(program.Source(main + "}\n")); err != nil {
		t.Fatal(name, err)
	}
	return p
}

// folder returns where a plugin is: beside this file, or with those that are
// here for the test alone.
func folder(name string) string {
	if _, err := os.Stat(name); err == nil {
		return name
	}
	return path.Join("testdata", name)
}

func folders(t *testing.T) (names []string) {
	t.Helper()
	for _, dir := range []string{".", "testdata"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.IsDir() && e.Name() != "testdata" {
				names = append(names, e.Name())
			}
		}
	}
	return names
}

func TestCheck(t *testing.T) {
	checker := check.NewPlugin()
	for _, name := range folders(t) {
		if p := compiled()[name]; p.commands == nil && p.hooks == nil {
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
	sources, err := fs.Glob(os.DirFS(folder(name)), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range sources {
		data, err := os.ReadFile(path.Join(folder(name), file))
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
		"a.tar":           {Data: archive()},
		"a.tar.gz":        {Data: compressed(archive())},
		"good.csv":        {Data: []byte("name#size#ok#parts\nann# 12#TRUE#[1,2]\nbob#1.5##\n\"c#d\"#0x10#no\n")},
		"wide.csv":        {Data: []byte("a#b\n1#2#3#4\n")},
		"range.csv":       {Data: []byte("a#b\n1#99999999999999999999\n")},
		"list.csv":        {Data: []byte("a#b\n1#[1\n")},
		"quote.csv":       {Data: []byte("a#b\n\"1#2\n")},
		"access.log":      {Data: []byte(accessLog)},
		"transfers":       {Data: []byte("ann 1000 1s\nbob 5000000 2s\nann 3000 500ms\nnobody\ncarl 7 0s\nbob 12345678901 1m\nann x 1s\n")},
		"bad transfers":   {Data: []byte("a\nb\nc\nd\nann 1 1s\n")},
		"pub2/b.txt":      {Data: []byte("C\n"), ModTime: at},
		"pub2/new.txt":    {Data: []byte("N"), ModTime: at},
		"pub2/deep/c.txt": {Data: []byte(strings.Repeat("line of c\n", 2000) + "more"), ModTime: at},
		"pub/b.txt":       {Data: []byte("B\n"), ModTime: at},
		"pub/deep/c.txt":  {Data: []byte(strings.Repeat("line of c\n", 2000)), ModTime: at},
		"pub/deep/d e.md": {Data: []byte("D"), ModTime: at},
	}
}

const accessLog = `# a comment
192.0.2.1 - ann [02/Jan/2026:03:04:05 +0000] "GET /a HTTP/1.1" 200 512
192.0.2.2 - - [02/Jan/2026:23:04:05 -0500] "GET /b?c HTTP/1.1" 404 -
192.0.2.1 - ann [02/Jan/2026:03:05:05 +0000] "POST /a HTTP/1.1" 302 0
nonsense

192.0.2.3 - - [32/Jan/2026:03:05:05 +0000] "GET /a HTTP/1.1" 500 1
192.0.2.3 - - [01/Jan/2026:03:05:05 +0000] "GET /c HTTP/1.1" 503 99
192.0.2.3 - - [01/Jan/2026:03:05:05 +0000] "GET /d HTTP/1.1" 100 99
`

// archive returns a small archive of tar.
func archive() []byte {
	var b bytes.Buffer
	w := stdtar.NewWriter(&b)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, h := range []stdtar.Header{
		{Name: "dir/", Typeflag: stdtar.TypeDir, Mode: 0o755, ModTime: at},
		{Name: "dir/a", Mode: 0o640, Size: 5, ModTime: at.Add(time.Hour)},
		{Name: "link", Typeflag: stdtar.TypeSymlink, Linkname: "dir/a", Mode: 0o777, ModTime: at},
		{Name: "pipe", Typeflag: stdtar.TypeFifo, Mode: 0o600, ModTime: at},
	} {
		_ = w.WriteHeader(&h)
		_, _ = io.WriteString(w, "hello"[:h.Size])
	}
	_ = w.Close()
	return b.Bytes()
}

func compressed(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
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
	{"tar", "TAR", "pub"},
	{"tar", "TAR", "/"},
	{"tar", "TAR", "a.txt"},

	{"csvjson", "CSVJSON", "good.csv"},
	{"csvjson", "CSVJSON", "wide.csv"},
	{"csvjson", "CSVJSON", "range.csv"},
	{"csvjson", "CSVJSON", "list.csv"},
	{"csvjson", "CSVJSON", "quote.csv"},
	{"csvjson", "CSVJSON", "empty"},
	{"csvjson", "CSVJSON", "missing"},
	{"logstat", "LOGSTAT", "access.log"},
	{"logstat", "LOGSTAT", "access.log 1"},
	{"logstat", "LOGSTAT", "access.log x"},
	{"logstat", "LOGSTAT", "empty"},
	{"logstat", "LOGSTAT", "long.txt"},
	{"rates", "RATES", "transfers"},
	{"rates", "RATES", "bad transfers"},
	{"rates", "RATES", "empty"},
	{"treediff", "TREEDIFF", "pub pub2"},
	{"treediff", "TREEDIFF", "pub pub"},
	{"treediff", "TREEDIFF", "pub nowhere"},
	{"treediff", "TREEDIFF", "pub"},
	{"tarlist", "TARLIST", "a.tar"},
	{"tarlist", "TARLIST", "a.tar.gz"},
	{"tarlist", "TARLIST", "a.txt"},
	{"tarlist", "TARLIST", "long.txt"},
	{"tarlist", "TARCAT", "a.tar dir/a"},
	{"tarlist", "TARCAT", "a.tar dir/"},
	{"tarlist", "TARCAT", "a.tar"},
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
		{"guard", nil, ""},
		{"guard", map[string]any{"rules": []any{"/a.txt bob", "/ *"}}, ""},
		{"guard", map[string]any{"rules": []any{"/a.txt bob,a?n mon-sun 00:00-24:00"}, "zone": "+02:00"}, ""},
		{"guard", map[string]any{"rules": []any{"/ ann,bob mon-may 8"}}, ""},
		{"guard", map[string]any{"rules": "/"}, ""},
		{"guard", map[string]any{"rule": "/"}, ""},
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
	if p.commands == nil {
		p.commands = func() []core.Command { return nil }
	}
	for _, c := range p.commands() {
		all += fmt.Sprintln(c.Verb, h.Run(c, ""))
	}
	hooks := p.hooks()
	if hooks.Login != nil {
		all += fmt.Sprintln("login", hooks.Login(h.Call("ann")))
	}
	if hooks.Open == nil {
		return all + outcome(h, nil)
	}
	if hooks.Done == nil {
		hooks.Done = func(*core.Call, int64, error) {}
	}
	hooks.Done(h.Call("/a.txt"), 0, fs.ErrNotExist)
	all += fmt.Sprintln("open", hooks.Open(h.Call("/a.txt")))
	hooks.Done(h.Call("/a.txt"), 1, nil)
	all += fmt.Sprintln("open", hooks.Open(h.Call("/a.txt")))
	return all + outcome(h, nil)
}
