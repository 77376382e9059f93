package shell

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"

	"mts/admin"
)

func TestTable(t *testing.T) {
	b := newTestShell(t, map[string]string{"SESSIONS": twoSessions})
	code, out, errs := b.script("sessions")
	want := "" +
		`ID  USER    REMOTE      TLS  STATE    VERB  PATH                         SENT       RATE   IDLE` + "\n" +
		` 7  ann     10.0.0.7:5  yes  sending  FILE  /iso/a.iso            450 MB  45%  12.3 MB/s     0s` + "\n" +
		`12  =cmd()  10.0.0.8:6  -    idle     -     \x1b[2J\u009b\u202ex          0 B          -  1m05s` + "\n"
	if code != 0 || errs != "" || out != want {
		t.Errorf("code %d, stderr %q\n%s\nwant:\n%s", code, errs, out, want)
	}
}

func sessionColumns() []admin.Column {
	commands := admin.Commands()
	return commands[slices.IndexFunc(commands, func(c admin.Command) bool { return c.Name == "sessions" })].Columns
}

// No line is wider than the terminal, and text that is cut ends in "…".
func TestTableFits(t *testing.T) {
	for width := 1; width < 120; width++ {
		var out bytes.Buffer
		tab := newTableOutput(&out, screen{width: width}, sessionColumns())
		for row := range strings.Lines(twoSessions) {
			r, err := parseRow([]byte(strings.Replace(row, "/iso/", "/日本語/", 1)))
			if err != nil {
				t.Fatal(err)
			}
			tab.row(r)
		}
		tab.end()
		for line := range strings.Lines(out.String()) {
			if n := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("%d columns for %d: %q", n, width, line)
			}
		}
		if 20 <= width && width < 90 && !strings.Contains(out.String(), "…") {
			t.Errorf("width %d: nothing is marked as cut", width)
		}
	}
}

func TestJSON(t *testing.T) {
	b := newTestShell(t, map[string]string{"SESSIONS": twoSessions})
	_, out, _ := b.script("set output=json; sessions")
	if strings.ContainsAny(out, "\x1b\u009b\u202e") {
		t.Errorf("the output steers a terminal: %q", out)
	}
	var last struct{ Path string }
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if err := json.Unmarshal([]byte(lines[1]), &last); err != nil || last.Path != "\x1b[2J\u009b\u202ex" || len(lines) != 2 {
		t.Errorf("%d lines, path %q, %v", len(lines), last.Path, err)
	}
}

func TestCSV(t *testing.T) {
	b := newTestShell(t, map[string]string{"SESSIONS": twoSessions, "BANS": "", "KICK 7": `{"affected":1,"ids":[7]}` + "\n"})
	_, out, _ := b.script("set output=csv; sessions")
	records, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil || len(records) != 3 {
		t.Fatalf("%v, %q", err, out)
	}
	if got := strings.Join(records[0], " "); got != "id user remote client listener tls state verb path sent size rate since idle_ms waits_ms commands bytes_out" {
		t.Errorf("header %s", got)
	}
	if records[2][1] != "'=cmd()" || records[2][8] != `\x1b[2J\u009b\u202ex` || records[1][9] != "450000000" {
		t.Errorf("record %q", records[2])
	}
	if _, out, _ := b.script("bans"); out != "target,kind,until,reason,by\n" {
		t.Errorf("no bans: %q", out)
	}
	if _, out, _ := b.script("kick 7"); out != "affected,ids\n1,7\n" {
		t.Errorf("kick: %q", out)
	}
}

func TestObjectsAndChanges(t *testing.T) {
	b := newTestShell(t, map[string]string{
		"STATS":   `{"uptime_s":5,"refusals":{"b":2,"a":1},"memory":9}` + "\n",
		"KICK 7":  `{"affected":1,"ids":[7]}` + "\n",
		"PLUGINS": "",
	})
	_, out, _ := b.script("stats; kick 7; plugins")
	want := "uptime_s    5\nrefusals.a  1\nrefusals.b  2\nmemory      9\n1 affected: 7\n"
	if out != want {
		t.Errorf("%q, want %q", out, want)
	}
}
