package check

import (
	"go/ast"
	"go/constant"
	"go/types"
	"runtime"
)

// maxArray is the most memory that an array type may take, in bytes.
const maxArray = 1 << 20

// parameters: without a name, what a function calls is overwritten by the
// argument.
func (l *linter) parameters(t *ast.FuncType) {
	l.generic(t.TypeParams)
	for _, f := range t.Params.List {
		if len(f.Names) == 0 {
			l.add(f.Pos(), "parameter without a name; call it _")
		}
	}
}

func (l *linter) generic(params *ast.FieldList) {
	if params != nil {
		l.add(params.Pos(), "type parameters; write it for the type you need")
	}
}

// unseen are methods that other packages look for in a value, and don't find
// in one of a script, or not always.
var unseen = map[string]string{
	"MarshalJSON":      "encode a plain struct made for it",
	"MarshalText":      "encode a plain struct made for it",
	"MarshalXML":       "encode a plain struct made for it",
	"MarshalXMLAttr":   "encode a plain struct made for it",
	"UnmarshalJSON":    "decode to a plain struct and convert that",
	"UnmarshalText":    "decode to a plain struct and convert that",
	"UnmarshalXML":     "decode to a plain struct and convert that",
	"UnmarshalXMLAttr": "decode to a plain struct and convert that",
	"Unwrap":           "wrap errors with fmt.Errorf and %w",
	"Format":           "write a function that returns a string",
	"GoString":         "write a function that returns a string",
}

func (l *linter) method(n *ast.FuncDecl) {
	if n.Recv == nil {
		return
	}
	if advice, ok := unseen[n.Name.Name]; ok {
		l.add(n.Name.Pos(), "method %s isn't seen by other packages; %s", n.Name.Name, advice)
	}
}

func (l *linter) typeSpec(n *ast.TypeSpec) {
	l.generic(n.TypeParams)
	obj := l.info.Defs[n.Name]
	if l.signature() != nil && l.pkg.Scope().Lookup(n.Name.Name) != nil {
		l.add(n.Name.Pos(), "type %s is declared in the package too; give it another name", n.Name.Name)
	}
	switch obj.Type().Underlying().(type) {
	case *types.Struct, *types.Interface:
		return
	}
	ast.Inspect(n.Type, func(x ast.Node) bool {
		if id, ok := x.(*ast.Ident); ok && l.info.Uses[id] == obj {
			l.add(id.Pos(), "type %s holds itself; make it a struct with a field for that", n.Name.Name)
		}
		return true
	})
}

// embedded: the methods of an embedded interface can't be found again.
func (l *linter) embedded(n *ast.StructType) {
	for _, f := range n.Fields.List {
		if len(f.Names) == 0 && types.IsInterface(l.info.TypeOf(f.Type)) {
			l.add(f.Pos(), "embedded interface; give the field a name and write the methods")
		}
	}
}

// spec: several names for one call, or for none, are counted too early, and
// constants are kept in an int64.
func (l *linter) spec(n *ast.ValueSpec) {
	if len(n.Values) == 0 && n.Type == nil && len(n.Names) > 1 {
		l.add(n.Pos(), "constants that repeat a list of several; write the values out")
	}
	for _, id := range n.Names {
		if c, ok := l.info.Defs[id].(*types.Const); ok && c.Val().Kind() == constant.Int {
			if _, ok := constant.Int64Val(c.Val()); !ok {
				l.add(id.Pos(), "constant %s over 1<<63-1; make it a variable", id.Name)
			}
		}
	}
	if l.signature() != nil || len(n.Names) < 2 || len(n.Values) != 1 {
		return
	}
	if call, ok := ast.Unparen(n.Values[0]).(*ast.CallExpr); ok && l.host(call) == nil {
		l.add(n.Pos(), "several package variables set by one call; set them in func init")
	}
}

// large: the interpreter would allocate it at once.
func (l *linter) large(n ast.Expr, t types.Type) {
	a, ok := t.Underlying().(*types.Array)
	if !ok {
		return
	}
	if size := types.SizesFor("gc", runtime.GOARCH).Sizeof(a); size < 0 || size > maxArray {
		l.add(n.Pos(), "array of more than 1 MiB; make a slice of what is needed")
	}
}
