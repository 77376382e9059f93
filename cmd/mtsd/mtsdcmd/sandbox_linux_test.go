package mtsdcmd

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"go.uber.org/goleak"

	"mts/core/config"
)

const confinedArg = "confined"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == confinedArg {
		confined(os.Args[2])
		return
	}
	goleak.VerifyTestMain(m)
}

func sandboxIn(dir string) *sandbox {
	cfg := config.Default()
	cfg.Exports = []config.Export{{Path: "/", Dir: dir + "/srv/files"}}
	cfg.Auth.Users = dir + "/etc/users"
	cfg.Log.File = dir + "/log/mtsd.log"
	cfg.Plugins.Dir = dir + "/plugins.d"
	return newSandbox(cfg, &serveFlags{options: &options{config: dir + "/etc/mtsd.toml", state: dir + "/state"}})
}

// confined tries things in the sandbox of a server and tells what it could.
func confined(dir string) {
	if err := sandboxIn(dir).enforce(false); err != nil {
		fmt.Println("no sandbox:", err)
		return
	}
	report := func(what string, err error) {
		if err == nil {
			fmt.Println(what)
		}
	}
	read := func(name string) error { _, err := os.ReadFile(name); return err }
	create := func(name string) error { return os.WriteFile(name, nil, 0o600) }
	report("read the export", read(dir+"/srv/files/a"))
	report("read the users", read(dir+"/etc/users"))
	report("read a plugin", read(dir+"/plugins.d/p/p.go"))
	report("write state", create(dir+"/state/new"))
	report("replace state", os.Rename(dir+"/state/new", dir+"/state/newer"))
	report("rotate the log", create(dir+"/log/mtsd.log"))
	report("run itself", exec.Command("/proc/self/exe", "-test.run=^$").Run())

	report("write to the export", create(dir+"/srv/files/b"))
	report("truncate in the export", os.Truncate(dir+"/srv/files/a", 0))
	report("remove from the export", os.Remove(dir+"/srv/files/a"))
	report("move the export", os.Rename(dir+"/srv/files", dir+"/srv/gone"))
	report("write configuration", create(dir+"/etc/new"))
	report("write a plugin", create(dir+"/plugins.d/p/q.go"))
	report("read beside the export", read(dir+"/srv/beside"))
	report("read elsewhere", read(dir+"/secret"))
	report("read /etc", read("/etc/shadow"))
	report("write to /tmp", create(filepath.Join(os.TempDir(), "mtsd-test")))
	report("run a shell", exec.Command("/bin/sh", "-c", ":").Run())
}

func TestSandbox(t *testing.T) {
	if _, err := ll.LandlockGetABIVersion(); err != nil {
		t.Skip("no Landlock here:", err)
	}
	dir := t.TempDir()
	for _, name := range []string{"srv/files/a", "srv/beside", "etc/users", "plugins.d/p/p.go", "log/mtsd.log", "secret"} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(os.Args[0], confinedArg, dir).CombinedOutput()
	want := []string{
		"read the export", "read the users", "read a plugin", "write state", "replace state", "rotate the log", "run itself",
	}
	if got := strings.Split(strings.TrimSpace(string(out)), "\n"); err != nil || !slices.Equal(got, want) {
		t.Errorf("in the sandbox it can, %v:\n%s\nwant:\n%s", err, out, strings.Join(want, "\n"))
	}
}

// What a sandbox holds goes by where links lead.
func TestSandboxHolds(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"releases/1", "releases/2", "elsewhere"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(dir, "current")
	if err := os.Symlink("releases/1", link); err != nil {
		t.Fatal(err)
	}
	cfg := config.Default()
	cfg.Exports = []config.Export{{Path: "/", Dir: link}}
	s := newSandbox(cfg, &serveFlags{options: &options{state: filepath.Join(dir, "state")}})
	for export, held := range map[string]bool{link: true, dir + "/releases/2": true, dir + "/elsewhere": false, dir: false} {
		cfg.Exports[0].Dir = export
		if err := s.checkExports(cfg); (err == nil) != held {
			t.Errorf("%s: %v", export, err)
		}
	}
}
