package worker

import (
	"fmt"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// Where a platform has no limit of its own, the process looks after itself:
// exitMemory is its exit code.
const (
	exitMemory   = 3
	memoryPeriod = 50 * time.Millisecond
)

// watchMemory ends the process when it holds more than limit bytes. It has the
// collector work harder well before.
func watchMemory(limit int64) {
	debug.SetMemoryLimit(limit / 4 * 3)
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	for range time.Tick(memoryPeriod) {
		metrics.Read(samples)
		if held := samples[0].Value.Uint64() - samples[1].Value.Uint64(); held > uint64(limit) {
			fmt.Fprintf(os.Stderr, "fatal error: the plugin holds %d bytes, its limit is %d\n", held, limit)
			os.Exit(exitMemory)
		}
	}
}
