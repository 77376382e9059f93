package shell

import (
	"slices"
	"strings"
	"testing"
)

func TestComplete(t *testing.T) {
	b := newTestShell(t, map[string]string{
		"SESSIONS": twoSessions,
		"USERS":    `{"name":"ann"}` + "\n" + `{"name":"it's"}` + "\n",
		"PLUGINS":  `{"name":"wc"}` + "\n",
		"BANS":     `{"target":"10.0.0.0/8"}` + "\n" + `{"target":"user=bob"}` + "\n",
	})
	for line, want := range map[string]string{
		"sess":                     "sessions ",
		"show ":                    "12|7",
		"show 1":                   "12 ",
		"show 7 ":                  "",
		"sessions us":              "user!=|user=",
		"sessions user=":           `user='it'\''s'|user=ann`,
		"sessions user!=a":         "user!=ann ",
		"sessions tls=no state=se": "state=sending ",
		"sessions idle":            "idle<|idle=|idle>",
		"sessions plugin=":         "plugin=wc ",
		"kick a":                   "age<|age=|age>|all",
		"kick 7 re":                "reason=",
		"kick 7 al":                "",
		"kick state=idle pa":       "path!=|path=",
		"limit t":                  "total ",
		"limit client=":            "client=10.0.0.7|client=10.0.0.8",
		"limit total ":             "0|100KB|10MB|1MB",
		"ban 10.0.0.7":             "10.0.0.7 ",
		"ban 10.0.0.7 ":            "for=|reason=",
		"unban ":                   "10.0.0.0/8|user=bob",
		"plugins u":                "unload ",
		"plugins load ":            "wc ",
		"events e":                 "event!=|event=",
		"events idle":              "",
		"reload t":                 "tls ",
		"log ":                     "level ",
		"log level d":              "debug ",
		"wait state=idle t":        "timeout=|tls!=|tls=",
		"shutdown ":                "now ",
		"set output=":              "output=csv|output=json|output=table",
		"help dr":                  "drain ",
		"watch sess":               "sessions ",
		"watch 2 sess":             "sessions ",
		"watch sessions user=a":    "user=ann ",
		"stats; show 7":            "7 ",
		"source ../../examples/ad": "../../examples/admin/",
		"nonsense ":                "",
	} {
		_, got, _ := b.complete(line, len(line))
		slices.Sort(got)
		if strings.Join(got, "|") != want {
			t.Errorf("%q: got %q; want %q", line, got, want)
		}
	}
}
