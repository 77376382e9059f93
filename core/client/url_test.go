package client

import (
	"errors"
	"strings"
	"testing"
)

func TestParseURL(t *testing.T) {
	for url, want := range map[string]string{
		"mts://h":                         "h:6870",
		"mts://h/":                        "h:6870",
		"mts://h:1":                       "h:1",
		"mts+plain://h":                   "h:6871",
		"mts+starttls://h":                "h:6871",
		"mts://127.0.0.1:7":               "127.0.0.1:7",
		"mts://::1":                       "[::1]:6870",
		"mts://[::1]":                     "[::1]:6870",
		"mts://[::1]:7":                   "[::1]:7",
		"mts://fe80::1%eth0":              "[fe80::1%eth0]:6870",
		"mts://[fe80::1%eth0]":            "[fe80::1%eth0]:6870",
		"mts://[fe80::1%eth0]:7":          "[fe80::1%eth0]:7",
		"mts://[fe80::1%25eth0]:7":        "[fe80::1%eth0]:7",
		"mts://h:0":                       "",
		"mts://h:65536":                   "",
		"mts://h:x":                       "",
		"mts://":                          "",
		"mts://:7":                        "",
		"mts://h/path":                    "",
		"mts://h?q":                       "",
		"mts://a b":                       "",
		"mts://ann:secret@h":              "",
		"http://h":                        "",
		"h":                               "",
		"mts://[::1":                      "",
		"mts://2001:db8::1:2:3:4:5:6:7:8": "",
	} {
		got, err := parseURL(url)
		if got.addr != want || (want == "") != errors.Is(err, ErrURL) {
			t.Errorf("%s: %q, %v; want %q", url, got.addr, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the password is shown: %v", url, err)
		}
		if strings.Contains(got.host, "%") {
			t.Errorf("%s: the name in the certificate would have a zone: %s", url, got.host)
		}
	}
}
