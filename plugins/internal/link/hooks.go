package link

import (
	"fmt"

	"mts/core"
)

// hooks are the hooks that may veto, by the names of their fields.
var hooks = []struct {
	name  string
	field func(*core.Hooks) *func(*core.Call) error
}{
	{"Connect", func(h *core.Hooks) *func(*core.Call) error { return &h.Connect }},
	{"Login", func(h *core.Hooks) *func(*core.Call) error { return &h.Login }},
	{"Open", func(h *core.Hooks) *func(*core.Call) error { return &h.Open }},
}

// done is the name of the one hook that only listens.
const done = "Done"

// HookNames returns the names of the hooks that h has.
func HookNames(h core.Hooks) (names []string) {
	for _, hook := range hooks {
		if *hook.field(&h) != nil {
			names = append(names, hook.name)
		}
	}
	if h.Done != nil {
		names = append(names, done)
	}
	return names
}

// RunHook calls the hook of that name; rest is what Done gets in addition to the call.
func RunHook(h core.Hooks, name string, call *core.Call, rest *Texts) error {
	if name == done && h.Done != nil {
		h.Done(call, rest.Int(), rest.Err())
		return nil
	}
	for _, hook := range hooks {
		if run := *hook.field(&h); hook.name == name && run != nil {
			return run(call)
		}
	}
	return fmt.Errorf("no hook %q", name)
}

// Hooks returns hooks of these names, which call run.
func Hooks(names []string, run func(call *core.Call, name string, rest ...string) error) (h core.Hooks) {
	for _, name := range names {
		if name == done {
			h.Done = func(call *core.Call, bytes int64, err error) {
				_ = run(call, done, append([]string{Int(bytes)}, ErrorTexts(err)...)...)
			}
		}
		for _, hook := range hooks {
			if hook.name == name {
				*hook.field(&h) = func(call *core.Call) error { return run(call, name) }
			}
		}
	}
	return h
}
