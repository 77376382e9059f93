package clientcmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"
)

func TestWriteJSON(t *testing.T) {
	const text = "a\x00\x1b\x7f\u009b\u202e\U000e0001\u2028 é€😀\n\"\\"
	var b bytes.Buffer
	if err := writeJSON(&b, text); err != nil {
		t.Fatal(err)
	}
	line := strings.TrimSuffix(b.String(), "\n")
	if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsGraphic(r) }) || !strings.Contains(line, " é€😀") {
		t.Errorf("%q is shown", line)
	}
	var got string
	if err := json.Unmarshal(b.Bytes(), &got); err != nil || got != text {
		t.Errorf("%q, %v; want %q", got, err, text)
	}
}

// records returns what a run reported.
func records(t *testing.T, out string) (all []record) {
	t.Helper()
	for d := json.NewDecoder(strings.NewReader(out)); d.More(); {
		var r record
		if err := d.Decode(&r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// Each file that was asked for is reported, even without a connection.
func TestJSONWithoutConnection(t *testing.T) {
	b := newBench(t)
	closed := listen(t)
	closed.Close()
	_, other, _ := serverTLS(t)
	for name, test := range map[string]struct {
		args     []string
		password string
		code     int
	}{
		"connect":     {[]string{"--server", closed.Addr().String()}, "secret", exitConnect},
		"tls":         {[]string{"--server", b.addr, "--pin", other}, "secret", exitTLS},
		"unknown":     {[]string{"--server", b.addr}, "secret", exitTLS},
		"login":       {[]string{"--server", b.addr, "--pin", b.pin}, "wrong", exitLogin},
		"no password": {[]string{"--server", b.addr, "--pin", b.pin}, "", exitLogin},
	} {
		t.Setenv("MTS_PASSWORD", test.password)
		code, out, errs := run(append(test.args, "-o", b.saved, "--json", "dir/x", "y")...)
		all := records(t, out)
		if code != test.code || errs == "" || len(all) != 2 {
			t.Errorf("%s: code %d, stdout %q, stderr %q; want code %d", name, code, out, errs, test.code)
			continue
		}
		for i, want := range []record{{Path: "dir/x", File: "x"}, {Path: "y", File: "y"}} {
			if r := all[i]; r.Path != want.Path || r.File != want.File || r.Status != "failed" || r.Error == "" {
				t.Errorf("%s: %+v", name, r)
			}
		}
	}
}

// The size of a file that failed is the one that was announced.
func TestJSONSizeOfFailed(t *testing.T) {
	big := strings.Repeat("x", firstPiece)
	first := fmt.Sprintf("$%d\r\n%s#[bytes=%d size=%d etag=e] x\r\n", len(big), big, len(big), 2*len(big))
	for want, answers := range map[int64]map[string]string{
		2 * firstPiece: {"PART": first, "PART 1048576 1048576 x": cut, "STAT": cut},
		9:              {"FILE": "$5\r\nhello#[bytes=5 size=9] x\r\n"},
		5:              {"FILE": "$5\r\nhello" + cut},
	} {
		s := lie(t, ready, answers)
		code, out, _ := s.run(t.TempDir(), "--json", "--retries", "0", "x")
		if all := records(t, out); code != exitIntegrity || len(all) != 1 || all[0].Size != want || all[0].Status != "failed" {
			t.Errorf("code %d, %s; want size %d", code, out, want)
		}
	}
}
