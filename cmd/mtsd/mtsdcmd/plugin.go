package mtsdcmd

import (
	"cmp"
	"errors"
	"fmt"
	"go/token"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"mts/core"
	"mts/core/names"
	"mts/core/wire"
	"mts/plugins"
	"mts/plugins/worker"
)

// errFindings says that a check found something, which has been shown.
var errFindings = errors.New("the plugin can't be loaded as it is")

func pluginCommand(opts *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plugin",
		Short: "Makes, checks and lists plugins",
		Args:  usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			return usagef("mtsd plugin: say new, check or list")
		},
	}
	var dir string
	list := &cobra.Command{
		Use:   "list",
		Short: "Loads the plugins of the configuration, as serve would, and lists them",
		Args:  usage(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return listPlugins(cmd, opts, dir) },
	}
	list.Flags().StringVar(&dir, "plugins", "", "folder of plugins `DIR`")
	cmd.AddCommand(&cobra.Command{
		Use:   "new NAME",
		Short: "Writes a working plugin into the new folder NAME",
		Long: `Writes a working plugin into the new folder NAME: a verb NAME, its test, and what
editors and the go command need to know package mts/core.

  mtsd plugin new hello         writes hello/hello.go and the rest
  cd hello && go test           tests it, compiled
  mtsd plugin check hello       tells what the server's interpreter can't run
  cp -r hello /etc/mtsd/plugins.d/

A server with --plugins /etc/mtsd/plugins.d loads it within seconds; every session
can then use the verb. Changed files are loaded again; a bad version never replaces
a good one. See the documentation of package mts/core for what a Call can do.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error { return newPlugin(cmd.OutOrStdout(), args[0]) },
	}, &cobra.Command{
		Use:   "check DIR...",
		Short: "Tells what keeps plugins from being loaded, and what to write instead",
		Args:  usage(cobra.MinimumNArgs(1)),
		RunE:  func(cmd *cobra.Command, dirs []string) error { return checkPlugins(cmd, dirs) },
	}, list)
	return cmd
}

// workerCommand is what the server runs itself as, for each plugin.
func workerCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "plugin-worker",
		Hidden: true,
		Args:   usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			if code := worker.Main(os.Stdin, os.Stdout); code != exitOK {
				return fmt.Errorf("plugin worker ended with %d", code)
			}
			return nil
		},
	}
}

// startWorker returns the command that starts a worker.
func startWorker() *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	cmd := exec.Command(self)
	cmd.Args = []string{"mtsd", "plugin-worker"}
	return cmd
}

// checkPlugins loads each plugin in a worker, as the server would, but without
// settings, and prints what is wrong with it.
func checkPlugins(cmd *cobra.Command, dirs []string) error {
	var result error
	for _, dir := range dirs {
		if fi, err := os.Stat(dir); err != nil || !fi.IsDir() {
			return usagef("%s is not a folder", dir)
		}
		cfg := plugins.Config{Command: startWorker, Memory: checkMemory}
		if err := plugins.Check(cmd.Context(), cfg, dir); err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				fmt.Fprintln(cmd.OutOrStdout(), wire.Printable(line))
			}
			result = errFindings
		}
	}
	return result
}

// checkMemory is what a plugin may hold while it is checked, in bytes: the
// default of plugins.memory.
const checkMemory = 256e6

func listPlugins(cmd *cobra.Command, opts *options, dir string) error {
	cfg, err := opts.load()
	if err != nil {
		return err
	}
	cfg.Plugins.Dir = cmp.Or(dir, cfg.Plugins.Dir)
	if cfg.Plugins.Dir == "" {
		return usagef("no folder of plugins: use --plugins, or configure plugins.dir")
	}
	if err := checkPluginDir(cfg); err != nil {
		return err
	}
	state, err := opts.openStateDir(true)
	if err != nil {
		return err
	}
	pc := pluginsConfig(cfg, state, slog.New(slog.DiscardHandler))
	pc.ReadOnly, pc.Update = true, func([]core.Plugin) error { return nil }
	set, err := plugins.Open(pc)
	if err != nil {
		return err
	}
	defer set.Close()
	result := set.Wait(cmd.Context())
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tSTATE\tVERBS\tERROR")
	for _, s := range set.Status() {
		if s.State != "running" {
			result = errors.Join(result, fmt.Errorf("the plugin %s is %s", s.Name, s.State))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", wire.Printable(s.Name), s.State, strings.Join(s.Verbs, " "), firstLine(s.Error))
	}
	return cmp.Or(w.Flush(), result)
}

// firstLine returns the first line of a message and how many follow.
func firstLine(s string) string {
	first, rest, more := strings.Cut(s, "\n")
	if !more {
		return wire.Printable(first)
	}
	return fmt.Sprintf("%s (and %d more; see mtsd plugin check)", wire.Printable(first), strings.Count(rest, "\n")+1)
}

// newPlugin writes a working plugin.
func newPlugin(stdout io.Writer, name string) error {
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
		name + ".go":      pluginSource,
		name + "_test.go": pluginTest,
		"go.mod":          "module NAME\n\ngo 1.26\n\nrequire mts v0.0.0\n\nreplace mts => ./.sdk\n",
		".sdk/go.mod":     "module mts\n\ngo 1.26\n",
	}
	for file, text := range files {
		text = strings.NewReplacer("NAME", name, "VERB", verb).Replace(text)
		if err := os.WriteFile(filepath.Join(name, file), []byte(text), 0o644); err != nil {
			return err
		}
	}
	fmt.Fprintf(stdout, "Wrote the plugin %s, with the verb %s. Try: cd %s && go test\n", name, verb, name)
	return nil
}

const pluginSource = `//go:build go1.21

// Package NAME greets people.
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

const pluginTest = `package NAME

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
