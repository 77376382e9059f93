package clientcmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A mirror has another etag for the same file. If size and time are equal, a resume
// goes on, and the hash of the whole decides.
func TestContinueFromMirror(t *testing.T) {
	const rest = "PART 1048576 1048576 x"
	half := strings.Repeat("x", firstPiece)
	piece := func(content, facts string) string {
		return fmt.Sprintf("$%d\r\n%s#[bytes=%d size=%d %s] x\r\n", firstPiece, content, firstPiece, 2*firstPiece, facts)
	}
	describe := func(facts string) string { return stat(fmt.Sprintf("type=file;size=%d;%s; x", 2*firstPiece, facts)) }
	other := strings.Repeat("y", firstPiece)
	hash := func(content string) string {
		return fmt.Sprintf("$68\r\n%s  x\n#OK.\r\n", sha([]byte(content)))
	}
	const mine, mirror, later = "modify=20020304050607;etag=e", "modify=20020304050607;etag=f", "modify=20020304050608;etag=f"
	tests := []struct {
		name, facts, hash, content string
		again                      bool
	}{
		{"the same version", mine, "", half + half, false},
		{"the same file on a mirror", mirror, hash(half + half), half + half, false},
		{"another file of that size and time", mirror, hash(other + half), other + half, true},
		{"a mirror without HASH", mirror, "![code=unknown-command] Invalid command.\r\n", other + half, true},
		{"another time", later, "", other + half, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			facts := strings.ReplaceAll(mine, ";", " ")
			s := lie(t, ready, map[string]string{"PART": piece(half, facts), rest: cut, "STAT": describe(mine)})
			saved := t.TempDir()
			if code, _, errs := s.run(saved, "--retries", "0", "x"); code != exitIntegrity {
				t.Fatalf("code %d, stderr %q", code, errs)
			}
			facts = strings.ReplaceAll(test.facts, ";", " ")
			s = lie(t, ready, map[string]string{
				"PART 0 1048576 x": piece(test.content[:firstPiece], facts), rest: piece(half, facts), "STAT": describe(test.facts), "HASH": test.hash,
			})
			code, out, errs := s.run(saved, "--json", "-c", "x")
			got := records(t, out)
			content, _ := os.ReadFile(filepath.Join(saved, "x"))
			if code != 0 || string(content) != test.content || got[0].SHA256 != sha(content) {
				t.Fatalf("code %d, stdout %q, stderr %q, saved %d bytes", code, out, errs, len(content))
			}
			if again := strings.Contains(s.told(), "PART 0"); again != test.again {
				t.Errorf("fetched anew: %v; the server was told %q", again, s.told())
			}
			want, _ := time.Parse("20060102150405", test.facts[len("modify="):][:14])
			if fi, err := os.Stat(filepath.Join(saved, "x")); err != nil || !fi.ModTime().Equal(want) {
				t.Errorf("saved with time %v, want %v", fi.ModTime(), want)
			}
		})
	}
}

// A file system whose times have steps of 2 s doesn't make a file another one, and -u
// compares what is as long by its content.
func TestTimesApart(t *testing.T) {
	when := time.Unix(1e9+1, 0)
	for _, test := range []struct {
		flag, mine string
		apart      time.Duration
		status     status
	}{
		{"-c", "content", time.Second, unchanged},
		{"-c", "CONTENT", time.Second, exists},
		{"-c", "content", time.Minute, exists},
		{"-u", "content", time.Minute, unchanged},
		{"-u", "CONTENT", time.Minute, saved},
		{"-u", "content!", 0, saved},
	} {
		for _, args := range [][]string{{test.flag, "x"}, {test.flag, "-r", "--exclude", "c:/", "/"}} {
			b := newBench(t)
			b.put("x", "content")
			mine := filepath.Join(b.saved, "x")
			if err := os.WriteFile(mine, []byte(test.mine), 0o600); err != nil {
				t.Fatal(err)
			}
			os.Chtimes(filepath.Join(b.served, "x"), when, when)
			os.Chtimes(mine, when.Add(-test.apart), when.Add(-test.apart))
			_, out, errs := b.run(args...)
			got := map[bool]status{strings.Contains(errs, errExists.Error()): exists, strings.Contains(errs, "unchanged"): unchanged, strings.Contains(out, "x has been saved"): saved}[true]
			if got != test.status {
				t.Errorf("%+v, %q: %s; stdout %q, stderr %q", test, args, got, out, errs)
			}
			if fi, _ := os.Stat(mine); test.status != exists && !fi.ModTime().Equal(when) {
				t.Errorf("%+v: the time is %v", test, fi.ModTime())
			}
		}
	}
}

// Times that are far away are saved as they are, or as near as the file system can.
func TestFarTimes(t *testing.T) {
	for text, year := range map[string]int{"99991231235959": 9999, "16000101000000": 1600, "20380119031408": 2038} {
		reply := strings.ReplaceAll(fileReply, "20260102030405", text)
		s := lie(t, ready, map[string]string{"FILE": reply})
		saved := t.TempDir()
		if code, _, errs := s.run(saved, "x"); code != 0 {
			t.Fatal(code, errs)
		}
		fi, err := os.Stat(filepath.Join(saved, "x"))
		if err != nil {
			t.Fatal(err)
		}
		got := fi.ModTime().UTC().Year()
		if far := year > 2262 && got < 2100 || year < 1900 && got > 1910 || year == 2038 && got != 2038; far {
			t.Errorf("%s was saved as %v", text, fi.ModTime())
		}
	}
}
