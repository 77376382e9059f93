package clientcmd

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// Any command line is either refused or complete, and what it may save lies in
// the output folder.
func FuzzCommandLine(f *testing.F) {
	for _, line := range []string{
		"--server\x00h\x00x", "-l\x00--json\x00--server=mts://h:1", "-rcj4\x00--server\x00[::1]:7\x00c:\\a\\*.gif",
		"--limit-rate\x002MiB\x00--retries=0\x00--timeout\x001s\x00--server=h\x00-o-\x00..", "-x\x00NOOP\x00--server\x00::1", "--help", "completion\x00bash",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var out, errs bytes.Buffer
		a := &app{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, screen: &errs}
		cmd := a.command()
		if cmd.ParseFlags(strings.Split(line, "\x00")) != nil || a.checkArgs(cmd, cmd.Flags().Args()) != nil {
			return
		}
		if a.server == "" || a.timeout <= 0 || a.parallel < 1 || a.retries < 0 || a.rate < 0 || a.url() == "" {
			t.Errorf("%q was taken: %+v", line, a.settings)
		}
		for _, arg := range cmd.Flags().Args() {
			name := baseName(arg)
			if name == "" || checkName(name) != nil {
				continue
			}
			if in := filepath.Join("dir", name); filepath.Dir(in) != "dir" || filepath.Base(in) != name {
				t.Errorf("%q is saved as %q", arg, in)
			}
			matches(name, name)
		}
	})
}
