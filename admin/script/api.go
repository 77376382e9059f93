package script

import (
	"context"
	"fmt"
	"maps"
	"path"
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

// rowTypes are the types of the scripts' package mts/admin.
var rowTypes = map[string]any{
	"Session":  (*admin.Session)(nil),
	"Detail":   (*admin.Detail)(nil),
	"Ban":      (*admin.Ban)(nil),
	"Rate":     (*admin.Rate)(nil),
	"User":     (*admin.User)(nil),
	"Plugin":   (*admin.Plugin)(nil),
	"Event":    (*admin.Event)(nil),
	"Stats":    (*admin.Stats)(nil),
	"Affected": (*admin.Affected)(nil),
}

// addNames adds the types that t is made of to e, under their own names: those
// of rowTypes belong to other packages.
func addNames(e interp.Exports, t reflect.Type) {
	if t.PkgPath() != "" {
		key := path.Join(t.PkgPath(), path.Base(t.PkgPath()))
		if _, ok := e[key][t.Name()]; ok {
			return
		}
		if e[key] == nil {
			e[key] = map[string]reflect.Value{}
		}
		e[key][t.Name()] = reflect.Zero(reflect.PointerTo(t))
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		addNames(e, t.Elem())
	case reflect.Struct:
		for f := range t.Fields() {
			if f.IsExported() {
				addNames(e, f.Type)
			}
		}
	}
}

// methods are the methods of the client that scripts have, as functions without
// the context and without the error, which ends the script. A new one is a new
// line here.
var methods = map[string]any{
	"Sessions":     (*admin.Client).Sessions,
	"Show":         (*admin.Client).Show,
	"Kick":         (*admin.Client).Kick,
	"KickAll":      (*admin.Client).KickAll,
	"Abort":        (*admin.Client).Abort,
	"Limit":        (*admin.Client).Limit,
	"Limits":       (*admin.Client).Limits,
	"Ban":          (*admin.Client).Ban,
	"Unban":        (*admin.Client).Unban,
	"Bans":         (*admin.Client).Bans,
	"Message":      (*admin.Client).Message,
	"Users":        (*admin.Client).Users,
	"Plugins":      (*admin.Client).Plugins,
	"LoadPlugin":   (*admin.Client).LoadPlugin,
	"UnloadPlugin": (*admin.Client).UnloadPlugin,
	"ReloadPlugin": (*admin.Client).ReloadPlugin,
	"Stats":        (*admin.Client).Stats,
	"Reload":       (*admin.Client).Reload,
	"LogLevel":     (*admin.Client).LogLevel,
	"Wait":         (*admin.Client).Wait,
	"Drain":        (*admin.Client).Drain,
	"Shutdown":     (*admin.Client).Shutdown,
}

// admin returns the scripts' package mts/admin.
func (r *runner) admin() map[string]reflect.Value {
	all := map[string]reflect.Value{
		"Events": reflect.ValueOf(r.events),
		"Sleep":  reflect.ValueOf(r.sleep),
		"Table":  reflect.ValueOf(r.table),
	}
	for name, typ := range rowTypes {
		all[name] = reflect.ValueOf(typ)
	}
	for name, method := range methods {
		all[name] = r.function(reflect.ValueOf(method))
	}
	return all
}

// function returns a method of the client as scripts have it.
func (r *runner) function(method reflect.Value) reflect.Value {
	t := method.Type()
	in, out := slices.Collect(t.Ins())[2:], slices.Collect(t.Outs())
	last := len(out) - 1
	call := method.Call
	if t.IsVariadic() {
		call = method.CallSlice
	}
	return reflect.MakeFunc(reflect.FuncOf(in, out[:last], t.IsVariadic()), func(args []reflect.Value) []reflect.Value {
		r.checkOver()
		results := call(append([]reflect.Value{reflect.ValueOf(r.client), reflect.ValueOf(r.ctx)}, args...))
		if err, _ := results[last].Interface().(error); err != nil {
			r.fail(err)
		}
		return results[:last]
	})
}

// events calls each with what happens from now on, until it returns false.
func (r *runner) events(each func(admin.Event) bool, filter ...string) {
	r.checkOver()
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

// sleep waits, and ends with the script.
func (r *runner) sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-r.ctx.Done():
		r.fail(context.Cause(r.ctx))
	}
}

// table shows rows under a heading in the operator's format.
func (r *runner) table(head []string, rows [][]string) {
	r.checkOver()
	if err := r.env.Table(head, rows); err != nil {
		r.fail(err)
	}
}
