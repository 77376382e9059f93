package wire

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

func readText(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// PROTOCOL.md shows the first version's session as the server's tests replay it.
func TestProtocolSeed(t *testing.T) {
	comment, session, ok := strings.Cut(readText(t, "../server/testdata/seed.txt"), "\n")
	if !ok || !strings.HasPrefix(comment, "# ") {
		t.Fatalf("seed.txt begins with %q, not with a comment", comment)
	}
	if !strings.Contains(readText(t, "PROTOCOL.md"), "```\n"+session+"```\n") {
		t.Error("PROTOCOL.md doesn't have the session of seed.txt")
	}
}

// PROTOCOL.md has a row for each code, and for no other.
func TestProtocolCodes(t *testing.T) {
	_, table, _ := strings.Cut(readText(t, "PROTOCOL.md"), "| code | says |\n| --- | --- |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := make(map[string]bool)
	for row := range strings.SplitSeq(table, "\n") {
		code, _, ok := strings.Cut(strings.TrimPrefix(row, "| `"), "` |")
		if !ok || rows[code] {
			t.Errorf("row %q has no code, or one again", row)
		}
		rows[code] = true
	}
	for _, code := range codes(t) {
		if !rows[code] {
			t.Errorf("code %q is missing", code)
		}
		delete(rows, code)
	}
	for code := range rows {
		t.Errorf("code %q doesn't exist", code)
	}
}

// codes returns the values of the constants of type core.Code.
func codes(t *testing.T) (all []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Code" {
			for _, value := range spec.Values {
				code, err := strconv.Unquote(value.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, code)
			}
		}
		return false
	})
	if len(all) == 0 {
		t.Fatal("no codes in core/error.go")
	}
	return all
}
