package mtsdcmd

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"
)

func configCommand(opts *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Checks or shows the configuration",
		Args:  usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			return usagef("mtsd config: say check or show")
		},
	}
	cmd.AddCommand(
		&cobra.Command{
			Use:   "check",
			Short: "Checks the configuration and all that it names, as serve would",
			Args:  usage(cobra.NoArgs),
			RunE:  func(cmd *cobra.Command, _ []string) error { return checkConfig(cmd, opts) },
		},
		&cobra.Command{
			Use:   "show",
			Short: "Shows the configuration in force, defaults included",
			Args:  usage(cobra.NoArgs),
			RunE: func(cmd *cobra.Command, _ []string) error {
				cfg, err := opts.load()
				if err != nil {
					return err
				}
				return cfg.Encode(cmd.OutOrStdout())
			},
		},
	)
	return cmd
}

// checkConfig builds the server without opening a listener.
func checkConfig(cmd *cobra.Command, opts *options) error {
	cfg, err := opts.load()
	if err != nil {
		return err
	}
	d, err := newDaemon(cfg, opts, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	d.close()
	fmt.Fprintln(cmd.OutOrStdout(), "The configuration is good.")
	return nil
}
