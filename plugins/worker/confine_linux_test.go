package worker

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const confinedArg = "confined"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == confinedArg {
		confined()
		return
	}
	os.Exit(m.Run())
}

// confined tries what a worker has no business with, and tells what it could.
func confined() {
	fmt.Println("lacks:", confine(64<<20))
	if _, err := os.ReadFile("/etc/passwd"); err == nil {
		fmt.Println("read")
	}
	if f, err := os.CreateTemp("", ""); err == nil {
		fmt.Println("written")
		os.Remove(f.Name())
	}
	if exec.Command("/proc/self/exe", "-test.run=^$").Run() == nil {
		fmt.Println("executed")
	}
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_CORE, &limit) != nil || limit.Max != 0 {
		fmt.Println("dumps core")
	}
	fmt.Println("allocating")
	b := make([]byte, 1<<30)
	fmt.Println("allocated", len(b))
}

func TestConfined(t *testing.T) {
	out, err := exec.Command(os.Args[0], confinedArg).CombinedOutput()
	lacks, did, _ := strings.Cut(strings.TrimPrefix(string(out), "lacks:"), "\n")
	if err == nil || strings.Contains(did, "allocated") {
		t.Errorf("it may allocate 1 GiB: %v", err)
	}
	did, _, _ = strings.Cut(did, "allocating") // which it crashes on
	if strings.TrimSpace(lacks) != "" {
		t.Skip("not confined here:", lacks)
	}
	if did != "" {
		t.Errorf("it could do what it has no business with: %s", did)
	}
}
