package rt

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Format returns a format and arguments that say the same: with the names of
// the script's types where the format asks for types, and with what boxes hold
// where it asks for pointers.
func (r *Runtime) Format(format string, args []any) (string, []any) {
	v := verbs{format: format, args: args}
	for i := strings.IndexByte(v.format, '%'); i >= 0; i = strings.IndexByte(v.format, '%') {
		v.out.WriteString(v.format[:i])
		v.format = v.format[i:]
		if !v.verb() {
			return format, args
		}
	}
	v.out.WriteString(v.format)
	if !v.ordered && v.next < len(args) {
		v.used = append(v.used, args[v.next:]...)
	}
	return v.out.String(), v.used
}

// A verbs goes through a format.
type verbs struct {
	format  string // what is left of it
	args    []any
	next    int
	ordered bool // by numbers in the format
	out     strings.Builder
	used    []any // arguments in the order of their use
}

// verb takes one verb. It reports false if that is one for package fmt to
// complain about.
func (v *verbs) verb() bool {
	for i := 0; i < len(v.format); i++ {
		c := v.format[i]
		switch {
		case i == 0 || strings.IndexByte("+-# 0123456789.", c) >= 0:
			v.out.WriteByte(c)
		case c == '[':
			end := strings.IndexByte(v.format[i:], ']')
			if end < 0 {
				return false
			}
			n, err := strconv.Atoi(v.format[i+1 : i+end])
			if err != nil || n < 1 {
				return false
			}
			v.next, v.ordered = n-1, true
			i += end
		case c == '*':
			if !v.take(c) {
				return false
			}
		case c == '%':
			v.out.WriteByte(c)
			v.format = v.format[i+1:]
			return true
		default:
			v.format = v.format[i+1:]
			return v.take(c)
		}
	}
	return false
}

// take writes a verb for the next argument.
func (v *verbs) take(c byte) bool {
	if v.next >= len(v.args) {
		return false
	}
	arg := v.args[v.next]
	v.next++
	if box, ok := arg.(boxed); ok && c == 'T' {
		arg, c = TypeString(box.unboxed().T.typ), 's'
	} else if ok && c == 'p' {
		arg = box.unboxed().V
	}
	v.used = append(v.used, arg)
	v.out.WriteByte(c)
	return true
}

// Joined writes operands as fmt.Sprint does: with spaces between those that
// aren't strings.
func (r *Runtime) Joined(args []any) string {
	var b strings.Builder
	before := true
	for i, a := range args {
		text := a != nil && reflect.TypeOf(Raw(a)) != nil && reflect.TypeOf(Raw(a)).Kind() == reflect.String
		if i > 0 && !text && !before {
			b.WriteByte(' ')
		}
		fmt.Fprint(&b, a)
		before = text
	}
	return b.String()
}
