package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/pires/go-proxyproto"

	"mts/core/limit"
	"mts/core/transport"
)

// isProxy reports whether connections from a begin with a PROXY header.
func (s *Settings) isProxy(a net.Addr) bool {
	return containsAddr(s.Proxies, limit.Address(a))
}

func containsAddr(networks []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(a) })
}

// startProxied is admit for the connection of a proxy, once its header is read.
func (srv *Server) startProxied(nc net.Conn, secure bool) {
	if !srv.startRunning() {
		nc.Close()
		return
	}
	go func() {
		defer srv.running.Done()
		stop := context.AfterFunc(srv.ctx, func() { nc.Close() })
		nc.SetReadDeadline(time.Now().Add(srv.settings.Load().Timeouts.Handshake))
		ends, err := readProxyHeader(nc)
		nc.SetReadDeadline(time.Time{})
		stop()
		if err != nil {
			srv.refuseProxy(nc, err)
			return
		}
		srv.admit(nc, ends, secure)
	}()
}

// refuseProxy resets a connection whose PROXY header is missing or wrong.
func (srv *Server) refuseProxy(nc net.Conn, why error) {
	srv.counters.countRefusal("proxy")
	srv.refusals.log(limit.Address(nc.RemoteAddr()), nc.RemoteAddr(), why, false)
	transport.Reset(nc)
}

// The PROXY protocol, https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt.
const (
	proxySignature = "\r\n\r\n\x00\r\nQUIT\n" // of version 2
	proxyWord      = "PROXY "                 // of version 1
	maxProxyLine   = 107                      // of version 1, its ending included
	maxProxyRest   = 4096                     // of version 2, behind its first 16 bytes
)

var errProxyHeader = errors.New("no PROXY header")

// readProxyHeader reads the header of version 1 or 2 and not a byte more. Without
// the addresses of a client, as in a health check by the proxy, the connection is
// the proxy's own.
func readProxyHeader(nc net.Conn) (ends, error) {
	text, err := readProxyText(nc)
	if err != nil {
		return ends{}, err
	}
	h, err := proxyproto.Read(bufio.NewReader(bytes.NewReader(text)))
	switch {
	case err != nil:
		return ends{}, err
	case h.Command.IsLocal():
		return ends{nc.LocalAddr(), nc.RemoteAddr()}, nil
	}
	remote, local, ok := h.TCPAddrs()
	if !ok {
		return ends{}, errProxyHeader
	}
	return ends{local, remote}, nil
}

// readProxyText returns the bytes of the header. The shortest one has 15.
func readProxyText(r io.Reader) ([]byte, error) {
	text := make([]byte, 1, maxProxyLine)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, err
	}
	if text[0] != proxyWord[0] && text[0] != proxySignature[0] {
		return nil, errProxyHeader
	}
	text, err := readMore(r, text, 14)
	switch {
	case err != nil:
		return nil, err
	case bytes.HasPrefix(text, []byte(proxySignature)):
		return readVersion2(r, text)
	case bytes.HasPrefix(text, []byte(proxyWord)):
		return readVersion1(r, text)
	}
	return nil, errProxyHeader
}

// readVersion1 reads byte by byte: only the end of the line tells its length.
func readVersion1(r io.Reader, text []byte) (_ []byte, err error) {
	for text[len(text)-1] != '\n' {
		if len(text) == maxProxyLine {
			return nil, errProxyHeader
		}
		if text, err = readMore(r, text, 1); err != nil {
			return nil, err
		}
	}
	return text, nil
}

func readVersion2(r io.Reader, text []byte) ([]byte, error) {
	text, err := readMore(r, text, 1)
	if err != nil {
		return nil, err
	}
	rest := int(binary.BigEndian.Uint16(text[14:]))
	if rest > maxProxyRest {
		return nil, errProxyHeader
	}
	return readMore(r, text, rest)
}

// readMore appends n bytes of r to text.
func readMore(r io.Reader, text []byte, n int) ([]byte, error) {
	text = append(text, make([]byte, n)...)
	_, err := io.ReadFull(r, text[len(text)-n:])
	return text, err
}
