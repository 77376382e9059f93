package mtsdcmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"mts/core/version"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Prints the version, the commit, the version of Go and the platform",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "mtsd version", version.String())
			return err
		},
	}
}
