package script

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/traefik/yaegi/interp"

	"mts/admin"
	"mts/plugins/symbols"
)

// exports returns what the script may import.
func (r *runner) exports() interp.Exports {
	e := symbols.Exports()
	e["mts/admin/admin"] = r.admin()
	e["os/os"] = map[string]reflect.Value{
		"Args": reflect.ValueOf(&r.env.Args).Elem(),
		"Exit": reflect.ValueOf(r.exit),
	}
	maps.Copy(e["fmt//fmt"], map[string]reflect.Value{
		"Print":   reflect.ValueOf(func(a ...any) (int, error) { return fmt.Fprint(r.env.Stdout, a...) }),
		"Printf":  reflect.ValueOf(func(f string, a ...any) (int, error) { return fmt.Fprintf(r.env.Stdout, f, a...) }),
		"Println": reflect.ValueOf(func(a ...any) (int, error) { return fmt.Fprintln(r.env.Stdout, a...) }),
	})
	return e
}

// admin returns what is in the scripts' package mts/admin: the types of the
// rows, and the methods of the client as functions that end the script where
// the methods return an error.
func (r *runner) admin() map[string]reflect.Value {
	all := map[string]reflect.Value{
		"Session":  reflect.ValueOf((*admin.Session)(nil)),
		"Detail":   reflect.ValueOf((*admin.Detail)(nil)),
		"Ban":      reflect.ValueOf((*admin.Ban)(nil)),
		"Rate":     reflect.ValueOf((*admin.Rate)(nil)),
		"User":     reflect.ValueOf((*admin.User)(nil)),
		"Plugin":   reflect.ValueOf((*admin.Plugin)(nil)),
		"Event":    reflect.ValueOf((*admin.Event)(nil)),
		"Stats":    reflect.ValueOf((*admin.Stats)(nil)),
		"Affected": reflect.ValueOf((*admin.Affected)(nil)),

		"Events": reflect.ValueOf(r.events),
		"Sleep":  reflect.ValueOf(r.sleep),
		"Table":  reflect.ValueOf(r.table),
	}
	client := reflect.TypeFor[*admin.Client]()
	for m := range client.Methods() {
		if !slices.Contains([]string{"Close", "Do", "Events"}, m.Name) {
			all[m.Name] = r.function(m)
		}
	}
	return all
}

// function returns a method of the client as a function without its error.
func (r *runner) function(m reflect.Method) reflect.Value {
	in := slices.Collect(m.Type.Ins())[1:]
	out := slices.Collect(m.Type.Outs())
	t := reflect.FuncOf(in, out[:len(out)-1], m.Type.IsVariadic())
	return reflect.MakeFunc(t, func(args []reflect.Value) []reflect.Value {
		r.heed()
		args = append([]reflect.Value{reflect.ValueOf(r.client)}, args...)
		call := m.Func.Call
		if m.Type.IsVariadic() {
			call = m.Func.CallSlice
		}
		results := call(args)
		last := len(results) - 1
		if err, _ := results[last].Interface().(error); err != nil {
			r.fail(err)
		}
		return results[:last]
	})
}

// events calls each with what happens from now on, until it returns false.
func (r *runner) events(each func(admin.Event) bool, filter ...string) {
	r.heed()
	ctx, stop := context.WithCancel(r.ctx)
	defer stop()
	rows, ended := make(chan admin.Event), make(chan error, 1)
	go func() {
		ended <- r.client.Events(ctx, func(e admin.Event) error {
			select {
			case rows <- e:
			case <-ctx.Done():
			}
			return ctx.Err()
		}, filter...)
	}()
	for {
		select {
		case e := <-rows:
			if !each(e) {
				return
			}
		case err := <-ended:
			r.fail(err)
		}
	}
}

// sleep waits, but not longer than the script is wanted.
func (r *runner) sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-r.ctx.Done():
		r.fail(context.Cause(r.ctx))
	}
}

// table shows rows under a heading in the operator's format.
func (r *runner) table(head []string, rows [][]string) {
	r.heed()
	if err := r.env.Table(head, rows); err != nil {
		r.fail(err)
	}
}
