package shell

import (
	"os"
	"regexp"
	"strings"

	"github.com/peterh/liner"

	"mts/core/access"
	"mts/core/atomicfile"
	"mts/core/wire"
)

// secret matches lines that must not get into the history. No command takes a
// secret, but one may be pasted by mistake.
var secret = regexp.MustCompile(`(?i)mts_[a-z2-7]{8}|passw(or)?d\s*[=: ]|\$argon2|\$2[aby]\$|\{SHA256\}|BEGIN [A-Z ]*PRIVATE KEY`)

// isKept reports whether a line goes into the history. A line that begins with a
// space doesn't, as in other shells.
func isKept(line string) bool {
	return strings.TrimSpace(line) != "" && line[0] != ' ' && !secret.MatchString(line)
}

// readHistory returns the last lines of a history, made printable.
func readHistory(file string) (lines []string) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(data)) {
		if line = wire.Printable(strings.TrimSpace(line)); line != "" && len(line) <= maxLine {
			lines = append(lines, line)
		}
	}
	return lines[max(0, len(lines)-liner.HistoryLimit):]
}

// loadHistory gives the history to the prompt, and shortens its file if that is
// long.
func (s *Shell) loadHistory() {
	lines := readHistory(s.History)
	for _, line := range lines {
		s.line.AppendHistory(line)
	}
	if info, err := os.Stat(s.History); err == nil && (len(lines) == liner.HistoryLimit || info.Mode().Perm() != 0o600) {
		atomicfile.Write(s.History, 0o600, []byte(strings.Join(lines, "\n")+"\n"))
	}
}

// remember adds a line to the history. Other shells may append to the file too.
// If it can't be written, the history lasts until the shell ends.
func (s *Shell) remember(line string) {
	if !isKept(line) {
		return
	}
	s.line.AppendHistory(line)
	if access.CheckLink(s.History) != nil {
		return
	}
	f, err := os.OpenFile(s.History, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	f.WriteString(line + "\n")
}
