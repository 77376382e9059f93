package names

import (
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	for kind, test := range map[string]struct {
		check     func(string) error
		good, bad []string
	}{
		"verb": {CheckVerb, []string{"FILE", "list", "X-1", "1", strings.Repeat("a", 100)}, []string{"", "LI ST", "A_B", "é", "A\n"}},
		"new verb": {CheckNewVerb, []string{"HELLO", "X-1", strings.Repeat("A", 32)},
			[]string{"", "hello", "1A", "-A", "A_B", strings.Repeat("A", 33)}},
		"account": {CheckAccount, []string{"ann", "ann.b@example.org", "_", "änne", strings.Repeat("ä", 64)},
			[]string{"", "-ann", "a b", "a:b", "a/b", strings.Repeat("a", 65)}},
		"plugin": {CheckPlugin, []string{"wc", "a_1", strings.Repeat("a", 32)}, []string{"", "Wc", "1a", "_a", "a-b", "a.b", strings.Repeat("a", 33)}},
	} {
		for _, s := range test.good {
			if err := test.check(s); err != nil {
				t.Errorf("%s %q: %v", kind, s, err)
			}
		}
		for _, s := range test.bad {
			if err := test.check(s); err == nil {
				t.Errorf("%s %q: no error", kind, s)
			}
		}
	}
	if err := CheckAccount(DefaultAccount); err != nil {
		t.Error(err)
	}
	if err := CheckNewVerb(strings.Repeat("x", 1<<20)); len(err.Error()) > 200 {
		t.Errorf("a message of %d bytes", len(err.Error()))
	}
}

func TestClient(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:5": "192.0.2.1", "[::ffff:192.0.2.1]:5": "192.0.2.1", "[fe80::1%eth0]:5": "fe80::1", "pipe": "pipe", "": "",
	} {
		if got := Client(remote); got != want {
			t.Errorf("%q: %q, want %q", remote, got, want)
		}
	}
}
