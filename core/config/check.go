package config

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"

	"mts/core/exports"
)

// check looks for values that are good alone but don't fit together.
func (c *Config) check() []problem {
	return append(append(c.checkTLS(), c.checkListeners()...), c.checkExports()...)
}

func (c *Config) checkTLS() (problems []problem) {
	t := c.TLS
	if t.Cert != "" && t.Key == "" {
		problems = append(problems, problem{"tls.key", "missing, tls.cert needs it"})
	}
	if t.Key != "" && t.Cert == "" {
		problems = append(problems, problem{"tls.cert", "missing, tls.key needs it"})
	}
	if t.ClientAuth != "" && t.ClientCA == "" {
		problems = append(problems, problem{"tls.client_ca", "missing, tls.client_auth needs it"})
	}
	if t.Cert != "" && len(t.ACME.Domains) > 0 {
		problems = append(problems, problem{"tls.acme.domains", "tls.cert is set too, only one of them can be used"})
	}
	return problems
}

func (c *Config) checkListeners() (problems []problem) {
	seen := map[string]bool{}
	add := func(key, addr string) {
		a := canonical(addr)
		if seen[a] {
			problems = append(problems, problem{key, fmt.Sprintf("%q is listened on already", addr)})
		}
		seen[a] = a != ""
	}
	for _, addr := range c.Server.Listen {
		add("server.listen", addr)
	}
	for _, addr := range c.Server.Plain {
		add("server.plain", addr)
	}
	add("metrics.listen", c.Metrics.Listen)
	return problems
}

// canonical returns one spelling for all of an address, or "" for one that
// can't be taken, because it is empty or its port is any.
func canonical(addr string) string {
	host, port, _ := net.SplitHostPort(addr)
	if port = strings.TrimLeft(port, "0"); port == "" {
		return ""
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.Unmap().String()
		if ip.IsUnspecified() {
			host = ""
		}
	}
	return net.JoinHostPort(strings.ToLower(host), port)
}

func (c *Config) checkExports() (problems []problem) {
	seen := map[string]bool{}
	for i, e := range c.Exports {
		key := fmt.Sprintf("export[%d]", i)
		if e.Path == "" {
			problems = append(problems, problem{key + ".path", "missing"})
		}
		if e.Dir == "" {
			problems = append(problems, problem{key + ".dir", "missing"})
		}
		if seen[e.Path] {
			problems = append(problems, problem{key + ".path", fmt.Sprintf("%q is exported already", e.Path)})
		}
		seen[e.Path] = true
	}
	for name, u := range c.Users {
		for _, p := range u.Exports {
			if !c.exported(p) {
				problems = append(problems, problem{join("user", name) + ".exports", fmt.Sprintf("%q is no export and in none", p)})
			}
		}
	}
	return problems
}

// exported tells whether path is an export, or may be something in one or a
// folder that leads to one. Without exports in the file, "/" comes from elsewhere.
func (c *Config) exported(path string) bool {
	all := c.Exports
	if len(all) == 0 {
		all = []Export{{Path: "/"}}
	}
	for _, e := range all {
		if exports.Within(path, e.Path) || exports.Within(e.Path, path) {
			return true
		}
	}
	return false
}

// checkFiles looks for what the configuration names and isn't there.
func (c *Config) checkFiles() (problems []problem) {
	for i, e := range c.Exports {
		if msg := missing(e.Dir, os.FileInfo.IsDir, "a directory"); msg != "" {
			problems = append(problems, problem{fmt.Sprintf("export[%d].dir", i), msg})
		}
	}
	if ca := c.TLS.ClientCA; ca != "" {
		if msg := missing(ca, func(fi os.FileInfo) bool { return fi.Mode().IsRegular() }, "a file"); msg != "" {
			problems = append(problems, problem{"tls.client_ca", msg})
		}
	}
	return problems
}

// missing says what is wrong with path if it isn't there or isn't what is asked for.
func missing(path string, is func(os.FileInfo) bool, what string) string {
	fi, err := os.Stat(path)
	if err != nil {
		return fmt.Sprintf("%s: %v", path, reason(err))
	}
	if !is(fi) {
		return path + " is not " + what
	}
	return ""
}
