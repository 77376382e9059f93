package mtsdcmd

import (
	"fmt"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mts/core"
	"mts/core/names"
)

func newPluginCommand() *cobra.Command {
	hook := false
	cmd := &cobra.Command{
		Use:   "new [--hook] NAME",
		Short: "Writes a working plugin into the new folder NAME",
		Long: `Writes a working plugin into the new folder NAME: a verb NAME, or with --hook a
hook that decides who may fetch what; its test, and what editors and the go command
need to know package mts/core.

  mtsd plugin new hello         writes hello/hello.go and the rest
  cd hello && go test           tests it, compiled
  mtsd plugin check hello       tells what keeps it from being loaded
  cp -r hello /etc/mtsd/plugins.d/

A server with --plugins /etc/mtsd/plugins.d loads it within seconds; every session
can then use the verb. Changed files are loaded again; a bad version never replaces
a good one. In the folder of a plugin, "go doc mts/core" tells what else it may
declare (Configure, Hooks, Close), and "go doc mts/core.Call" what a call can do.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if hook {
				return newPlugin(cmd.OutOrStdout(), args[0], "a hook for every file that is opened", hookSource, hookTest)
			}
			return newPlugin(cmd.OutOrStdout(), args[0], "the verb VERB", verbSource, verbTest)
		},
	}
	cmd.Flags().BoolVar(&hook, "hook", false, "a hook instead of a verb")
	return cmd
}

// newPlugin writes a working plugin of that source, which has what it says.
func newPlugin(stdout io.Writer, name, has, source, test string) error {
	reserved := []string{"core", "main"} // main is a program, and core is what plugins import
	verb := strings.ToUpper(name)
	if names.CheckPlugin(name) != nil || names.CheckNewVerb(verb) != nil || token.IsKeyword(name) || slices.Contains(reserved, name) {
		return usagef("%s can't be the name of a plugin: use lower case letters and digits", name)
	}
	if err := os.Mkdir(name, 0o755); err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(name, ".sdk", "core"), core.Sources); err != nil {
		return err
	}
	files := map[string]string{
		name + ".go":      source,
		name + "_test.go": test,
		"go.mod":          "module NAME\n\ngo 1.26\n\nrequire mts v0.0.0\n\nreplace mts => ./.sdk\n",
		".sdk/go.mod":     "module mts\n\ngo 1.26\n",
	}
	fill := strings.NewReplacer("NAME", name, "VERB", verb)
	for file, text := range files {
		if err := os.WriteFile(filepath.Join(name, file), []byte(fill.Replace(text)), 0o644); err != nil {
			return err
		}
	}
	fmt.Fprintf(stdout, "Wrote the plugin %s, with %s. Try: cd %s && go test\n", name, fill.Replace(has), name)
	return nil
}

const verbSource = `// Package NAME greets people.
package NAME

import "mts/core"

// Commands returns the verbs of the plugin.
func Commands() []core.Command {
	return []core.Command{
		{Verb: "VERB", Args: "[WHO]", Help: "says hello", Run: hello},
	}
}

func hello(c *core.Call) error {
	who := c.Arg()
	if who == "" {
		who = c.Session().User
	}
	c.Printf("Hello, %s!\n", who)
	return nil
}
`

const verbTest = `package NAME

import (
	"testing"

	"mts/core"
	"mts/core/coretest"
)

func TestHello(t *testing.T) {
	hello := Commands()[0]
	for arg, want := range map[string]string{"": "Hello, ann!\n", "world": "Hello, world!\n"} {
		host := &coretest.Host{User: core.Session{User: "ann"}}
		if err := host.Run(hello, arg); err != nil || host.Data.String() != want {
			t.Errorf("VERB %s: %q, %v; want %q", arg, host.Data.String(), err, want)
		}
	}
}
`

const hookSource = `// Package NAME keeps a folder for one account.
package NAME

import (
	"errors"
	"strings"

	"mts/core"
)

var folder, owner string

// Configure takes the settings, such as
//
//	[plugins.NAME]
//	folder = "/private"
//	owner = "ann"
//	required = true # the server doesn't start without this plugin
func Configure(settings map[string]any) error {
	folder, _ = settings["folder"].(string)
	owner, _ = settings["owner"].(string)
	if folder == "" || owner == "" {
		return errors.New("folder and owner have to be set")
	}
	return nil
}

// Hooks returns what the server asks the plugin about.
func Hooks() core.Hooks { return core.Hooks{Open: open} }

// open is asked before a file is opened for a client. An error refuses it.
func open(c *core.Call) error {
	if strings.HasPrefix(c.Arg(), folder+"/") && c.Session().User != owner {
		return core.Errorf(core.CodeNotFound, "File not found.")
	}
	return nil
}
`

const hookTest = `package NAME

import (
	"testing"

	"mts/core"
	"mts/core/coretest"
)

func TestOpen(t *testing.T) {
	if err := Configure(map[string]any{"folder": "/private", "owner": "ann"}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		user, path string
		allowed    bool
	}{
		{"ann", "/private/a", true},
		{"bob", "/private/a", false},
		{"bob", "/a", true},
	} {
		host := &coretest.Host{User: core.Session{User: test.user}}
		if err := Hooks().Open(host.Call(test.path)); (err == nil) != test.allowed {
			t.Errorf("%s opens %s: %v", test.user, test.path, err)
		}
	}
}
`
