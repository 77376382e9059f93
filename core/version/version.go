// Package version says which build of mts a program is.
package version

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// String returns the version of the module, the commit it was built from, the
// version of Go and the platform, in one line. The Go tools have recorded the
// first two in the program; a part that they have not recorded is "unknown".
func String() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return describe(info)
}

func describe(info *debug.BuildInfo) string {
	version, commit := "unknown", "unknown"
	if info.Main.Version != "" {
		version = info.Main.Version
	}
	changed := ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = " with changes"
		}
	}
	return fmt.Sprintf("%s, commit %s%s, %s, %s/%s", version, commit, changed, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
