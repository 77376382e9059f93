package check

import (
	"go/ast"
	"go/constant"
	"go/types"
	"runtime"
)

// A linter searches a package for what scripts may not do, although the
// language has it.
type linter struct {
	*report
	pkg  *types.Package
	info *types.Info
}

func lint(r *report, files []*ast.File, pkg *types.Package, info *types.Info) {
	l := &linter{r, pkg, info}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			l.node(n)
			return true
		})
	}
}

func (l *linter) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.GoStmt:
		l.add(n.Pos(), "go statement: a panic in a goroutine ends the plugin; do the work in turn")
	case *ast.SelectStmt:
		l.add(n.Pos(), "select has nothing to wait for in a call; receive from one channel at a time")
	case *ast.CompositeLit:
		l.large(n, l.info.TypeOf(n))
		l.indexes(n)
	case *ast.ArrayType:
		l.large(n, l.info.TypeOf(n))
	}
}

// maxArray is the most memory that an array type may take, in bytes.
const maxArray = 1 << 20

// large: an array lies in every frame of the function, and is copied often.
func (l *linter) large(n ast.Node, t types.Type) {
	if t == nil {
		return
	}
	if _, ok := t.Underlying().(*types.Array); !ok {
		return
	}
	if size := types.SizesFor("gc", runtime.GOARCH).Sizeof(t); size < 0 || size > maxArray {
		l.add(n.Pos(), "array of more than 1 MiB; make a slice of what is needed")
	}
}

// indexes: a literal is as long as its largest index says.
func (l *linter) indexes(n *ast.CompositeLit) {
	for _, e := range n.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if t := l.info.TypeOf(n); t == nil || isMap(t) {
			return
		}
		c := l.info.Types[kv.Key].Value
		if c == nil || c.Kind() != constant.Int {
			continue
		}
		if i, ok := constant.Int64Val(c); !ok || i >= maxArray {
			l.add(kv.Key.Pos(), "index over a million in a literal; use a map")
		}
	}
}

func isMap(t types.Type) bool {
	_, ok := t.Underlying().(*types.Map)
	return ok
}
