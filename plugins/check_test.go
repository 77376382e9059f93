package plugins

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// checked checks a plugin of one file as mtsd does.
func checked(t *testing.T, name, src string) error {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".go"), []byte(src), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg := Config{Memory: 128 << 20, Command: func() *exec.Cmd { return exec.Command(os.Args[0], checkedArg) }}
	err := Check(t.Context(), cfg, dir)
	if err != nil {
		return fmt.Errorf("%s", strings.ReplaceAll(err.Error(), dir, "DIR"))
	}
	return nil
}

func TestCheck(t *testing.T) {
	const verb = `
func Commands() []core.Command { return []core.Command{{Verb: %q, Run: func(c *core.Call) error { return nil }}} }
`
	for name, test := range map[string]struct{ src, want string }{
		"good":     {"package good\nimport \"mts/core\"\n" + fmt.Sprintf(verb, "A"), ""},
		"syntax":   {"package syntax\nfunc {", "DIR/syntax.go:2:6: "},
		"verb":     {"package verb\nimport \"mts/core\"\n" + fmt.Sprintf(verb, "low"), `"low" is not a verb`},
		"panics":   {"package panics\nimport \"mts/core\"\nvar _ = []int{}[len(\"\")]\n" + fmt.Sprintf(verb, "A"), "index out of range"},
		"settings": {"package settings\nimport (\"errors\"; \"mts/core\")\nfunc Configure(map[string]any) error { return errors.New(\"none\") }\n" + fmt.Sprintf(verb, "A"), ""},
		"Upper":    {"package Upper", "can't be the name of a plugin"},
	} {
		err := checked(t, name, test.src)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

// What a few lines of source can make a compiler do happens in the worker, within
// its limits.
func TestSourceThatExplodes(t *testing.T) {
	var constants, types strings.Builder
	constants.WriteString("package bomb\nconst c0 = \"0123456789abcdef\"\n")
	types.WriteString("package bomb\ntype t0 struct{ a, b, c, d, e, f, g, h int }\n")
	for n := 1; n < 40; n++ {
		fmt.Fprintf(&constants, "const c%d = c%d + c%d\n", n, n-1, n-1)
		fmt.Fprintf(&types, "type t%d struct{ a, b, c, d, e, f, g, h t%d }\n", n, n-1)
	}
	constants.WriteString("var _ = c39[0]\n")
	types.WriteString("var _ t39\nvar x, y t39\nvar _ = x == y\n")
	for name, src := range map[string]string{"constants": constants.String(), "types": types.String()} {
		if name == "types" && testing.Short() {
			continue // it takes all the time that a load may take
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := checked(t, "bomb", src)
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: it is fine", name)
		}
		if grown := int64(after.Sys) - int64(before.Sys); grown > 64<<20 {
			t.Errorf("%s: this process grew by %d bytes", name, grown)
		}
		t.Logf("%s: %.200v", name, err)
	}
}
