package shell

import (
	"context"
	"testing"
)

// The shipped scripts do what they say, against canned answers.
func TestExamples(t *testing.T) {
	const refusal = `{"event":"refused","client":"10.0.0.9"}` + "\n"
	answers := map[string]string{
		"SESSIONS":                                twoSessions,
		"SESSIONS state=idle idle>30m":            "{\"id\":12,\"user\":\"bob\",\"client\":\"10.0.0.8\"}\n",
		"KICK 12 'reason=idle for more than 30m'": `{"affected":1,"ids":[12]}` + "\n",
		"EVENTS": refusal + refusal + refusal + "…",
		"BAN 10.0.0.9 reason=scanning for=1h0m0s": `{"affected":1,"ids":[]}` + "\n",
	}
	for _, line := range []string{"MESSAGE all 'The server goes down for maintenance in a minute.'", "WAIT state=sending timeout=60s", "DRAIN"} {
		answers[line] = ""
	}
	for _, test := range []struct {
		words []string
		out   string
	}{
		{[]string{"run", "../../examples/admin/kickidle.go", "30m"}, "kicked 12 bob 10.0.0.8\n"},
		{[]string{"run", "../../examples/admin/report.go"}, "user    sessions  bytes\n=cmd()  1         9\nann     1         450000100\n"},
		{[]string{"run", "../../examples/admin/scanner.go", "1"}, "banned 10.0.0.9\n"},
		{[]string{"source", "../../examples/admin/maintenance.mts"}, ""},
	} {
		b := newTestShell(t, answers)
		if code := b.Command(context.Background(), test.words); code != exitOK || b.out.String() != test.out {
			t.Errorf("%q: code %d, %q, %q; commands %q", test.words, code, b.out.String(), b.err.String(), b.server.commands())
		}
	}
}
