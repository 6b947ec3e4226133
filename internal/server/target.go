package server

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// DefaultPort is the port that Redis and Valkey listen on unless told otherwise.
const DefaultPort = "6379"

// Target is the server to connect to and how. It holds the password, so it is never printed: what a
// person may see of it is Display.
type Target struct {
	Network  string // "tcp" or "unix"
	Address  string // host:port, or the socket's path
	Username string // ACL user, 6.0+; empty: the default user
	Password string
	DB       int         // SELECTed after AUTH when not 0
	TLS      *tls.Config // nil: plain
	Own      *Own        // told of every connection; nil: nobody is
}

// String names the target without any secret.
func (t Target) String() string {
	if t.Network == "unix" {
		return "unix://" + t.Address
	}
	return t.Address
}

// GoString keeps %#v from printing the password.
func (t Target) GoString() string { return "server.Target(" + t.String() + ")" }

// Format keeps every other verb from printing it.
func (t Target) Format(f fmt.State, _ rune) { fmt.Fprint(f, t.String()) }

// ParseAddress reads an address as a person writes it: host, host:port, [ip6]:port, ip6,
// redis://[[user:]password@]host[:port][/db], rediss://… (TLS), unix:///path[?db=N] or a path.
// An error never holds the password.
func ParseAddress(s string) (Target, error) { return parseAddress(s, DefaultPort) }

// ParseSentinel reads the address of a Sentinel in the same forms.
func ParseSentinel(s string) (Target, error) { return parseAddress(s, SentinelPort) }

func parseAddress(s, port string) (Target, error) {
	scheme, _, isURL := strings.Cut(s, "://")
	switch {
	case s == "":
		return Target{Network: "tcp", Address: net.JoinHostPort("127.0.0.1", port)}, nil
	case isURL:
		return parseURL(strings.ToLower(scheme), s, port)
	case strings.HasPrefix(s, "/") || strings.HasPrefix(s, "./"):
		return Target{Network: "unix", Address: s}, nil
	}
	hostport, err := withDefaultPort(s, port)
	if err != nil {
		return Target{}, err
	}
	return Target{Network: "tcp", Address: hostport}, nil
}

func withDefaultPort(s, usual string) (string, error) {
	if strings.ContainsAny(s, "@/ \t\r\n") {
		return "", errors.New("address is not host, host:port or a URL such as redis://user@host:6379/0")
	}
	if ip := net.ParseIP(strings.Trim(s, "[]")); ip != nil {
		return net.JoinHostPort(ip.String(), usual), nil
	}
	if !strings.Contains(s, ":") {
		return net.JoinHostPort(s, usual), nil
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return "", fmt.Errorf("read address %q: an IPv6 address with a port is written [::1]:6379", s)
	}
	return joinPort(host, cmp.Or(port, usual))
}

func joinPort(host, port string) (string, error) {
	if host == "" {
		host = "127.0.0.1"
	}
	if port == "" {
		port = DefaultPort
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return "", fmt.Errorf("port %q is not a number from 1 to 65535", port)
	}
	return net.JoinHostPort(host, port), nil
}

func parseURL(scheme, s, usual string) (Target, error) {
	u, err := url.Parse(s)
	if err != nil {
		// url.Error repeats the whole text, password and all.
		return Target{}, fmt.Errorf("read %s:// address: not a valid URL (a password with @, /, # or %% must be percent-encoded)", scheme)
	}
	t := Target{Network: "tcp"}
	if u.User != nil {
		t.Username = u.User.Username()
		var colon bool
		if t.Password, colon = u.User.Password(); !colon { // as redis-cli: a lone word is the password
			t.Username, t.Password = "", t.Username
		}
	}
	db := strings.Trim(u.Path, "/")
	switch scheme {
	case "redis", "valkey":
	case "rediss", "valkeys":
		t.TLS = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: u.Hostname()}
	case "unix", "redis+unix":
		t.Network, t.Address, db = "unix", u.Host+u.Path, ""
		if t.Address == "" {
			return Target{}, errors.New("unix:// address has no path; write unix:///run/redis/redis.sock")
		}
	default:
		return Target{}, fmt.Errorf("scheme %q is not one of redis, rediss, unix", scheme)
	}
	if q := u.Query().Get("db"); q != "" {
		db = q
	}
	if db != "" {
		if t.DB, err = strconv.Atoi(db); err != nil || t.DB < 0 {
			return Target{}, fmt.Errorf("database %q is not a number", db)
		}
	}
	if t.Network == "tcp" {
		t.Address, err = joinPort(u.Hostname(), cmp.Or(u.Port(), usual))
	}
	return t, err
}

// TLSOptions are redis-cli's TLS flags.
type TLSOptions struct {
	CACert   string // PEM file of authorities to trust instead of the system's
	Cert     string // PEM file of the client's certificate
	Key      string // PEM file of its key
	SNI      string // server name to ask for and to check
	Insecure bool   // do not check the server's certificate
}

// UseTLS makes the target speak TLS with these options.
func (t *Target) UseTLS(o TLSOptions) error {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.TLS != nil {
		c = t.TLS.Clone()
	}
	if c.ServerName == "" && t.Network == "tcp" {
		c.ServerName, _, _ = net.SplitHostPort(t.Address)
	}
	if o.SNI != "" {
		c.ServerName = o.SNI
	}
	c.InsecureSkipVerify = o.Insecure
	if o.CACert != "" {
		pem, err := os.ReadFile(o.CACert)
		if err != nil {
			return fmt.Errorf("read --cacert: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return fmt.Errorf("read --cacert %s: no PEM certificate in it", o.CACert)
		}
	}
	if (o.Cert == "") != (o.Key == "") {
		return errors.New("--cert and --key go together")
	}
	if o.Cert != "" {
		pair, err := tls.LoadX509KeyPair(o.Cert, o.Key)
		if err != nil {
			return fmt.Errorf("read --cert and --key: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	t.TLS = c
	return nil
}
