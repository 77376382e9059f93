package mtsdcmd

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"

	"mts/core/wire"
)

func configCommand(opts *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Checks or shows the configuration",
		Args:  usage(cobra.NoArgs),
		RunE:  noSubcommand,
	}
	var users string
	check := &cobra.Command{
		Use:   "check",
		Short: "Checks the configuration, and the files and plugins that it names",
		Args:  usage(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return checkConfig(cmd, opts, users) },
	}
	check.Flags().StringVar(&users, "users", "", "read accounts from `FILE`")
	cmd.AddCommand(
		check,
		&cobra.Command{
			Use:   "show",
			Short: "Shows the configuration of the file, defaults included",
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

// checkConfig opens all that serve would, but makes nothing and doesn't listen.
func checkConfig(cmd *cobra.Command, opts *options, users string) error {
	cfg, found := opts.load()
	if cfg != nil {
		cfg.Auth.Users = cmp.Or(users, cfg.Auth.Users)
	}
	parts, err := (&preparer{options: opts, dry: true}).prepare(cfg, found)
	if err != nil {
		return err
	}
	parts.close()
	for _, warning := range mistakes(parts.warnings(parts.verbs)) {
		fmt.Fprintln(cmd.ErrOrStderr(), "warning:", wire.Printable(warning.Error()))
	}
	fmt.Fprintln(cmd.OutOrStdout(), "The configuration is good.")
	return nil
}
