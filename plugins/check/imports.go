package check

import (
	"go/ast"
	"strconv"
	"strings"
)

// allow reports imports that scripts don't have.
func (im *importer) allow(r *report, f *ast.File) {
	for _, spec := range f.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has said so
		}
		if !im.available(p) {
			r.add(spec.Path.Pos(), "%s", refusal(p))
		}
	}
}

// instead says what to use for a package that isn't there.
var instead = map[string]string{
	"C":             "",
	"context":       "c.Context() of the call is the only context there is",
	"crypto/rand":   "use math/rand/v2 where nobody gains from guessing",
	"embed":         "put the text in a constant",
	"flag":          "settings come to func Configure",
	"log":           "use c.Logf",
	"log/slog":      "use c.Logf",
	"math/big":      "use math/bits",
	"net/http":      "a script answers calls only",
	"os":            "read files through c.Open, c.Stat and c.List; settings come to func Configure",
	"path/filepath": "use path; names in calls have slashes on every system",
	"reflect":       "use a type switch",
	"sync":          "a script is called by one goroutine at a time",
	"sync/atomic":   "a script is called by one goroutine at a time",
	"testing":       "put tests in files ending in _test.go",
	"html/template": "use text/template and its html function",
}

func refusal(p string) string {
	msg := "package " + strconv.Quote(p) + " is not available to scripts"
	advice, ok := instead[p]
	for !ok && strings.Contains(p, "/") {
		p = p[:strings.LastIndex(p, "/")]
		advice = instead[p]
	}
	if advice == "" {
		advice = "leave it out"
	}
	return msg + "; " + advice
}
