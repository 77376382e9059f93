package clientcmd

import (
	"path"
	"strings"

	"mts/core"
)

// pattern yields the files that match, and with --recursive the content of the
// folders that match.
func (p *plan) pattern(arg string) bool {
	first := strings.IndexAny(arg, meta)
	cut := strings.LastIndexAny(arg[:first], `/\`) + 1
	dir := strings.TrimRight(arg[:cut], `/\`)
	if dir == "" && cut > 0 {
		dir = "/"
	}
	elements := strings.FieldsFunc(arg[cut:], func(r rune) bool { return r == '/' || r == '\\' })
	found, more := p.match(dir, elements)
	if !found && more {
		more = p.yield(&job{path: arg, err: core.Errorf(core.CodeNotFound, "nothing matches")})
	}
	return more
}

// match yields what matches the patterns in elements, one for each level below
// dir. If the server doesn't list folders, the pattern can only be a name.
func (p *plan) match(dir string, elements []string) (found, more bool) {
	l := p.listFolder(dir)
	switch err := l.wait(); {
	case isCode(err, core.CodeUnknownCommand):
		return true, p.fileOnly(join(dir, strings.Join(elements, "/")), err)
	case isCode(err, core.CodeNotFound):
		return false, true
	case err != nil:
		return true, p.yield(&job{path: dir, err: err})
	}
	more = true
	for _, e := range l.entries {
		if more && matches(elements[0], e.Name) {
			var hit bool
			hit, more = p.matched(dir, e, elements[1:])
			found = found || hit
		}
	}
	if l.missing != nil && more {
		return true, p.yield(&job{path: dir, err: l.missing})
	}
	return found, more
}

// matched yields an entry of dir that matches, or what matches below it.
func (p *plan) matched(dir string, e core.Info, rest []string) (hit, more bool) {
	j := &job{path: join(dir, e.Name), name: e.Name, info: &e}
	if p.list {
		j.name = j.path
	}
	switch {
	case isPath(e):
		j.name, j.err = e.Name, errName
		return true, p.yield(j)
	case len(rest) > 0 && e.Dir:
		return p.match(j.path, rest)
	case len(rest) > 0 || e.Dir && !p.recursive && !p.list:
		return false, true
	case !p.filter.allows(j.name, e.Dir):
		return true, true
	case p.list && !p.yield(j):
		return true, false
	case e.Dir && p.recursive:
		return true, p.folderOrFile(j.path, j.name)
	case p.list:
		return true, true
	}
	return true, p.file(j)
}

// meta are the characters that make a pattern.
const meta = "*?["

func hasMeta(s string) bool { return strings.ContainsAny(s, meta) }

// matches reports whether a name is the pattern or matches it.
func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return pattern == name || ok && err == nil
}
