package redistest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// Options say what to start. The zero value but for Binary is a server on a unix socket alone.
type Options struct {
	Binary Binary
	Config []string // lines of redis.conf, after ours: "maxmemory 10mb", "user ann on >pw ~* +@all"
	TCP    bool     // listen on a free port of 127.0.0.1 and Hosts too
	TLS    bool     // listen on a free TLS port of the same, with certificates of a CA of its own
	Hosts  []string // more loopback addresses: "127.0.0.2", "::1"

	Sentinel bool // run as a Sentinel, which the lines of Config tell what to watch
}

func (o Options) hosts() []string { return append([]string{"127.0.0.1"}, o.Hosts...) }

var errPortTaken = errors.New("another program took the chosen port")

// bindFailed tells from a log whether the server could not listen on its port.
func bindFailed(log string) bool {
	return strings.Contains(log, "Address already in use")
}

// config returns the configuration file. What Options.Config says comes last and wins.
func (s *Server) config() []byte {
	var b bytes.Buffer
	line := func(words ...string) { fmt.Fprintln(&b, strings.Join(words, " ")) }
	line("daemonize no")
	line("dir", strconv.Quote(s.dir))
	line("unixsocket", strconv.Quote(s.Socket()))
	line("unixsocketperm 700")
	line("port", strconv.Itoa(s.port))
	line(`save ""`)
	line("appendonly no")
	line("repl-diskless-sync yes")
	line("repl-diskless-sync-delay 0") // a replica's first copy starts at once, not after 5 s
	if s.port != 0 || s.tlsPort != 0 {
		line("bind", strings.Join(s.options.hosts(), " "))
	}
	if s.tlsPort != 0 {
		line("tls-port", strconv.Itoa(s.tlsPort))
		line("tls-ca-cert-file", strconv.Quote(s.CAFile()))
		line("tls-cert-file", strconv.Quote(s.path("server.crt")))
		line("tls-key-file", strconv.Quote(s.path("server.key")))
		line("tls-auth-clients optional")
	}
	for _, l := range s.options.Config {
		line(l)
	}
	return b.Bytes()
}

// freePort returns a TCP port that nobody listens on at any of the hosts.
func freePort(hosts []string) (int, error) {
	var err error
	for range 10 {
		var port int
		if port, err = portFreeOn(hosts); err == nil {
			return port, nil
		}
	}
	return 0, fmt.Errorf("find free port: %w", err)
}

func portFreeOn(hosts []string) (int, error) {
	port := 0
	for _, h := range hosts {
		l, err := net.Listen("tcp", net.JoinHostPort(h, strconv.Itoa(port)))
		if err != nil {
			return 0, err
		}
		defer l.Close()
		port = l.Addr().(*net.TCPAddr).Port
	}
	return port, nil
}
