package shell

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mts/admin"
)

// complete is the completer of the prompt. It returns candidates for the word
// before the cursor, and the text of the line before and after that word.
func (s *Shell) complete(line string, pos int) (head string, candidates []string, tail string) {
	runes := []rune(line)
	before := string(runes[:pos])
	start := strings.LastIndexAny(before, " \t;") + 1
	head, word, tail := before[:start], before[start:], string(runes[pos:])
	command := strings.TrimLeft(head[strings.LastIndexByte(head, ';')+1:], " \t")
	for _, c := range s.candidates(strings.Fields(command), word) {
		if strings.HasPrefix(c, word) && c != "" {
			candidates = append(candidates, c)
		}
	}
	if len(candidates) == 1 && !strings.ContainsAny(candidates[0][len(candidates[0])-1:], "=<>/") && tail == "" {
		candidates[0] += " "
	}
	return head, candidates, tail
}

// candidates returns candidates for the word after words; prefix is what has
// been typed of it. Some of them may begin with something else.
func (s *Shell) candidates(words []string, prefix string) (all []string) {
	if len(words) == 0 {
		return s.names()
	}
	cmd, err := s.lookup(words[0])
	if err != nil {
		return nil
	}
	for _, choice := range cmd.Choices(len(words) - 1) {
		if choice == "COMMAND..." {
			_, words, _ := cutPeriod(words[1:])
			return s.candidates(words, prefix)
		}
		all = append(all, s.offers(choice, prefix)...)
	}
	return all
}

// offers returns the words that a choice of a command stands for. The values of a
// condition are offered once its operator has been typed.
func (s *Shell) offers(choice, prefix string) (words []string) {
	at := strings.LastIndexAny(choice, "=<>") + 1
	condition, value := choice[:at], choice[at:]
	switch {
	case value != "" && admin.Literal(choice):
		return []string{choice}
	case !strings.HasPrefix(prefix, condition):
		return []string{condition}
	case condition != "":
		value = strings.TrimRight(condition, "=!<>")
	}
	if list := sources[value]; list != nil {
		words = list(s, strings.TrimPrefix(prefix, condition))
	}
	for i, word := range words {
		words[i] = condition + admin.Quote(word)
	}
	return words
}

// sources return the values that a word in upper case, or the key of a
// condition, stands for. They may be given the beginning of the value.
var sources = map[string]func(s *Shell, prefix string) []string{
	"ID":      field("sessions", "id"),
	"id":      field("sessions", "id"),
	"session": field("sessions", "id"),
	"ADDR":    field("sessions", "client"),
	"client":  field("sessions", "client"),
	"user":    field("users", "name"),
	"NAME":    field("plugins", "name"),
	"plugin":  field("plugins", "name"),
	"BANNED":  field("bans", "target"),
	"RATE":    either("0", "100KB", "1MB", "10MB"),
	"state":   either("handshake", "login", "idle", "running", "sending", "closing"),
	"tls":     either("yes", "no"),
	"COMMAND": func(s *Shell, _ string) []string { return s.names() },
	"FILE":    files,
	"FILE.go": files,
}

// field is the values of a field of a command's rows.
func field(command, name string) func(*Shell, string) []string {
	return func(s *Shell, _ string) []string { return s.values(command, name) }
}

func either(values ...string) func(*Shell, string) []string {
	return func(*Shell, string) []string { return slices.Clone(values) }
}

func (s *Shell) names() []string {
	names := make([]string, len(s.commands))
	for i, c := range s.commands {
		names[i] = c.Name
	}
	return names
}

// files returns the files and folders whose paths begin with prefix.
func files(_ *Shell, prefix string) []string {
	quoted := strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(prefix)
	names, _ := filepath.Glob(quoted + "*")
	for i, name := range names {
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			names[i] += "/"
		}
	}
	return names
}
