//go:build !linux

package worker

// confine gives up what the process doesn't need, and says what of it this
// platform can't.
func confine(int64) string {
	return "no system call filter, no empty root, no resource limits on this platform"
}

// limitMemory is for systems whose kernel does it; watchMemory looks everywhere.
func limitMemory(int64) error { return nil }
