package clientcmd

import (
	"regexp"
	"strings"
	"testing"
)

func TestList(t *testing.T) {
	b := newBench(t)
	b.put("pub/a b", "hello")
	b.put("pub/sub/x", "")
	code, out, errs := b.run("-l", "pub", "nowhere")
	want := `^pub:
file +5  20\d\d-\d\d-\d\d \d\d:\d\d:\d\d  a b
dir +-  20\d\d-\d\d-\d\d \d\d:\d\d:\d\d  sub

nowhere:
$`
	if code != exitSome || !regexp.MustCompile(want).MatchString(out) || strings.Count(errs, "\n") != 1 {
		t.Errorf("code %d, stdout %q, stderr %q", code, out, errs)
	}
	code, out, errs = b.run("-l", "pub/a b")
	if code != 0 || !strings.HasSuffix(out, "  a b\n") || errs != "" {
		t.Errorf("a file: code %d, stdout %q, stderr %q", code, out, errs)
	}
	code, out, _ = b.run("-l", "--json")
	if code != 0 || !strings.Contains(out, `"name":"pub","type":"dir"`) || !strings.Contains(out, `"name":"c:"`) {
		t.Errorf("the root: code %d, %q", code, out)
	}
}

func TestExec(t *testing.T) {
	b := newBench(t)
	b.put("x", "content\x1b")
	code, out, errs := b.run("-x", "NOOP", "-x", "file x")
	if code != 0 || out != "content\x1b" || errs != "OK.\nFile x sent successfully.\n" {
		t.Errorf("code %d, stdout %q, stderr %q", code, out, errs)
	}
	code, out, errs = b.run("-q", "-x", "NOOP")
	if code != 0 || out != "" || errs != "" {
		t.Errorf("quiet: code %d, stdout %q, stderr %q", code, out, errs)
	}
	code, _, errs = b.run("-x", "NOSUCH")
	if code != exitSome || errs != "mtsclient: Invalid command.\n" {
		t.Errorf("unknown: code %d, stderr %q", code, errs)
	}
}
