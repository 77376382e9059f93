package rt

import (
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/traefik/yaegi/interp"
)

// A failure is an error of the language's runtime.
type failure string

func (f failure) Error() string { return string(f) }

// RuntimeError makes it a runtime.Error.
func (failure) RuntimeError() {}

const nilPointer = failure("runtime error: invalid memory address or nil pointer dereference")

func fail(format string, args ...any) {
	panic(failure("runtime error: " + fmt.Sprintf(format, args...)))
}

// translate returns the compiler's value for a panic of the interpreter.
func translate(v any) any {
	switch e := v.(type) {
	case interp.Panic:
		return translate(e.Value)
	case *reflect.ValueError:
		return nilPointer
	case string:
		if strings.HasPrefix(e, "reflect.Value.Call: call of nil function") || strings.HasPrefix(e, "reflect: Method on nil interface value") {
			return nilPointer
		}
		for _, t := range translations {
			if strings.HasPrefix(e, t.from) {
				return failure("runtime error: " + t.to)
			}
		}
	}
	return v
}

var translations = []struct{ from, to string }{
	{"reflect.Append: slice overflow", "growslice: len out of range"},
	{"reflect.Value.Grow: slice overflow", "growslice: len out of range"},
	{"reflect: slice index out of range", "index out of range"},
	{"reflect: array index out of range", "index out of range"},
	{"reflect: string index out of range", "index out of range"},
	{"reflect.Value.Slice", "slice bounds out of range"},
	{"reflect.MakeSlice", "makeslice: len out of range"},
	{"reflect.MakeChan", "makechan: size out of range"},
}

// Index ends the script as an index i of n elements does.
func Index(i, n int) {
	if i < 0 {
		fail("index out of range [%d]", i)
	}
	fail("index out of range [%d] with length %d", i, n)
}

// Slice ends the script as a slice expression out of its bounds does. given
// says which of the indexes are there, and kind 0 is a slice, whose bound is
// its capacity.
func Slice(low, high, max int, given string, n, kind int) {
	bound := map[int]string{0: "capacity", 1: "length"}[kind]
	out := func(i int) bool { return i < 0 || i > n }
	if given[2] == '1' {
		switch {
		case max < 0:
			fail("slice bounds out of range [::%d]", max)
		case out(max):
			fail("slice bounds out of range [::%d] with %s %d", max, bound, n)
		case high < 0 || high > max:
			fail("slice bounds out of range [:%d:%d]", high, max)
		}
		fail("slice bounds out of range [%d:%d:]", low, high)
	}
	if given[1] == '1' {
		switch {
		case high < 0:
			fail("slice bounds out of range [:%d]", high)
		case out(high):
			fail("slice bounds out of range [:%d] with %s %d", high, bound, n)
		}
	} else {
		high = n
	}
	if low < 0 {
		fail("slice bounds out of range [%d:]", low)
	}
	fail("slice bounds out of range [%d:%d]", low, high)
}

// Shift ends the script as a shift by a negative number does.
func Shift() { fail("negative shift amount") }

// Nil ends the script as the use of a nil pointer does.
func Nil() { panic(nilPointer) }

// ToArray ends the script as a conversion of too short a slice does.
func ToArray(n, want int) {
	fail("cannot convert slice with length %d to array or pointer to array with length %d", n, want)
}

// Make ends the script if a slice can't be that long.
func Make(n, size int) {
	switch {
	case n < 0 || n > 1<<47:
		fail("makeslice: len out of range")
	case size < n:
		fail("makeslice: cap out of range")
	}
}

// Yielded ends the script because a function that is ranged over goes on after
// the loop has ended.
func Yielded() {
	fail("range function continued iteration after function for loop body returned false")
}

// noProgress makes an error of an empty read: a script's Read that was stopped
// returns zero values, and io.Copy would call it for ever.
func noProgress(n int, err error) (int, error) {
	if n == 0 && err == nil {
		err = io.ErrNoProgress
	}
	return n, err
}
