package clientcmd

import (
	"regexp"
	"strings"
)

// A filter is the list of --include and --exclude, in the order of the command
// line. As in rsync, the first rule that matches counts, and what no rule matches
// is included.
type filter []rule

type rule struct {
	include bool
	dirs    bool // it matches folders only
	path    *regexp.Regexp
}

// allows reports whether a file or folder is to be fetched. Its name is that below
// the output folder, with slashes.
func (f filter) allows(name string, dir bool) bool {
	for _, r := range f {
		if (dir || !r.dirs) && r.path.MatchString(name) {
			return r.include
		}
	}
	return true
}

// A ruleFlag is the value of a flag that adds rules to a filter.
type ruleFlag struct {
	to      *filter
	include bool
}

func (r ruleFlag) String() string { return "" }
func (r ruleFlag) Type() string   { return "glob" }

func (r ruleFlag) Set(glob string) error {
	trimmed := strings.TrimSuffix(glob, "/")
	path, err := compileGlob(trimmed)
	if err == nil {
		*r.to = append(*r.to, rule{include: r.include, dirs: trimmed != glob, path: path})
	}
	return err
}

// compileGlob returns what a glob of rsync matches: one that begins with a slash
// the whole name, another one the end of it. A * and a ? match no slash, ** does.
func compileGlob(glob string) (*regexp.Regexp, error) {
	start := "(^|/)"
	if strings.HasPrefix(glob, "/") {
		glob, start = glob[1:], "^"
	}
	var b strings.Builder
	for rest := glob; rest != ""; {
		token := globToken.FindString(rest)
		rest = rest[len(token):]
		switch {
		case token == "/***":
			b.WriteString("(/.*)?")
		case token == "**":
			b.WriteString(".*")
		case token == "*":
			b.WriteString("[^/]*")
		case token == "?":
			b.WriteString("[^/]")
		case len(token) > 2 && token[0] == '[':
			b.WriteString("[" + strings.Replace(token[1:2], "!", "^", 1) + strings.ReplaceAll(token[2:], `[`, `\[`))
		default:
			b.WriteString(regexp.QuoteMeta(strings.TrimPrefix(token, `\`)))
		}
	}
	return regexp.Compile("(?s)" + start + b.String() + "$")
}

// globToken matches the next part of a glob.
var globToken = regexp.MustCompile(`(?s)^(/\*\*\*$|\*\*|\*|\?|\[[!^]?\]?[^\]/]*\]|\\.|.)`)
