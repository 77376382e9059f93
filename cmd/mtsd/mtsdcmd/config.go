package mtsdcmd

import (
	"cmp"
	"fmt"
	"os"

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
	var users string
	check := &cobra.Command{
		Use:   "check",
		Short: "Checks the configuration and all that it names, as serve would",
		Args:  usage(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return checkConfig(cmd, opts, users) },
	}
	check.Flags().StringVar(&users, "users", "", "users `FILE`")
	cmd.AddCommand(
		check,
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

// checkConfig opens all that serve would, but makes and listens to nothing.
func checkConfig(cmd *cobra.Command, opts *options, users string) error {
	cfg, err := opts.load()
	if err != nil {
		return err
	}
	cfg.Auth.Users = cmp.Or(users, cfg.Auth.Users)
	if err := cmp.Or(checkUse(cfg), unsupported(cfg)); err != nil {
		return err
	}
	d := &daemon{opts: opts, log: discard(), cfg: cfg}
	_, key, err := certFiles(opts)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(key); err == nil || cfg.TLS.Cert != "" {
		if d.keeper, err = d.openKeeper(cfg); err != nil {
			return err
		}
	}
	if err := d.loadUsers(cfg, opts); err != nil {
		return err
	}
	if _, err := allowedUIDs(cfg); err != nil {
		return err
	}
	settings, err := openSettings(cfg, d.keeper)
	if err != nil {
		return err
	}
	settings.Exports.Close()
	fmt.Fprintln(cmd.OutOrStdout(), "The configuration is good.")
	return nil
}
