package admin_test

import (
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mts/admin"
	"mts/core"
	"mts/plugins"
)

const nobody = 65534

// Another user of the system may connect only if the server allows it.
func TestStranger(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	exe := copySelf(t)
	for want, uids := range map[string][]int{
		"![code=auth-failed] You may not use this socket.": {1234},
		"#Server Ready.\r\n#Mode is BLOCK.\r\n#OK.":        {nobody},
	} {
		h := newTestServer(t, func(c *admin.Config) { c.AllowUIDs = uids })
		dir := folder(t)
		must(t, os.Chmod(dir, 0o755))
		path := filepath.Join(dir, "admin.sock")
		h.serve(open(t, admin.Socket{Path: path, Shared: true}))
		if got := asNobody(t, exe, path); got != want {
			t.Errorf("%v are allowed: heard %q; want %q", uids, got, want)
		}
		line := "msg=refused reason=admin uid=65534"
		if strings.Contains(h.log.String(), line) != strings.HasPrefix(want, "!") {
			t.Errorf("logged %s", h.log)
		}
	}
	h := newTestServer(t, nil)
	if got := asNobody(t, exe, h.socket()); !strings.Contains(got, "permission denied") {
		t.Errorf("to a private socket: heard %q", got)
	}
}

// A plugin's worker may not connect, whatever its user is. The worker here is a
// program that isn't confined and tries it.
func TestWorkerMayNotConnect(t *testing.T) {
	exe, dir := copySelf(t), folder(t)
	must(t, os.Chmod(dir, 0o755))
	path, scripts := filepath.Join(dir, "admin.sock"), t.TempDir()
	must(t, os.Mkdir(filepath.Join(scripts, "evil"), 0o755))
	must(t, os.WriteFile(filepath.Join(scripts, "evil", "evil.go"), []byte("package evil\n"), 0o644))
	set, err := plugins.Open(plugins.Config{
		Dir: scripts, Store: t.TempDir(), Log: slog.New(slog.DiscardHandler),
		Update:  func([]core.Plugin) error { return nil },
		Command: func() *exec.Cmd { return exec.Command(exe, strangerArg, path) },
	})
	must(t, err)
	t.Cleanup(set.Close)
	must(t, set.Wait(t.Context())) // there is no socket yet
	h := newTestServer(t, func(c *admin.Config) { c.Plugins, c.AllowUIDs = set, []int{nobody} })
	h.serve(open(t, admin.Socket{Path: path, Shared: true}))
	if err := set.Load("evil"); err == nil {
		t.Error("it was loaded")
	}
	eventually(t, "the refusal", func() bool { return strings.Contains(h.log.String(), "msg=refused reason=admin") })
}

// asNobody runs the test binary as another user, which connects, disconnects once
// it is answered, and returns the answer.
func asNobody(t *testing.T, exe, path string) string {
	t.Helper()
	cmd := exec.Command(exe, strangerArg, path)
	cmd.Env = []string{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.Output()
	must(t, err)
	return strings.TrimSpace(string(out))
}

// copySelf puts the test binary where everybody can run it.
func copySelf(t *testing.T) string {
	t.Helper()
	dir := folder(t)
	must(t, os.Chmod(dir, 0o755))
	self, err := os.Open("/proc/self/exe")
	must(t, err)
	defer self.Close()
	exe, err := os.OpenFile(filepath.Join(dir, "stranger"), os.O_WRONLY|os.O_CREATE, 0o755)
	must(t, err)
	_, err = io.Copy(exe, self)
	must(t, err)
	must(t, exe.Close())
	return exe.Name()
}
