package wire

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestPrintable(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{`c:\a b "%s" ~`, `c:\a b "%s" ~`},
		{"gr\u00fc\u00dfe \u65e5\u672c \U0001f600", "gr\u00fc\u00dfe \u65e5\u672c \U0001f600"},
		{"a\u00a0b\u3000c", "a\u00a0b\u3000c"},
		{"\x1b[2J", `\x1b[2J`},
		{"a\r\n#b\x00\t\x7f", `a\r\n#b\x00\t\x7f`},
		{"\u009b2J\u0085", `\u009b2J\u0085`},
		{"\x9b2J", `\x9b2J`},
		{"\u202egpj.exe\u2066\u200f", `\u202egpj.exe\u2066\u200f`},
		{"\u2028\u2029\ufeff\u200b", `\u2028\u2029\ufeff\u200b`},
		{"\U000e0001", `\U000e0001`},
		{"\xff\xc3(\xe6\x97", `\xff\xc3(\xe6\x97`},
		{"\xed\xa0\x80", `\xed\xa0\x80`}, // a surrogate
		{"\ufffd", "\ufffd"},
	} {
		if got := Printable(test.in); got != test.want {
			t.Errorf("Printable(%q) = %q; want %q", test.in, got, test.want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	for _, s := range []string{"", "a", "\x1b\u202e\xff\ufffd", "\u65e5\u672c\U000e0001"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Printable(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			t.Errorf("Printable(%q) = %q is not printable", s, got)
		}
		if again := Printable(got); again != got {
			t.Errorf("Printable(%q) = %q, not itself", got, again)
		}
		if HasControl(got) {
			t.Errorf("Printable(%q) = %q has a control character", s, got)
		}
	})
}

func TestHasControl(t *testing.T) {
	for s, want := range map[string]bool{
		"file a b": false, "\u202e": false, "\xff": false, "": false,
		"a\x00": true, "\t": true, "\x1b": true, "\x7f": true, "\u0085": true, "a\r": true,
	} {
		if HasControl(s) != want {
			t.Errorf("HasControl(%q) = %v", s, !want)
		}
	}
}

func TestFacts(t *testing.T) {
	for _, test := range []struct {
		facts []Fact
		want  string
	}{
		{nil, ""},
		{[]Fact{{"code", "usage"}}, "[code=usage] "},
		{[]Fact{{"a", "1"}, {"b", ""}}, "[a=1 b=] "},
		{[]Fact{{"name", "a b%]\x1b\u00e9="}}, "[name=a%20b%25%5D%1B%C3%A9=] "},
		{[]Fact{{"x\r\n#] y", "1"}}, "[x%0D%0A#%5D%20y=1] "},
	} {
		if got := string(appendFacts(nil, test.facts)); got != test.want {
			t.Errorf("%q: %q; want %q", test.facts, got, test.want)
		}
	}
}

func TestParseFacts(t *testing.T) {
	for _, test := range []struct {
		in    string
		facts []Fact
		text  string
	}{
		{"OK.", nil, "OK."},
		{"[a=1 b=] OK. [c=2] ", []Fact{{"a", "1"}, {"b", ""}}, "OK. [c=2] "},
		{"[a=x=y] ", []Fact{{"a", "x=y"}}, ""},
		{"[a=%1b%5d] t", []Fact{{"a", "\x1b]"}}, "t"},
		{"", nil, ""},
		{"[", nil, "["},
		{"[] t", nil, "[] t"},
		{"[a=1]", nil, "[a=1]"},
		{"[a=1]t", nil, "[a=1]t"},
		{"[a] t", nil, "[a] t"},
		{"[=1] t", nil, "[=1] t"},
		{"[a=1  b=2] t", nil, "[a=1  b=2] t"},
		{"[a=%] t", nil, "[a=%] t"},
		{"[a=%4] t", nil, "[a=%4] t"},
		{"[a=%+1] t", nil, "[a=%+1] t"},
		{"x] t", nil, "x] t"},
	} {
		if facts, text := parseFacts(test.in); !reflect.DeepEqual(facts, test.facts) || text != test.text {
			t.Errorf("%q: %q, %q; want %q, %q", test.in, facts, text, test.facts, test.text)
		}
	}
}

func FuzzFacts(f *testing.F) {
	f.Add("42", "a b%]=", "text [x=y] ")
	f.Add("", "\x00\xff\u202e", "")
	f.Fuzz(func(t *testing.T, one, two, text string) {
		want := []Fact{{"one", one}, {"two", two}}
		line := string(appendFacts(nil, want)) + text
		facts, rest := parseFacts(line)
		if !reflect.DeepEqual(facts, want) || rest != text {
			t.Errorf("%q: %q, %q; want %q, %q", line, facts, rest, want, text)
		}
		parseFacts(text)
	})
}

func TestPrintableJSON(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":"b"}` + "\n":      `{"a":"b"}` + "\n",
		"\"\u009b1m \u202e é\"": `"\u009b1m \u202e é"`,
		"\"\U000e0001\"":        `"\udb40\udc01"`,
	} {
		got := string(PrintableJSON([]byte(text)))
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		var before, after string
		if strings.HasPrefix(text, `"`) && (json.Unmarshal([]byte(text), &before) != nil || json.Unmarshal([]byte(got), &after) != nil || before != after) {
			t.Errorf("%q means %q, and %q means %q", text, before, got, after)
		}
	}
}
