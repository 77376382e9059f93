package config

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// An account expires at the end of its last day, where the server is, or at a time.
func TestEnd(t *testing.T) {
	for expires, want := range map[string]time.Time{
		"2027-01-31":                time.Date(2027, 2, 1, 0, 0, 0, 0, time.Local),
		"2027-07-31T12:00:00":       time.Date(2027, 7, 31, 12, 0, 0, 0, time.Local),
		"2027-07-31T12:00:00+02:00": time.Date(2027, 7, 31, 10, 0, 0, 0, time.UTC),
	} {
		c, err := Parse("x", fmt.Appendf(nil, "[user.ann]\nexpires = %s\n", expires))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Users["ann"].End(); !got.Equal(want) {
			t.Errorf("%s is the end at %v, want %v", expires, got, want)
		}
		var shown bytes.Buffer
		if err := c.Encode(&shown); err != nil || !bytes.Contains(shown.Bytes(), []byte("expires = "+expires+"\n")) {
			t.Errorf("%s, %v; want expires = %s", shown.Bytes(), err, expires)
		}
	}
	if end := (User{}).End(); !end.IsZero() {
		t.Errorf("without a date the end is %v", end)
	}
}

func TestNetworks(t *testing.T) {
	c, err := Parse("x", []byte("[limits]\nexempt = ['10.1.2.3/8', '192.0.2.1', '2001:db8::1']\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"10.0.0.0/8", "192.0.2.1/32", "2001:db8::1/128"}
	for i, p := range c.Limits.Exempt {
		if p != netip.MustParsePrefix(want[i]) {
			t.Errorf("got %v, want %s", p, want[i])
		}
	}
	var shown bytes.Buffer
	if err := c.Encode(&shown); err != nil || !bytes.Contains(shown.Bytes(), []byte(`exempt = ["10.0.0.0/8", "192.0.2.1/32", "2001:db8::1/128"]`)) {
		t.Errorf("%s, %v", shown.Bytes(), err)
	}
}
