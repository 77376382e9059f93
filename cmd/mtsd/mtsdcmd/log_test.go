package mtsdcmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"mts/core/config"
)

// Whatever text a client chose, a record is one line that is safe to look at,
// and its other values stay what they are.
func TestHostileValues(t *testing.T) {
	const hostile = "x\nmsg=refused remote=1.2.3.4:1\r\x1b[2J\u202e\xff\"\u2028"
	for _, format := range []string{"text", "json"} {
		cfg := config.Default()
		cfg.Log.Format = format
		var out bytes.Buffer
		j, err := openJournal(cfg, &out)
		if err != nil {
			t.Fatal(err)
		}
		j.Info("refused", "remote", "10.0.0.1:9", "user", hostile, "err", errors.New(hostile), "nothing", nil)
		j.close()
		line := strings.TrimSuffix(out.String(), "\n")
		if strings.ContainsAny(line, "\n\r\x1b\u202e\u2028") || strings.Contains(line, "\xff") || strings.Contains(line, "nothing") {
			t.Errorf("%s: logged %q", format, line)
		}
		if fields := map[string]any{}; format == "json" {
			if err := json.Unmarshal([]byte(line), &fields); err != nil || fields["remote"] != "10.0.0.1:9" || len(fields) != 6 {
				t.Errorf("logged %s: %v", line, err)
			}
		} else if !strings.Contains(line, ` remote=10.0.0.1:9 user="x`) || strings.Count(line, " remote=") != 3 {
			t.Errorf("logged %s", line)
		}
	}
}

// The level changes while the log is in use; events don't depend on it.
func TestLevelAndEvents(t *testing.T) {
	var out bytes.Buffer
	j, err := openJournal(config.Default(), &out)
	if err != nil {
		t.Fatal(err)
	}
	rows, stop := j.feed.Subscribe(8)
	defer stop()
	j.Debug("command", "verb", "ONE")
	j.level.Set(slog.LevelDebug)
	j.Debug("command", "verb", "TWO")
	j.level.Set(slog.LevelError)
	j.Info("kick", "session", 3, "reason", "idle")
	j.close()
	if got := out.String(); strings.Contains(got, "ONE") || !strings.Contains(got, "TWO") || strings.Contains(got, "kick") {
		t.Errorf("logged %s", got)
	}
	if e := <-rows; e.Event != "kick" || e.Session != 3 || e.Error != "idle" {
		t.Errorf("fed %+v", e)
	}
}
