package mtsdcmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"

	"mts/core/config"
)

// Rights of landlock(7).
const (
	mayRead  landlock.AccessFSSet = ll.AccessFSReadFile | ll.AccessFSReadDir
	mayWrite                      = mayRead | ll.AccessFSWriteFile | ll.AccessFSTruncate |
		ll.AccessFSMakeReg | ll.AccessFSMakeDir | ll.AccessFSMakeSock |
		ll.AccessFSRemoveFile | ll.AccessFSRemoveDir
)

// What Go programs, the C library and plugins' workers read.
var (
	systemFiles = []string{
		"/etc/group", "/etc/host.conf", "/etc/hosts", "/etc/ld.so.cache", "/etc/localtime",
		"/etc/nsswitch.conf", "/etc/passwd", "/etc/resolv.conf", "/etc/services",
		"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size",
	}
	systemDirs = []string{
		"/etc/pki", "/etc/ssl", "/proc", "/sys/fs/cgroup",
		"/usr/share/ca-certificates", "/usr/share/zoneinfo",
	}
	libraries = []string{"/lib", "/lib64", "/usr/lib", "/usr/lib64"}
)

// sandboxSupport returns why there can be no sandbox.
func sandboxSupport() error {
	if _, err := ll.LandlockGetABIVersion(); err != nil {
		return fmt.Errorf("the kernel has no Landlock: %w", err)
	}
	if _, err := os.Stat("/proc/self/task"); err != nil { // the threads to confine
		return fmt.Errorf("there is no /proc: %w", err)
	}
	return nil
}

// confine takes from the process, as far as the kernel can, all files that the
// server doesn't need. A process that takes over from a confined one is confined
// already. The error says that there is no sandbox, but has to be.
func (d *daemon) confine(cfg *config.Config, flags *serveFlags) error {
	confined := flags.inherited.confined
	if cfg.Sandbox.Mode == "off" && !confined {
		d.log.Info("sandbox", "state", "off")
		return nil
	}
	s, state, err := newSandbox(cfg, flags), "inherited", sandboxSupport()
	if err == nil && !confined {
		state, err = "on", s.enforce(cfg.Plugins.Dir != "")
	}
	if err != nil {
		d.log.Warn("sandbox", "state", "none", "err", err)
		if cfg.Sandbox.Mode == "require" {
			return cfg.Errorf("sandbox.mode", "there is no sandbox: %s", err)
		}
		return nil
	}
	d.reloads.sandbox = s
	version, _ := ll.LandlockGetABIVersion()
	d.log.Info("sandbox", "state", state, "landlock", version,
		"read", strings.Join(s.read, " "), "write", strings.Join(s.write, " "))
	return nil
}

// enforce puts the process into the sandbox, for ever. The users of workers'
// namespaces are set by writing to /proc.
func (s *sandbox) enforce(workers bool) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	rules := []landlock.Rule{
		landlock.PathAccess(ll.AccessFSReadFile, systemFiles...).IgnoreIfMissing(),
		landlock.PathAccess(mayRead, append(systemDirs, s.read...)...).IgnoreIfMissing(),
		landlock.PathAccess(mayWrite, s.write...).IgnoreIfMissing(),
		landlock.RODirs(append(libraries, filepath.Dir(self))...).IgnoreIfMissing(),
		landlock.RWFiles(os.DevNull),
	}
	if workers {
		rules = append(rules, landlock.PathAccess(ll.AccessFSWriteFile, "/proc"))
	}
	return landlock.V8.BestEffort().RestrictPaths(rules...)
}
