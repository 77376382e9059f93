package auth

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"mts/core/names"
)

var (
	zeroToken  = "{SHA256}" + strings.Repeat("0", 64)
	zeroBcrypt = "$2b$10$" + strings.Repeat("a", 53)
)

func TestParse(t *testing.T) {
	argon := standardArgon2().String()
	swap := func(old, new string) string { return "ann:" + strings.Replace(argon, old, new, 1) }
	for _, test := range []struct {
		content string
		line    int    // 0: no error
		want    string // in the error
	}{
		{"", 0, ""},
		{"# a comment\n\n  # another\r\n  \nann:" + argon + "\r\n", 0, ""},
		{"ann:" + argon + "\n bob : " + zeroToken, 2, "bob"},
		{"Zoë.1_@-:" + zeroBcrypt, 0, ""},
		{strings.Repeat("ä", 64) + ":" + zeroToken, 0, ""},
		{"ann:" + zeroToken + "\n# x\nann:" + argon, 3, `"ann" is already on line 1`},
		{"ann:" + zeroToken + "\nAnn:" + zeroToken, 0, ""},
		{"ann", 1, "name:hash"},
		{"ann:", 1, "no hash"},
		{"ann:secret", 1, "unknown kind"},
		{":" + zeroToken, 1, "1 to 64"},
		{strings.Repeat("a", 65) + ":" + zeroToken, 1, "1 to 64"},
		{"-ann:" + zeroToken, 1, "starts with -"},
		{"a b:" + zeroToken, 1, "letters"},
		{"a\x1bb:" + zeroToken, 1, `a\x1bb`},
		{"a\xffb:" + zeroToken, 1, `a\xffb`},
		{"a/b:" + zeroToken, 1, "letters"},
		{"ann:" + zeroToken[:70], 1, "64 hex digits"},
		{"ann:{SHA}" + zeroToken[8:], 1, "unknown kind"},
		{"ann:$2x$" + zeroBcrypt[4:], 1, "unknown kind"},
		{"ann:" + zeroBcrypt + "a", 1, "bcrypt"},
		{"ann:" + zeroBcrypt[:59] + "!", 1, "bcrypt"},
		{"ann:$2b$15$" + zeroBcrypt[7:], 0, ""},
		{"ann:$2b$16$" + zeroBcrypt[7:], 1, "cost"},
		{"ann:$2b$03$" + zeroBcrypt[7:], 1, "cost"},
		{"ann:$2b$x1$" + zeroBcrypt[7:], 1, "cost"},
		{swap("m=19456", "m=262144"), 0, ""},
		{swap("m=19456", "m=262145"), 1, "too large"},
		{swap("m=19456", "m=4194304"), 1, "too large"},
		{swap("t=2", "t=54"), 1, "too large"},
		{swap("t=2", "t=4294967295"), 1, "too large"},
		{swap("p=1", "p=17"), 1, "too large"},
		{swap("p=1", "p=256"), 1, "parameters"},
		{swap("m=19456", "m=4294967296"), 1, "parameters"},
		{swap("m=19456", "m=7"), 1, "too small"},
		{swap("t=2", "t=0"), 1, "too small"},
		{swap("p=1", "p=0"), 1, "too small"},
		{swap("m=19456", "m=-1"), 1, "argon2id"},
		{swap("m=19456", "m=019456"), 1, "argon2id"},
		{swap("v=19", "v=16"), 1, "argon2id"},
		{swap("argon2id", "argon2i"), 1, "unknown kind"},
		{"ann:$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAA", 1, "salt"},
		{"ann:" + argon + "$", 1, "argon2id"},
		{"ann:" + argon[:len(argon)-1] + "!", 1, "argon2id"},
	} {
		_, err := parse("users", []byte(test.content))
		var e *LineError
		switch {
		case test.line == 0 && err != nil:
			t.Errorf("%.80q: %v", test.content, err)
		case test.line == 0:
		case !errors.As(err, &e) || e.Line != test.line || !strings.HasPrefix(err.Error(), "users:") || !strings.Contains(err.Error(), test.want):
			t.Errorf("%.80q: error %v, want %q on line %d", test.content, err, test.want, test.line)
		}
	}
}

func TestFileKeepsCommentsAndOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users")
	before := "# staff\n\nann:" + zeroToken + "\n\t# robots \r\nbob:" + zeroToken + "\ncarl:" + zeroToken
	if err := os.WriteFile(path, []byte(before), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		got, want error
	}{
		{f.Set("bob", zeroBcrypt), nil},
		{f.Set("dora", zeroToken), nil},
		{f.Delete("ann"), nil},
		{f.Delete("ann"), ErrNoAccount},
		{f.Delete(""), ErrNoAccount},
	} {
		if !errors.Is(step.got, step.want) {
			t.Errorf("error %v, want %v", step.got, step.want)
		}
	}
	if f.Set("#x", zeroToken) == nil || f.Set("x", "plain\nroot:") == nil || f.Set("x\ny", zeroToken) == nil {
		t.Error("a bad name or hash was taken")
	}
	if want := []string{"bob", "carl", "dora"}; !slices.Equal(f.Names(), want) {
		t.Errorf("names %q, want %q", f.Names(), want)
	}
	if err := f.save(); err != nil {
		t.Fatal(err)
	}
	after := "# staff\n\n\t# robots \nbob:" + zeroBcrypt + "\ncarl:" + zeroToken + "\ndora:" + zeroToken + "\n"
	if got, err := os.ReadFile(path); err != nil || string(got) != after {
		t.Errorf("file:\n%s\nwant:\n%s", got, after)
	}
	if fi, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && fi.Mode() != 0o600 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
}

func TestFileMadeWhenMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users")
	f, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	token, hash := NewToken()
	if err := errors.Join(f.Set("ann", hash), f.save()); err != nil {
		t.Fatal(err)
	}
	u, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := u.Authenticate("ann", token); err != nil {
		t.Error(err)
	}
}

func TestHashPassword(t *testing.T) {
	token, _ := NewToken()
	for _, password := range []string{"", "a\x00b", "a\nb", "a\u0085b", strings.Repeat("x", 4092), token} {
		if h, err := HashPassword(password); err == nil {
			t.Errorf("HashPassword(%.20q) = %q", password, h)
		}
	}
	a, errA := HashPassword("päss word")
	b, errB := HashPassword("päss word")
	if errA != nil || errB != nil || a == b || !strings.HasPrefix(a, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("%q, %v; %q, %v", a, errA, b, errB)
	}
}

func TestNewToken(t *testing.T) {
	a, hashA := NewToken()
	b, _ := NewToken()
	if a == b || !isTokenShaped(a) || len(a) != 36 {
		t.Errorf("tokens %q, %q", a, b)
	}
	if h, err := parseHash(hashA); err != nil || !h.match(a) || h.match(b) {
		t.Errorf("hash %q: %v", hashA, err)
	}
}

// What parses is kept by a rewrite, line for line.
func FuzzParse(f *testing.F) {
	f.Add("# c\n\nann:" + zeroToken + "\r\nbob:" + zeroBcrypt)
	f.Add("ann:" + standardArgon2().String())
	f.Add("a:b:c\n\x00")
	f.Fuzz(func(t *testing.T, content string) {
		lines, err := parse("users", []byte(content))
		if err != nil {
			var e *LineError
			if !errors.As(err, &e) || e.Line < 1 || e.Line > strings.Count(content, "\n")+1 {
				t.Fatalf("error %#v", err)
			}
			return
		}
		file := File{path: filepath.Join(t.TempDir(), "users"), lines: lines}
		if err := file.save(); err != nil {
			t.Fatal(err)
		}
		again, err := Load(file.path)
		if err != nil || !slices.Equal(again.Names(), file.Names()) || len(again.lines) != len(lines) {
			t.Fatalf("%q, %v after the rewrite, %q before", again.Names(), err, file.Names())
		}
		for i, l := range again.lines {
			if l.text != lines[i].text || l.hash != nil && (names.CheckAccount(l.name) != nil || l.hash.effort() > 3e9) {
				t.Errorf("line %d: %q, was %q", i+1, l, lines[i])
			}
		}
	})
}

// Editors of one file don't overwrite each other's work.
func TestEditsDontGetLost(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a folder can't be locked")
	}
	path := filepath.Join(t.TempDir(), "users")
	errs := make(chan error)
	for i := range 8 {
		go func() {
			errs <- Edit(path, func(f *File) error { return f.Set(fmt.Sprintf("u%d", i), zeroToken) })
		}()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if f, err := Load(path); err != nil || len(f.Names()) != 8 {
		t.Errorf("names %q, %v; want 8 of them", f.Names(), err)
	}
	refused := errors.New("no")
	if err := Edit(path, func(f *File) error { f.Delete("u1"); return refused }); err != refused {
		t.Error(err)
	}
	if f, _ := Load(path); len(f.Names()) != 8 {
		t.Error("an edit that failed was saved")
	}
}
