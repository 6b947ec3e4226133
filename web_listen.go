package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"

	"redistop/internal/stats"
	"redistop/internal/web"
)

// envAuth is the variable that holds the login itself, where --auth and REDISTOP_AUTH name a file.
const envAuth = "REDISTOP_WEB_AUTH"

// login reads what requests must carry: from the file of --auth, else from the environment; nil: nothing.
func (s *serving) login() (*web.Login, error) {
	from, text := envAuth, os.Getenv(envAuth)
	if s.auth != "" {
		b, err := os.ReadFile(s.auth)
		if err != nil {
			return nil, usageError(fmt.Errorf("read --auth: %w", err))
		}
		from, text = "--auth "+s.auth, string(b)
		if info, err := os.Stat(s.auth); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o004 != 0 {
			fmt.Fprintf(os.Stderr, "redistop: web: every user of this machine can read the login in %s: chmod o-r it\n", oneLine(s.auth))
		}
	} else if text == "" {
		return nil, nil
	}
	login, err := web.ParseLogin(text)
	if err != nil {
		return nil, &failure{code: exitUsage, err: fmt.Errorf("%s: %w", from, err), hint: "it holds a token of at least 16 bytes, or USER:PASSWORD with at least 12"}
	}
	return login, nil
}

// sessionFile is where the logins of browsers outlive a restart: one file for each port; "" where the port is another one each time, or
// the user has no home.
func (s *serving) sessionFile() string {
	_, port, err := net.SplitHostPort(s.listen)
	if err != nil || port == "" || port == "0" || strings.ContainsAny(port, `/\`) {
		return ""
	}
	return userState("logins-" + port + ".json")
}

// open listens. An address that others can reach is refused without a login.
func (s *serving) open(login bool) (net.Listener, error) {
	l, err := net.Listen("tcp", s.listen)
	if err != nil {
		code := exitUsage
		if errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, fs.ErrPermission) {
			code = exitError // nothing is wrong with the address
		}
		return nil, &failure{code: code, err: fmt.Errorf("listen on --listen %s: %w", oneLine(s.listen), plainListenError(err)), hint: "give a free HOST:PORT of this machine, such as 127.0.0.1:7980"}
	}
	addr, ok := l.Addr().(*net.TCPAddr)
	if ok && addr.IP.IsLoopback() {
		return l, nil
	}
	if !login {
		l.Close()
		return nil, &failure{code: exitUsage, err: fmt.Errorf("--listen %s: others can reach that, so it needs --auth", oneLine(s.listen)), hint: "put a token into a file: openssl rand -hex 24 > auth, and give --auth auth"}
	}
	if s.tlsCert == "" {
		fmt.Fprintf(os.Stderr, "redistop: web: no TLS on %s: who can read the network gets the login; give --tls-cert and --tls-key, or put a proxy with TLS before it\n", l.Addr())
	}
	return l, nil
}

// plainListenError leaves out what the message says already.
func plainListenError(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// names are the hosts that requests may be addressed to: those allowed, and that of --listen.
func (s *serving) names() []string {
	names := s.hosts
	if host, _, err := net.SplitHostPort(s.listen); err == nil && host != "" {
		names = append(names[:len(names):len(names)], host)
	}
	return names
}

// url is where a person on this machine finds the page.
func (s *serving) url(addr net.Addr) string {
	scheme, at := "http", addr.String()
	if s.tlsCert != "" {
		scheme = "https"
	}
	if ap, err := netip.ParseAddrPort(at); err == nil && ap.Addr().IsUnspecified() {
		if host, err := os.Hostname(); err == nil {
			at = net.JoinHostPort(host, fmt.Sprint(ap.Port()))
		}
	}
	return scheme + "://" + at
}

// alerts are what --webhook asks for; nil: nothing.
func (s *serving) alerts(board *web.Board) (*web.Alerts, error) {
	if s.webhook == "" {
		return nil, nil
	}
	hook, err := web.NewWebhook(s.webhook, func(err error) { fmt.Fprintf(os.Stderr, "redistop: web: %s\n", oneLine(err.Error())) })
	if err != nil {
		return nil, usageError(fmt.Errorf("--webhook: %w", err))
	}
	return web.NewAlerts(board, hook, stats.Severity(s.severity)), nil
}
