package mtsdcmd

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mts/certs"
	"mts/core/atomicfile"
)

func certCommand(opts *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cert",
		Short: "Makes or shows the server's certificate",
		Args:  usage(cobra.NoArgs),
		RunE:  noSubcommand,
	}
	var force bool
	create := &cobra.Command{
		Use:   "new [HOST...]",
		Short: "Makes a new key and a certificate for localhost and HOSTs",
		RunE: func(cmd *cobra.Command, hosts []string) error {
			return newCert(cmd, opts, hosts, force)
		},
	}
	create.Flags().BoolVar(&force, "force", false, "replace the existing key and certificate; clients then need the new pin")
	cmd.AddCommand(create, &cobra.Command{
		Use:   "show",
		Short: "Shows the certificate that the server uses",
		Args:  usage(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return showCert(cmd, opts) },
	}, &cobra.Command{
		Use:   "pin",
		Short: "Prints the pin of the server's key",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			pair, _, err := loadCert(opts)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), certs.Pin(pair.Leaf))
			return nil
		},
	})
	return cmd
}

// certFiles returns the pair that serve would use.
func certFiles(opts *options) (cert, key string, err error) {
	cfg, err := opts.load()
	if err != nil {
		return "", "", err
	}
	if cfg.TLS.Cert != "" {
		return cfg.TLS.Cert, cfg.TLS.Key, nil
	}
	dir, err := opts.stateDir()
	return filepath.Join(dir, "server.crt"), filepath.Join(dir, "server.key"), err
}

func loadCert(opts *options) (pair tls.Certificate, file string, err error) {
	cert, key, err := certFiles(opts)
	if err != nil {
		return pair, "", err
	}
	pair, err = certs.Load(cert, key)
	return pair, cert, err
}

func newCert(cmd *cobra.Command, opts *options, hosts []string, force bool) error {
	cert, key, err := certFiles(opts)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(key); !force && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s exists; --force replaces it", key)
	}
	certPEM, keyPEM, err := certs.Make(time.Now(), hosts)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(key), 0o700); err != nil {
		return err
	}
	if err := atomicfile.Write(key, 0o600, keyPEM); err != nil {
		return err
	}
	if err := atomicfile.Write(cert, 0o644, certPEM); err != nil {
		return err
	}
	return showCert(cmd, opts)
}

func showCert(cmd *cobra.Command, opts *options) error {
	pair, file, err := loadCert(opts)
	if err != nil {
		return err
	}
	names := append([]string(nil), pair.Leaf.DNSNames...)
	for _, ip := range pair.Leaf.IPAddresses {
		names = append(names, ip.String())
	}
	fmt.Fprintf(cmd.OutOrStdout(), "file    %s\nsubject %s\nissuer  %s\nnames   %s\nvalid   %s to %s\npin     %s\n",
		file, pair.Leaf.Subject, pair.Leaf.Issuer, strings.Join(names, " "),
		pair.Leaf.NotBefore.Format(time.DateOnly), pair.Leaf.NotAfter.Format(time.DateOnly), certs.Pin(pair.Leaf))
	return nil
}
