package clientcmd

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"

	xproxy "golang.org/x/net/proxy"
)

var errPlain = errors.New("a password would leave unprotected, because the connection has no TLS: use mts:// or mts+starttls://, or --insecure-plaintext")

type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// dialer returns how to connect: over the proxy of $ALL_PROXY, if there is one. A
// connection without TLS ends on this computer, unless the user says otherwise.
func (a *app) dialer() (dialFunc, error) {
	direct := new(net.Dialer)
	dial, proxied := direct.DialContext, false
	if text := cmp.Or(os.Getenv("ALL_PROXY"), os.Getenv("all_proxy")); text != "" {
		over, err := dialProxy(text, direct)
		if err != nil {
			return nil, err
		}
		hosts := xproxy.NewPerHost(over, direct)
		hosts.AddFromString(cmp.Or(os.Getenv("NO_PROXY"), os.Getenv("no_proxy")))
		dial, proxied = hosts.DialContext, true
	}
	if !a.isPlain() || a.insecurePlaintext {
		return dial, nil
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if proxied && !isLoopback(addr) {
			return nil, errPlain
		}
		conn, err := dial(ctx, network, addr)
		if err == nil && !isLoopback(conn.RemoteAddr().String()) {
			conn.Close()
			return nil, errPlain
		}
		return conn, err
	}, nil
}

// isLoopback reports whether an address is one of this computer.
func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip, bad := netip.ParseAddr(host)
	return err == nil && (host == "localhost" || bad == nil && ip.Unmap().IsLoopback())
}

// dialProxy returns a dialer over the proxy with a URL. Errors don't show the URL: it
// may have a password.
func dialProxy(text string, direct *net.Dialer) (xproxy.Dialer, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil, usagef("ALL_PROXY is not of the form socks5://HOST:PORT or http://HOST:PORT")
	}
	if u.Scheme == "http" {
		return &connectProxy{u, direct}, nil
	}
	d, err := xproxy.FromURL(u, direct)
	if err != nil {
		return nil, usageError{fmt.Errorf("ALL_PROXY: %w", err)}
	}
	return d, nil
}

// A connectProxy is an HTTP proxy that passes connections on (RFC 9110, 9.3.6).
type connectProxy struct {
	url    *url.URL
	direct *net.Dialer
}

func (p *connectProxy) Dial(network, addr string) (net.Conn, error) {
	return p.DialContext(context.Background(), network, addr)
}

func (p *connectProxy) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := p.direct.DialContext(ctx, network, net.JoinHostPort(p.url.Hostname(), cmp.Or(p.url.Port(), "80")))
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	tunnel, err := p.connect(conn, addr)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("proxy: %w", err)
	}
	return tunnel, nil
}

// connect asks the proxy for a connection to addr.
func (p *connectProxy) connect(conn net.Conn, addr string) (net.Conn, error) {
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: addr}, Host: addr, Header: make(http.Header)}
	if u := p.url.User; u != nil {
		password, _ := u.Password()
		request.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password)))
	}
	if err := request.Write(conn); err != nil {
		return nil, err
	}
	in := bufio.NewReader(conn)
	reply, err := http.ReadResponse(in, request)
	switch {
	case err != nil:
		return nil, err
	case reply.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("it answers %q", reply.Status)
	case in.Buffered() > 0:
		return &buffered{conn, in}, nil
	}
	return conn, nil
}

// A buffered is a connection of which something has been read already: a server of
// this protocol speaks first.
type buffered struct {
	net.Conn
	in *bufio.Reader
}

func (b *buffered) Read(p []byte) (int, error) { return b.in.Read(p) }
