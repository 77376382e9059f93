package config

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// check looks for values that are valid alone but don't fit together. It leaves
// out tables with mistakes, whose values aren't what was meant.
func (c *Config) check() {
	if !c.Bad("tls") {
		c.checkTLS()
	}
	if !c.Bad("server") && !c.Bad("metrics") {
		c.checkListeners()
	}
	seen := map[string]bool{}
	for i, e := range c.Exports {
		if key := fmt.Sprintf("export[%d]", i); !c.Bad(key) {
			c.checkExport(key, e, seen[e.Path])
			seen[e.Path] = true
		}
	}
	if !c.Bad("export") {
		c.checkGrants()
	}
}

func (c *Config) checkTLS() {
	t := c.TLS
	if t.Cert != "" && t.Key == "" {
		c.source.problems.addf("tls.key", "missing, tls.cert needs it")
	}
	if t.Key != "" && t.Cert == "" {
		c.source.problems.addf("tls.cert", "missing, tls.key needs it")
	}
	if t.ClientAuth != "" && t.ClientCA == "" {
		c.source.problems.addf("tls.client_ca", "missing, tls.client_auth needs it")
	}
	if t.Cert != "" && len(t.ACME.Domains) > 0 {
		c.source.problems.addf("tls.acme.domains", "tls.cert is set too, only one of them can be used")
	}
}

func (c *Config) checkListeners() {
	seen := map[string]bool{}
	check := func(key string, addrs ...string) {
		for _, addr := range addrs {
			a := canonical(addr)
			if seen[a] {
				c.source.problems.addf(key, "%q is used by another listener", addr)
			}
			seen[a] = a != ""
		}
	}
	check("server.listen", c.Server.Listen...)
	check("server.plain", c.Server.Plain...)
	check("metrics.listen", c.Metrics.Listen)
}

// canonical returns the same text for all spellings of an address. It returns
// "" for an address that is empty or has port 0, which can't be taken.
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

func (c *Config) checkExport(key string, e Export, taken bool) {
	if e.Path == "" {
		c.source.problems.addf(key+".path", "missing")
	}
	if e.Dir == "" {
		c.source.problems.addf(key+".dir", "missing")
	}
	if taken {
		c.source.problems.addf(key+".path", "%q is exported already", e.Path)
	}
}
