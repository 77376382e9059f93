package admin

import (
	"errors"
	"reflect"
	"testing"
)

func TestSplit(t *testing.T) {
	for line, want := range map[string][][]string{
		"":                                  nil,
		"  \t # nothing":                    nil,
		";; ;":                              nil,
		"kick 12":                           {{"kick", "12"}},
		"kick 12; stats;":                   {{"kick", "12"}, {"stats"}},
		"a\nb # c\nd":                       {{"a"}, {"b"}, {"d"}},
		"sessions idle>5m user!=ann rate<1": {{"sessions", "idle>5m", "user!=ann", "rate<1"}},
		`ban ::1 reason="a 'b' \"c\" \d"`:   {{"ban", "::1", `reason=a 'b' "c" \d`}},
		`x 'a;b#c "d\' e`:                   {{"x", `a;b#c "d\`, "e"}},
		`a\ b \; \# \'`:                     {{"a b", ";", "#", "'"}},
		`'' "" x''y`:                        {{"", "", "xy"}},
		"a#b #c":                            {{"a#b"}},
		"message all ä\u202e\xff":           {{"message", "all", "ä\u202e\xff"}},
		"x\r":                               {{"x"}},
	} {
		if got, err := Split(line); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %q, %v; want %q", line, got, err, want)
		}
	}
	for line, want := range map[string]error{
		`a "b`: errOpenQuote, `a 'b"`: errOpenQuote, `"\"`: errOpenQuote, `"a\`: errOpenQuote, `a\`: errBackslash,
	} {
		if got, err := Split(line); !errors.Is(err, want) {
			t.Errorf("%q: got %q, %v; want %v", line, got, err, want)
		}
	}
}

func TestQuote(t *testing.T) {
	for word, want := range map[string]string{
		"": "''", "a b": "'a b'", "user=ann": "user=ann", "idle>5m": "idle>5m", "it's": `'it'\''s'`, "*.iso": "*.iso", "ä": "ä",
	} {
		if got := Quote(word); got != want {
			t.Errorf("%q: got %s, want %s", word, got, want)
		}
	}
}

// Split undoes Quote for every word, and words that Split returns can be quoted
// again.
func FuzzWords(f *testing.F) {
	for _, seed := range []string{"", "kick 12", `a "b c" 'd' \e ; f # g`, "\x00\xff\u202e\n", "it's", `\`, `"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := Split("x " + Quote(s) + ";y"); err != nil || !reflect.DeepEqual(got, [][]string{{"x", s}, {"y"}}) {
			t.Fatalf("%q quoted is %s, which splits into %q, %v", s, Quote(s), got, err)
		}
		commands, err := Split(s)
		if err != nil {
			return
		}
		var again string
		for _, words := range commands {
			for _, word := range words {
				again += Quote(word) + " "
			}
			again += ";"
		}
		if got, err := Split(again); err != nil || !reflect.DeepEqual(got, commands) {
			t.Fatalf("%q is %q, then %q, %v", s, commands, got, err)
		}
	})
}
