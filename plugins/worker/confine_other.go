//go:build !linux

package worker

// confine gives up what the process doesn't need, and says what of it this
// platform can't.
func confine(int64) string {
	return "no Landlock and no resource limits on this platform"
}
