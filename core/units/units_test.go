package units

import "testing"

func TestSize(t *testing.T) {
	for text, want := range map[string]Size{
		"0": 0, "7": 7, "7B": 7, "10MB": 10e6, "10mb": 10e6, "256KiB": 256 << 10, "1tib": 1 << 40, "9TB": 9e12,
		"9223372036854775807": 1<<63 - 1,
	} {
		var s, again Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%q is %d, %v; want %d", text, int64(s), err, want)
		}
		if err := again.UnmarshalText([]byte(s.String())); err != nil || again != s {
			t.Errorf("%d is written %q and read %d, %v", int64(s), s, int64(again), err)
		}
	}
	for _, text := range []string{
		"", "B", "MB", "-1", "-1MB", "+1", "1.5GB", "10 MB", "10M", "10MB/s", "1e3", "0x10", "ten",
		"9223372036854775808", "10000000TB", "8388608TiB",
	} {
		s := Size(42)
		if err := s.UnmarshalText([]byte(text)); err == nil || s != 42 {
			t.Errorf("%q is %d, %v; want an error", text, int64(s), err)
		}
	}
}

func TestShort(t *testing.T) {
	for n, want := range map[Size]string{
		0: "0 B", 999: "999 B", 1000: "1 KB", 1234567: "1.23 MB", 999400000: "999 MB", 999600000: "1 GB", 4.2e12: "4.2 TB",
	} {
		if got := n.Short(); got != want {
			t.Errorf("%d is %s, want %s", int64(n), got, want)
		}
		if got := n.ShortRate(); got != want+"/s" {
			t.Errorf("%d a second is %s, want %s/s", int64(n), got, want)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0 sessions", 1: "1 session", 2: "2 sessions"} {
		if got := Count(n, "session"); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
