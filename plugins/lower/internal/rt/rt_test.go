package rt

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
)

// The wrappers are those of the interfaces that scripts may import.
func TestWrappersAreCurrent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "z_wrappers.go")
	if out, err := exec.Command("go", "run", "./gen", file).CombinedOutput(); err != nil {
		t.Fatalf("generate the wrappers: %v\n%s", err, out)
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if have, err := os.ReadFile("z_wrappers.go"); err != nil || !bytes.Equal(have, want) {
		t.Errorf("z_wrappers.go is stale (%v); run go generate ./plugins/lower/internal/rt", err)
	}
}

// Reflection's descriptions of types are laid out as this package thinks.
func TestTypesThatHoldThemselves(t *testing.T) {
	hold := Placeholder(0)
	node := reflect.StructOf([]reflect.StructField{
		{Name: "Value", Type: reflect.TypeFor[string]()},
		{Name: "Next", Type: reflect.PointerTo(hold)},
		{Name: "Kids", Type: reflect.SliceOf(reflect.PointerTo(hold))},
	})
	if !SetField(node, 1, reflect.PointerTo(node)) || !SetField(node, 2, reflect.SliceOf(reflect.PointerTo(node))) {
		t.Fatal("a field has another type still")
	}
	v := reflect.New(node)
	v.Elem().Field(0).SetString("x")
	v.Elem().Field(1).Set(v)
	v.Elem().Field(2).Set(reflect.Append(v.Elem().Field(2), v))
	if got := v.Elem().Field(1).Elem().Field(2).Index(0).Elem().Field(0).String(); got != "x" {
		t.Errorf("the value is %q", got)
	}
	if SetField(node, 0, reflect.TypeFor[int]()) {
		t.Error("a field took a type of another size")
	}
	self := reflect.FuncOf([]reflect.Type{reflect.TypeFor[int]()}, []reflect.Type{reflect.FuncOf([]reflect.Type{hold}, nil, false)}, false)
	if !SetParam(self, 1, self) || self.Out(0) != self {
		t.Error("a result has another type still")
	}
}

func TestFormat(t *testing.T) {
	for _, test := range []struct {
		format string
		args   []any
	}{
		{"%d %v", []any{1, "x"}},
		{"%[2]*[1]d|%-5s|", []any{7, 3, "a"}},
		{"%*.*f", []any{8, 2, 3.14159}},
		{"100%% %v%", []any{1}},
		{"%d", nil},
		{"%d", []any{1, 2, 3}},
		{"%[3]v %[1]v", []any{1, 2, 3}},
		{"%T %6T", []any{1, "x"}},
		{"%[x]d %!", []any{1}},
	} {
		format, args := New().Format(test.format, test.args)
		if got, want := fmt.Sprintf(format, args...), fmt.Sprintf(test.format, test.args...); got != want {
			t.Errorf("%q: %q, want %q", test.format, got, want)
		}
	}
}
