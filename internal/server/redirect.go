package server

import (
	"errors"
	"net"
	"strings"

	"redistop/internal/redis"
)

// A Redirect is a cluster node's answer that a key is another node's: for good (MOVED), or for this one command while
// its slot is being moved there (ASK).
type Redirect struct {
	Address string // host:port; without a host it is the host that answered
	Ask     bool
}

// RedirectOf reads an error of Do; false when it is anything else.
func RedirectOf(err error) (Redirect, bool) {
	var reply *redis.ReplyError
	if !errors.As(err, &reply) || reply.Code != "MOVED" && reply.Code != "ASK" {
		return Redirect{}, false
	}
	_, address, found := strings.Cut(reply.Message, " ") // "3999 127.0.0.1:6381"
	colon := strings.LastIndexByte(address, ':')
	if !found || colon < 0 {
		return Redirect{}, false
	}
	host, port := strings.Trim(address[:colon], "[]"), address[colon+1:]
	if host == "" {
		return Redirect{Address: ":" + port, Ask: reply.Code == "ASK"}, portFits(port)
	}
	return Redirect{Address: net.JoinHostPort(host, port), Ask: reply.Code == "ASK"}, portFits(port)
}

func portFits(port string) bool {
	_, err := joinPort("", port)
	return port != "" && err == nil
}

// At is the target at another address, which a server has named: the login and the encryption stay. The name that
// the certificate is checked against follows the address, unless a person gave one of its own.
func (t Target) At(address string) Target {
	host, _, _ := net.SplitHostPort(t.Address)
	if strings.HasPrefix(address, ":") {
		if host == "" {
			host = "127.0.0.1" // of a unix socket
		}
		address = net.JoinHostPort(host, address[1:])
	}
	if t.TLS != nil && (t.TLS.ServerName == "" || t.TLS.ServerName == host) {
		t.TLS = t.TLS.Clone()
		t.TLS.ServerName, _, _ = net.SplitHostPort(address)
	}
	t.Network, t.Address = "tcp", address
	return t
}
