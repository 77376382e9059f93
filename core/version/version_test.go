package version

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestDescribe(t *testing.T) {
	system := ", " + runtime.Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH
	tests := map[string]struct {
		info debug.BuildInfo
		want string
	}{
		"nothing recorded": {debug.BuildInfo{}, "unknown, commit unknown"},
		"release": {
			debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "0a1b"}, {Key: "vcs.modified", Value: "false"}}},
			"v1.2.3, commit 0a1b",
		},
		"changed files": {
			debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: []debug.BuildSetting{{Key: "vcs.modified", Value: "true"}, {Key: "vcs.revision", Value: "0a1b"}}},
			"(devel), commit 0a1b with changes",
		},
	}
	for name, test := range tests {
		if got := describe(&test.info); got != test.want+system {
			t.Errorf("%s: %q, want %q", name, got, test.want+system)
		}
	}
}
