package server_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"mts/core"
	"mts/core/server"
)

func hello(verb string) core.Command {
	return core.Command{Verb: verb, Args: "[NAME]", Help: "greets", Run: func(c *core.Call) error {
		c.Printf("hello %s\n", c.Arg())
		return nil
	}}
}

// Verbs of plugins come and go in sessions that exist.
func TestSetPlugins(t *testing.T) {
	s := newServer(t, seedFiles(t), nil)
	c := enter(t, pipe(t, s))
	c.send("HELLO")
	c.want("!Invalid command.")
	if err := s.SetPlugins([]core.Plugin{{Name: "greet", Commands: []core.Command{hello("HELLO")}}}); err != nil {
		t.Fatal(err)
	}
	c.send("hello ann", "HELP hello")
	c.want("hello ann\n#OK.", "HELLO [NAME]               greets\n#OK.")
	for _, test := range []struct {
		plugins []core.Plugin
		want    []string
	}{
		{[]core.Plugin{{Name: "bad", Commands: []core.Command{hello("QUIT")}}}, []string{"bad", "QUIT", "built in"}},
		{[]core.Plugin{{Name: "one", Commands: []core.Command{hello("A")}}, {Name: "two", Commands: []core.Command{hello("A")}}}, []string{"one", "two", "A"}},
	} {
		err := s.SetPlugins(test.plugins)
		for _, word := range test.want {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("SetPlugins: %v; want an error with %q", err, word)
			}
		}
	}
	c.send("HELLO bob")
	c.want("hello bob\n#OK.")
	if err := s.SetPlugins(nil); err != nil {
		t.Fatal(err)
	}
	c.send("HELLO")
	c.want("!Invalid command.")
}

// A hook sees what happens, and its error stops it in its own words.
func TestHooks(t *testing.T) {
	s := newServer(t, seedFiles(t), nil)
	var seen []string
	veto := ""
	see := func(event string) func(*core.Call) error {
		return func(c *core.Call) error {
			seen = append(seen, fmt.Sprintf("%s %q %q", event, c.Arg(), c.Session().User))
			if f, err := c.Open("config.sys"); event == "open" && err != nil {
				t.Errorf("a hook can't open a file: %v", err)
			} else if err == nil {
				f.Close()
			}
			c.Printf("noise")
			c.Reply("noise")
			if veto == event {
				return errors.New("No " + event + " today.")
			}
			return nil
		}
	}
	hooks := core.Hooks{Connect: see("connect"), Login: see("login"), Open: see("open"), Done: func(c *core.Call, n int64, err error) {
		seen = append(seen, fmt.Sprintf("done %q %d %v", c.Arg(), n, err))
	}}
	if err := s.SetPlugins([]core.Plugin{{Name: "spy", Hooks: hooks}}); err != nil {
		t.Fatal(err)
	}
	c := enter(t, pipe(t, s))
	c.send("FILE C:\\setup.log", "STAT setup.log")
	c.want("line one\n#not a reply\n#File C:\\setup.log sent successfully.")
	c.line()
	c.want("#OK.")
	want := []string{`connect "" ""`, `login "default" "default"`, `open "c:/setup.log" "default"`, `done "c:/setup.log" 22 <nil>`}
	if !slices.Equal(seen, want) {
		t.Errorf("hooks saw %q; want %q", seen, want)
	}
	veto = "open"
	c.send("FILE setup.log", "MODE BLOCK", "HASH setup.log")
	c.want("!No open today.", "#Mode is BLOCK.", "![code=aborted] No open today.")
	veto = "login"
	c.send("AUTH passwd", "FILE setup.log")
	c.want("![code=aborted] No login today.", "![code=auth-required] You are not logged in.")
	veto = "connect"
	conn := pipe(t, s)
	(&client{conn, newReader(conn), t}).wantEnd("!No connect today.\r\n")
}

// Plugins are asked about every file that is opened for a client: by built-in
// verbs and by those of other plugins, but not by their own.
func TestOpenHookOfOtherPlugins(t *testing.T) {
	s := newServer(t, seedFiles(t), nil)
	reader := func(name string) core.Plugin {
		cat := core.Command{Verb: strings.ToUpper(name), Args: "PATH", Run: func(c *core.Call) error {
			f, err := c.Open(c.Arg())
			if err != nil {
				return err
			}
			return f.Close()
		}}
		return core.Plugin{Name: name, Commands: []core.Command{cat}}
	}
	guard := reader("guard")
	guard.Hooks.Open = func(c *core.Call) error { return errors.New("No " + c.Arg() + " today.") }
	if err := s.SetPlugins([]core.Plugin{guard, reader("other")}); err != nil {
		t.Fatal(err)
	}
	c := enter(t, pipe(t, s))
	c.send("OTHER setup.log", "FILE setup.log", "GUARD setup.log")
	c.want("!No /setup.log today.", "!No /setup.log today.", "#OK.")
}

func TestNotify(t *testing.T) {
	s := newServer(t, seedFiles(t), nil)
	deaf := enter(t, pipe(t, s))
	block := enter(t, pipe(t, s), "MODE BLOCK")
	asked := enter(t, pipe(t, s), "OPTS NOTICES ON")
	filter, err := server.ParseFilter([]string{"user=default"})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(s.Notify(filter, "back at \x1b[1m noon")); n != 2 {
		t.Errorf("%d sessions take notices; want 2", n)
	}
	for _, c := range []*client{block, asked} {
		c.want("*back at \\x1b[1m noon")
		c.send("NOOP")
		c.want("#OK.")
	}
	deaf.send("NOOP")
	deaf.want("#OK.")
}
