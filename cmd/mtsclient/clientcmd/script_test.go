package clientcmd

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"mts/certs"
)

// The scripts of testdata run the command as a program of its own, against a
// server of the script's folder served. They find $SERVER, $PLAIN, $PIN,
// the file ca.crt and the client certificate client/server.crt.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "testdata",
		Setup: func(env *testscript.Env) error { return setup(t, env) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": wantCode,
			"big":  makeBig,
			"text": makeText,
		},
	})
}

func setup(t *testing.T, env *testscript.Env) error {
	served := filepath.Join(env.WorkDir, "served")
	if err := os.MkdirAll(served, 0o755); err != nil {
		return err
	}
	config, pin, pem := serverTLS(t)
	pair, err := certs.LoadOrMake(filepath.Join(env.WorkDir, "client"), nil)
	if err != nil {
		return err
	}
	config.ClientAuth, config.ClientCAs = tls.RequestClientCert, x509.NewCertPool()
	config.ClientCAs.AddCert(pair.Leaf)
	env.Setenv("SERVER", serve(t, served, config))
	plain := serve(t, served, nil)
	env.Setenv("PLAIN", "mts+plain://"+plain)
	env.Setenv("PLAIN_AS_TLS", "mts://"+plain)
	env.Setenv("PIN", pin)
	env.Setenv("MTS_PASSWORD", "secret")
	env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config"))
	return os.WriteFile(filepath.Join(env.WorkDir, "ca.crt"), pem, 0o600)
}

// wantCode runs a program that has to end with a code: "code 3 mtsclient …".
func wantCode(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want || neg {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// makeBig makes a file of many bytes: "big NAME BYTES".
func makeBig(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(random(size)), 0o600))
}

// makeText makes a file without a line end: "text NAME CONTENT".
func makeText(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(args[1]), 0o600))
}

// A client that is killed or interrupted leaves nothing that looks complete,
// and -c goes on.
func TestKill(t *testing.T) {
	for _, sig := range []os.Signal{os.Kill, os.Interrupt} {
		t.Run(sig.String(), func(t *testing.T) { kill(t, sig) })
	}
}

func kill(t *testing.T, sig os.Signal) {
	b := newBench(t)
	content := random(8 << 20)
	b.put("big", content)
	stalled := make(chan struct{})
	p := newStaller(t, b.addr, 3<<20, stalled, nil)
	cmd := exec.Command("mtsclient", "--server", p, "--pin", b.pin, "-o", b.saved, "big")
	var errs strings.Builder
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-stalled
	if err := cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if sig == os.Interrupt && errs.String() != "mtsclient: interrupted; with -c the next run goes on from here\n" {
		t.Errorf("stderr %q", errs.String())
	}
	if died := cmd.ProcessState.String(); died != "signal: "+sig.String() {
		t.Errorf("it ended with %s, not of %s", died, sig)
	}
	entries, err := os.ReadDir(b.saved)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".part") {
			t.Errorf("%s was left", e.Name())
		}
	}
	if code, _, errs := b.run("-c", "big"); code != 0 || errs != "" {
		t.Errorf("afterwards: code %d, stderr %q", code, errs)
	}
	b.holds(map[string]string{"big": content})
}
