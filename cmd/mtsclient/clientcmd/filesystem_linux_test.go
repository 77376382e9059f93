package clientcmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What a file system can't do is said once and gone without; a disk that is broken or
// full fails.
func TestLacks(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace, which injects errors, is missing")
	}
	for _, test := range []struct {
		calls, errno string
		says         string // "" if it has to fail
	}{
		{"flock", "ENOSYS", "can't lock files"},
		{"flock", "ENOLCK", "can't lock files"},
		{"flock", "EOPNOTSUPP", "can't lock files"},
		{"utimensat", "EPERM", "can't set times"},
		{"utimensat", "ENOSYS", "can't set times"},
		{"fsync", "EINVAL", "can't sync files"},
		{"fsync,syncfs", "ENOSYS", "can't sync files"},
		{"fsync,syncfs", "EIO", ""},
		{"fsync,syncfs", "ENOSPC", ""},
		{"flock", "EIO", ""},
		{"utimensat", "EIO", ""},
	} {
		b := newBench(t)
		want := map[string]string{"big": random(2 << 20)}
		for _, name := range []string{"a", "b", "c"} {
			want[name] = name
		}
		args := []string{"-f", "-qq", "-o", os.DevNull, "-e", "trace=" + test.calls, "-e", "inject=" + test.calls + ":error=" + test.errno, "mtsclient"}
		args = append(args, b.asUsual...)
		for name, content := range want {
			b.put(name, content)
			args = append(args, name)
		}
		cmd := exec.Command(strace, args...)
		var errs strings.Builder
		cmd.Stderr = &errs
		cmd.Run()
		code := cmd.ProcessState.ExitCode()
		if strings.Contains(errs.String(), "ptrace") {
			t.Skip("strace can't trace here: ", errs.String())
		}
		switch {
		case test.says == "" && (code != exitSome || strings.Count(errs.String(), "\n") != len(want)):
			t.Errorf("%s %s: code %d, stderr %q", test.calls, test.errno, code, errs.String())
		case test.says != "":
			if code != 0 || strings.Count(errs.String(), test.says) != 1 {
				t.Errorf("%s %s: code %d, stderr %q", test.calls, test.errno, code, errs.String())
			}
			b.holds(want)
		}
	}
}

// The unfinished file of another user is replaced, and what can't be replaced is
// noticed before anything is fetched.
func TestForeignPart(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	for _, flag := range []string{"-q", "-c", "--force"} {
		b := newBench(t)
		b.put("x", random(3<<20))
		for _, name := range []string{".x.part", "..x.part.part"} {
			path := filepath.Join(b.saved, name)
			if err := os.WriteFile(path, []byte("theirs"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chown(path, 12345, 12345); err != nil {
				t.Fatal(err)
			}
		}
		if code, _, errs := b.run(flag, "x"); code != 0 || errs != "" {
			t.Errorf("%s: code %d, stderr %q", flag, code, errs)
		}
		b.holds(map[string]string{"x": random(3 << 20)})
	}
}

func TestInTheWay(t *testing.T) {
	b := newBench(t)
	b.put("x", random(3<<20))
	b.put("null", "content")
	if err := os.Mkdir(filepath.Join(b.saved, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"x"}, {"--force", "x"}, {"-u", "x"}, {"-r", "-u", "--exclude", "c:/", "/"}} {
		p := newProxy(t, b.addr, func(int) int64 { return -1 })
		code, _, errs := run(append([]string{"--server", p.addr, "--pin", b.pin, "-o", b.saved}, args...)...)
		if code != exitSome || !strings.Contains(errs, errIsDir.Error()) || p.passed.Load() > 1<<20 {
			t.Errorf("%q: code %d, stderr %q, %d bytes came", args, code, errs, p.passed.Load())
		}
	}
	if code, _, errs := run("--server", b.addr, "--pin", b.pin, "-O", "/dev/null", "--force", "null"); code != exitSome || !strings.Contains(errs, errSpecial.Error()) {
		t.Errorf("a device: code %d, stderr %q", code, errs)
	}
}
