package mtsdcmd

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"mts/cmd/mtsclient/clientcmd"
	"mts/core/config"
	"mts/core/names"
	"mts/examples"
)

func demoCommand() *cobra.Command {
	var keep bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Serves the shipped examples, fetches them back and compares",
		Args:  usage(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return demo(cmd, keep) },
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "go on serving until interrupted")
	return cmd
}

// demo runs server and client in a temporary folder.
func demo(cmd *cobra.Command, keep bool) error {
	dir, err := os.MkdirTemp("", "mtsd-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	d, err := demoServer(dir)
	if err != nil {
		return err
	}
	defer d.close()
	d.accept()
	if err := d.fetchBack(cmd.OutOrStdout(), cmd.ErrOrStderr(), filepath.Join(dir, "fetched")); err != nil {
		return err
	}
	if !keep {
		return nil
	}
	signals, stop := notify()
	defer stop()
	fmt.Fprintf(cmd.OutOrStdout(), "\nStill serving; Ctrl-C ends it. Fetch with:\n  %s -l /\n", d.clientLine())
	l := &loop{daemon: d, signals: signals, begin: func() error { return nil }}
	return l.run()
}

// demoServer serves the examples from dir/files, with a certificate and a token of
// its own.
func demoServer(dir string) (*daemon, error) {
	files := filepath.Join(dir, "files")
	if err := os.CopyFS(files, examples.Files()); err != nil {
		return nil, err
	}
	cfg := config.Default()
	cfg.Server.Listen = []string{"127.0.0.1:0"}
	cfg.Server.Drain = time.Second
	cfg.Exports = []config.Export{{Path: "/", Dir: files}}
	opts := &options{state: filepath.Join(dir, "state")}
	p, err := (&preparer{options: opts}).prepare(cfg, nil)
	if err != nil {
		return nil, err
	}
	d, err := newDaemon(p, opts, discard())
	if err != nil {
		return nil, err
	}
	if err := d.listeners.open(cfg, &opts.inherited); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// fetchBack fetches all files into the folder to, with the client and over the
// network, and compares every byte.
func (d *daemon) fetchBack(stdout, stderr io.Writer, to string) error {
	addr, pin := d.listeners[0].Addr().String(), d.parts.Load().pin()
	fmt.Fprintf(stdout, "$ mtsd serve examples/files\nListening on %s (TLS), key %s\n\n", addr, pin)
	fmt.Fprintf(stdout, "$ mtsclient --server mts://%s --pin %s -r /\n", addr, pin)
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	os.Unsetenv("MTS_PASSWORD_FILE")
	os.Setenv("MTS_PASSWORD", d.parts.Load().accounts.token)
	defer os.Unsetenv("MTS_PASSWORD")
	code := clientcmd.Run([]string{"--server", "mts://" + addr, "--pin", pin, "--user", names.DefaultAccount, "-o", to, "-r", "/"}, nil, stdout, stderr)
	if code != exitOK {
		return fmt.Errorf("mtsclient ended with exit code %d", code)
	}
	fmt.Fprintln(stdout)
	return compare(stdout, examples.Files(), to)
}

// compare prints a line for each file whose copy under dir is the same. One that
// differs is an error.
func compare(stdout io.Writer, files fs.FS, dir string) error {
	var count, size int
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		want, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("%s came back different", name)
		}
		fmt.Fprintf(stdout, "same  %6d bytes  %s\n", len(got), name)
		count, size = count+1, size+len(got)
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "\n%d files, %d bytes: all came back the same over TLS.\n", count, size)
	return nil
}
