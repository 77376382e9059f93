// Package config reads mtsd.toml, the server's configuration file, and checks
// all of it before anything starts.
//
// The structs here are the file format. A field's toml tag is its key, its
// format tag says which values are valid (see decoder.text), its applies tag
// whether a changed value takes effect at a reload or only at a restart, and
// Default has its default. Any other key in a file is an error. Paths in a file
// are relative to the file's folder; here they are absolute. An empty path
// leaves the choice to the server.
package config

import (
	"net/netip"
	"time"

	"mts/core/units"
)

// Config is the whole configuration. It is not safe to change while in use.
type Config struct {
	Server   Server          `toml:"server"`
	TLS      TLS             `toml:"tls"`
	Auth     Auth            `toml:"auth"`
	Exports  []Export        `toml:"export"`
	Limits   Limits          `toml:"limits"`
	Timeouts Timeouts        `toml:"timeouts"`
	Plugins  Plugins         `toml:"plugins"`
	Admin    Admin           `toml:"admin"`
	Log      Log             `toml:"log"`
	Metrics  Metrics         `toml:"metrics"`
	Sandbox  Sandbox         `toml:"sandbox"`
	Users    map[string]User `toml:"user" format:"name"` // by account name; narrows an account

	source source
}

// Server says where to listen. An address is host:port, with an IPv6 host in
// brackets; without a host it means all interfaces, port 0 any free port.
type Server struct {
	Listen      []string      `toml:"listen" applies:"restart" format:"addr"` // TLS
	Plain       []string      `toml:"plain" applies:"restart" format:"addr"`  // without TLS
	StartTLS    bool          `toml:"starttls" applies:"reload"`              // offer STARTTLS on plain listeners
	MaxSessions int           `toml:"max_sessions" applies:"reload"`          // at once, of all clients; 0: no limit
	Drain       time.Duration `toml:"drain" applies:"reload" format:"zero"`   // what transfers get at shutdown; 0: nothing

	ProxyProtocolFrom []netip.Prefix `toml:"proxy_protocol_from" applies:"reload"` // proxies whose connections begin with a PROXY header, version 1 or 2
}

// TLS has the server's certificate and what it asks of clients.
type TLS struct {
	Cert       string `toml:"cert" applies:"reload" format:"path"`                     // PEM; empty: made and kept in the state directory
	Key        string `toml:"key" applies:"reload" format:"path"`                      // PEM; set if Cert is
	ClientCA   string `toml:"client_ca" applies:"reload" format:"path"`                // PEM; empty: no client certificates
	ClientAuth string `toml:"client_auth" applies:"reload" format:"|optional|require"` // set if ClientCA is; optional if the file doesn't say
	MinVersion string `toml:"min_version" applies:"reload" format:"1.2|1.3"`
	ACME       ACME   `toml:"acme"`
}

// ACME gets certificates from a certificate authority (RFC 8555).
type ACME struct {
	Domains   []string `toml:"domains" applies:"restart" format:"host"`  // empty: no ACME
	Email     string   `toml:"email" applies:"restart"`                  // contact, may be empty
	Directory string   `toml:"directory" applies:"restart" format:"url"` // of the authority, https; empty: Let's Encrypt
}

// Auth has the accounts.
type Auth struct {
	Users string `toml:"users" applies:"restart" format:"path"` // file of name:hash lines
}

// Export is a directory that is served.
type Export struct {
	Path   string `toml:"path" applies:"reload" format:"root"` // as clients see it: "/", "/pub" or "c:"
	Dir    string `toml:"dir" applies:"reload" format:"path"`  // on disk
	Hidden bool   `toml:"hidden" applies:"reload"`             // serve dot files too
}

// Limits are per client (IPv4 address, IPv6 /64) unless they say otherwise.
// 0 means no limit.
type Limits struct {
	SessionsPerClient    int           `toml:"sessions_per_client" applies:"reload"`    // at once
	ConnectionsPerSecond int           `toml:"connections_per_second" applies:"reload"` // new ones
	CommandsPerSecond    int           `toml:"commands_per_second" applies:"reload"`    // of its sessions that are logged in; others have 20 each
	BytesPerSecond       units.Size    `toml:"bytes_per_second" applies:"reload"`       // sent, all sessions of the client together
	TotalBytesPerSecond  units.Size    `toml:"total_bytes_per_second" applies:"reload"` // sent, the whole server
	LoginFailures        int           `toml:"login_failures" applies:"reload"`         // before a ban
	BanTime              time.Duration `toml:"ban_time" applies:"reload" format:"zero"` // of the first ban; doubled each time up to 24h

	Exempt []netip.Prefix `toml:"exempt" applies:"reload"` // networks without limits per client, penalties and bans
}

// Timeouts end sessions. All are positive.
type Timeouts struct {
	Handshake time.Duration `toml:"handshake" applies:"reload"` // TLS
	Login     time.Duration `toml:"login" applies:"reload"`     // from accept
	Line      time.Duration `toml:"line" applies:"reload"`      // from a line's first byte to its end
	Idle      time.Duration `toml:"idle" applies:"reload"`      // between commands
	Write     time.Duration `toml:"write" applies:"reload"`     // for the client to take 256 KiB
}

// Plugins says where plugins are and what each may use.
type Plugins struct {
	Dir       string        `toml:"dir" applies:"restart" format:"path"` // empty: no plugins
	Timeout   time.Duration `toml:"timeout" applies:"restart"`           // of one call
	Memory    units.Size    `toml:"memory" applies:"restart"`            // of one worker; 0: no limit
	Instances int           `toml:"instances" applies:"restart"`         // processes of one plugin, each for one call; 0: one per processor, at least 4

	// Settings are the [plugins.NAME] tables by plugin name, as the TOML says
	// them: string, int64, float64, bool, time.Time, []any, map[string]any.
	Settings map[string]map[string]any `toml:"-" applies:"reload"`
}

// Admin is the control plane.
type Admin struct {
	Socket     string   `toml:"socket" applies:"restart" format:"path"`
	AllowUsers []string `toml:"allow_users" applies:"restart"` // of the operating system, in addition to root and the server's own
}

// Log says what is logged and where to.
type Log struct {
	Level  string `toml:"level" applies:"reload" format:"debug|info|warn|error"`
	Format string `toml:"format" applies:"restart" format:"text|json"`
	File   string `toml:"file" applies:"restart" format:"path"` // empty: standard error
}

// Metrics is the HTTP listener of /metrics, /healthz and /readyz.
type Metrics struct {
	Listen string `toml:"listen" applies:"restart" format:"addr?"` // empty: none
}

// Sandbox says whether the process takes files that it doesn't need from itself.
type Sandbox struct {
	Mode string `toml:"mode" applies:"restart" format:"auto|require|off"` // auto: where the system can; require: or else don't start
}

// User narrows one account. Nil lists and zero rates narrow nothing, an empty
// list allows nothing.
type User struct {
	Exports           []string   `toml:"exports" applies:"reload" format:"folder"` // exports, or folders in them, it may read; a link in them may lead elsewhere in its export
	Verbs             []string   `toml:"verbs" applies:"reload" format:"verb"`     // it may use; upper case
	BytesPerSecond    units.Size `toml:"bytes_per_second" applies:"reload"`        // sent, all its sessions together
	CommandsPerSecond int        `toml:"commands_per_second" applies:"reload"`     // all its sessions together
	Sessions          int        `toml:"sessions" applies:"reload"`                // at once

	Networks []netip.Prefix `toml:"networks" applies:"reload"` // it may log in from
	Expires  *time.Time     `toml:"expires" applies:"reload"`  // see End; nil: never
}

// Default returns what an empty file means.
func Default() *Config {
	return &Config{
		Server: Server{
			Listen:      []string{"127.0.0.1:6870"},
			Plain:       []string{},
			StartTLS:    true,
			MaxSessions: 10000,
			Drain:       30 * time.Second,

			ProxyProtocolFrom: []netip.Prefix{},
		},
		TLS: TLS{MinVersion: "1.3"},
		Limits: Limits{
			SessionsPerClient:    64,
			ConnectionsPerSecond: 20,
			LoginFailures:        6,
			BanTime:              10 * time.Minute,
			Exempt:               []netip.Prefix{},
		},
		Timeouts: Timeouts{
			Handshake: 5 * time.Second,
			Login:     30 * time.Second,
			Line:      10 * time.Second,
			Idle:      10 * time.Minute,
			Write:     30 * time.Second,
		},
		Plugins: Plugins{Timeout: 2 * time.Second, Memory: 256e6},
		Log:     Log{Level: "info", Format: "text"},
		Sandbox: Sandbox{Mode: "auto"},
	}
}
