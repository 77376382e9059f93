package mtsdcmd

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"mts/core"
	"mts/core/config"
	"mts/core/wire"
	"mts/plugins"
	"mts/plugins/worker"
)

// errFindings says that a check found something, which has been shown.
var errFindings = errors.New("the check found mistakes")

func pluginCommand(opts *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plugin",
		Short: "Makes, checks and lists plugins",
		Args:  usage(cobra.NoArgs),
		RunE:  noSubcommand,
	}
	var dir string
	list := &cobra.Command{
		Use:   "list",
		Short: "Loads the plugins of the configuration, as serve would, and lists them",
		Args:  usage(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return listPlugins(cmd, opts, dir) },
	}
	list.Flags().StringVar(&dir, "plugins", "", "load plugins from the folders of `DIR`")
	cmd.AddCommand(newPluginCommand(), &cobra.Command{
		Use:   "check DIR...",
		Short: "Checks plugins, and says what to change",
		Args:  usage(cobra.MinimumNArgs(1)),
		RunE:  func(cmd *cobra.Command, dirs []string) error { return checkPlugins(cmd, dirs) },
	}, list)
	return cmd
}

// workerCommand is what the server runs itself as, for each instance of a plugin.
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
// settings and with the default limits, and prints what is wrong with it.
func checkPlugins(cmd *cobra.Command, dirs []string) error {
	var result error
	for _, dir := range dirs {
		if fi, err := os.Stat(dir); err != nil || !fi.IsDir() {
			return usagef("%s is not a folder", dir)
		}
		cfg := plugins.Config{Command: startWorker, Memory: int64(config.Default().Plugins.Memory)}
		if err := plugins.Check(cmd.Context(), cfg, dir); err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				fmt.Fprintln(cmd.OutOrStdout(), wire.Printable(line))
			}
			result = errFindings
		}
	}
	return result
}

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
