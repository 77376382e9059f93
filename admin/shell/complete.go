package shell

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mts/admin"
)

// complete is the prompt's completer: it returns what the word before the
// cursor may become, and what stands before and behind it.
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
	if len(candidates) == 1 && !strings.HasSuffix(candidates[0], "=") && !strings.HasSuffix(candidates[0], "/") && tail == "" {
		candidates[0] += " "
	}
	return head, candidates, tail
}

// candidates returns what the word behind words may be, that has been begun.
func (s *Shell) candidates(words []string, begun string) []string {
	if len(words) == 0 {
		return s.names()
	}
	cmd, err := s.lookup(words[0])
	if err != nil || cmd.view.complete == nil {
		return nil
	}
	return cmd.view.complete(context.Background(), s, words, begun)
}

func (s *Shell) names() []string {
	names := make([]string, len(s.commands))
	for i, c := range s.commands {
		names[i] = c.name
	}
	return names
}

// quoteAll makes words of what clients have chosen.
func quoteAll(values []string) []string {
	for i, v := range values {
		values[i] = admin.Quote(v)
	}
	return values
}

func (s *Shell) users(ctx context.Context) []string {
	return prefixed("user=", quoteAll(s.values(ctx, "name", "users")))
}

func prefixed(prefix string, values []string) []string {
	for i, v := range values {
		values[i] = prefix + v
	}
	return values
}

func completeID(ctx context.Context, s *Shell, words []string, _ string) []string {
	if len(words) > 1 {
		return nil
	}
	return s.values(ctx, "id", "sessions")
}

// completeFilter offers conditions; with those that have a known set of values
// the values too.
func completeFilter(ctx context.Context, s *Shell, _ []string, _ string) []string {
	states := strings.Fields("handshake login idle running sending closing")
	keys := strings.Fields("id= user!= client= idle> age> bytes> rate< tls=yes tls=no path=")
	return slices.Concat(keys, s.users(ctx), prefixed("state=", states),
		prefixed("plugin=", s.values(ctx, "name", "plugins")))
}

// completeSelection offers ids, "all", conditions and the given words.
func completeSelection(more ...string) completer {
	return func(ctx context.Context, s *Shell, words []string, begun string) []string {
		if len(words) > 1 {
			return append(completeFilter(ctx, s, words, begun), more...)
		}
		return slices.Concat([]string{"all"}, s.values(ctx, "id", "sessions"), completeFilter(ctx, s, words, begun))
	}
}

func completeLimit(ctx context.Context, s *Shell, words []string, _ string) []string {
	if len(words) > 1 {
		return strings.Fields("0 100KB 1MB 10MB")
	}
	return slices.Concat([]string{"total"}, s.values(ctx, "id", "sessions"), s.users(ctx),
		prefixed("client=", s.values(ctx, "client", "sessions")))
}

func completeWait(ctx context.Context, s *Shell, words []string, begun string) []string {
	return append(completeFilter(ctx, s, words, begun), "timeout=")
}

// completeWords offers the same words always.
func completeWords(words string) completer {
	return func(context.Context, *Shell, []string, string) []string { return strings.Fields(words) }
}

// completeFile offers the files and folders that a word may mean.
func completeFile(_ context.Context, _ *Shell, _ []string, begun string) []string {
	names, _ := filepath.Glob(globQuote(begun) + "*")
	for i, name := range names {
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			name += "/"
		}
		names[i] = admin.Quote(name)
	}
	return names
}

func globQuote(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(s)
}
