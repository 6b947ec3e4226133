package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"redistop/internal/server"
)

// connection is the flags that say which server and as whom, named as redis-cli names them.
type connection struct {
	host, socket, uri string
	port              int
	user, password    string
	askpass           bool
	db                int
	tls               bool
	tlsOptions        server.TLSOptions
}

// addTo defines the flags on cmd.
func (c *connection) addTo(cmd *cobra.Command) {
	const title = "Server"
	f := cmd.Flags()
	f.StringVarP(&c.host, "host", "h", "127.0.0.1", "connect to `HOST`")
	f.IntVarP(&c.port, "port", "p", 6379, "at `PORT`")
	f.StringVarP(&c.socket, "socket", "s", "", "connect to the unix socket at `PATH`")
	f.StringVarP(&c.uri, "uri", "u", "", "connect to `URI`: redis://, rediss:// (TLS) or unix://")
	f.IntVarP(&c.db, "db", "n", 0, "select database `NUMBER`")
	group(cmd, title, "host", "port", "socket", "uri", "db")

	const login = "Login"
	f.StringVarP(&c.password, "pass", "a", "", "log in with `PASSWORD`; else with REDISCLI_AUTH from the environment")
	f.StringVar(&c.user, "user", "", "log in as ACL user `NAME`")
	f.BoolVar(&c.askpass, "askpass", false, "ask for the password on the terminal")
	group(cmd, login, "pass", "user", "askpass")

	const encryption = "TLS"
	f.BoolVar(&c.tls, "tls", false, "use TLS; each flag below implies it")
	f.StringVar(&c.tlsOptions.CACert, "cacert", "", "trust the authorities in `FILE`, not the system's")
	f.StringVar(&c.tlsOptions.Cert, "cert", "", "show the certificate in `FILE`")
	f.StringVar(&c.tlsOptions.Key, "key", "", "with its key in `FILE`")
	f.StringVar(&c.tlsOptions.SNI, "sni", "", "ask for and check the server name `NAME`")
	f.BoolVar(&c.tlsOptions.Insecure, "insecure", false, "do not check the server's certificate")
	group(cmd, encryption, "tls", "cacert", "cert", "key", "sni", "insecure")
	for _, file := range []string{"socket", "cacert", "cert", "key"} {
		mustRegister(cmd.MarkFlagFilename(file))
	}
}

// target is the server that the flags and the optional ADDRESS name, with the password from
// wherever it was given. Two answers to one question are a usage error.
func (c *connection) target(flags *pflag.FlagSet, args []string) (server.Target, error) {
	address, err := c.address(flags, args)
	if err != nil {
		return server.Target{}, err
	}
	t, err := server.ParseAddress(address)
	if err != nil {
		return server.Target{}, usageError(err)
	}
	if flags.Changed("db") {
		if c.db < 0 || t.DB != 0 && t.DB != c.db {
			return server.Target{}, usagef("-n %d: not a database, or the address names another", c.db)
		}
		t.DB = c.db
	} else if t.DB == 0 {
		t.DB = c.db
	}
	if t.DB < 0 {
		return server.Target{}, usagef("database %d: they count from 0", t.DB)
	}
	if err := c.login(&t, flags); err != nil {
		return server.Target{}, err
	}
	return t, c.encrypt(&t)
}

// address is the one address given, in the form that server.ParseAddress reads.
func (c *connection) address(flags *pflag.FlagSet, args []string) (string, error) {
	var given []string
	for _, way := range []struct {
		used bool
		name string
	}{
		{len(args) > 0, "ADDRESS"},
		{flags.Changed("uri"), "-u"},
		{flags.Changed("socket"), "-s"},
		{flags.Changed("host"), "-h"},
	} {
		if way.used {
			given = append(given, way.name)
		}
	}
	if len(given) > 1 {
		return "", usagef("%s: give one of them, each names a server", strings.Join(given, " and "))
	}
	if c.port < 1 || c.port > 65535 {
		return "", usagef("-p %d: not a port from 1 to 65535", c.port)
	}
	switch {
	case flags.Changed("uri"):
		if !strings.Contains(c.uri, "://") {
			return "", usagef("-u: not a URI such as redis://user@host:6379/0")
		}
		return c.uri, c.noPort(flags, "-u")
	case flags.Changed("socket"):
		if !strings.HasPrefix(c.socket, "/") {
			return "./" + c.socket, c.noPort(flags, "-s")
		}
		return c.socket, c.noPort(flags, "-s")
	case len(args) > 0:
		return c.withPort(flags, args[0])
	}
	if _, err := netip.ParseAddr(c.host); strings.Contains(c.host, ":") && err != nil || strings.Contains(c.host, "/") {
		return "", usagef("-h %q: a host alone goes here; give HOST:PORT or a URI as ADDRESS", oneLine(withoutPassword(c.host)))
	}
	return net.JoinHostPort(c.host, fmt.Sprint(c.port)), nil
}

// withPort joins -p to an ADDRESS that has no port of its own.
func (c *connection) withPort(flags *pflag.FlagSet, address string) (string, error) {
	if !flags.Changed("port") {
		return address, nil
	}
	_, _, err := net.SplitHostPort(address)
	if err == nil || strings.Contains(address, "/") {
		return "", c.noPort(flags, "ADDRESS")
	}
	return net.JoinHostPort(strings.Trim(address, "[]"), fmt.Sprint(c.port)), nil
}

func (c *connection) noPort(flags *pflag.FlagSet, way string) error {
	if flags.Changed("port") {
		return usagef("%s and -p: the port, if there is one, belongs into %s", way, way)
	}
	return nil
}

// login fills in who we are: from the address, -a, --askpass, or REDISCLI_AUTH where nothing else
// says it. What web has from its environment or file is there without being marked as changed: it is for
// addresses that say nothing themselves.
func (c *connection) login(t *server.Target, flags *pflag.FlagSet) error {
	if flags.Changed("user") {
		if t.Username != "" && t.Username != c.user {
			return usagef("--user %s: the address names another user", c.user)
		}
		t.Username = c.user
	}
	t.Username = cmp.Or(t.Username, c.user)
	if flags.Changed("pass") && c.askpass || t.Password != "" && (flags.Changed("pass") || c.askpass) {
		return usagef("the password is given twice: by the address, -a or --askpass, one is enough")
	}
	switch {
	case t.Password != "":
	case flags.Changed("pass"):
		t.Password = c.password
	case c.askpass:
		password, err := askPassword()
		if err != nil {
			return err
		}
		t.Password = password
	default:
		t.Password = cmp.Or(c.password, os.Getenv("REDISCLI_AUTH"))
	}
	return nil
}

func (c *connection) encrypt(t *server.Target) error {
	if !c.tls && c.tlsOptions == (server.TLSOptions{}) {
		return nil
	}
	if t.Network == "unix" {
		return usagef("TLS does not go over a unix socket")
	}
	if err := t.UseTLS(c.tlsOptions); err != nil {
		return usageError(err)
	}
	return nil
}

// askPassword reads a password from the terminal, unseen. Standard input may be something else.
func askPassword() (string, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return "", &failure{code: exitUsage, err: errors.New("--askpass needs a terminal"), hint: "without one, set REDISCLI_AUTH in the environment"}
	}
	defer tty.Close()
	fmt.Fprint(tty, "Password: ")
	password, err := term.ReadPassword(int(tty.Fd()))
	fmt.Fprintln(tty)
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	return string(password), nil
}

// withoutPassword is s with the password of a URI in it hidden.
func withoutPassword(s string) string {
	start, end := secretInURI(s)
	if start >= end {
		return s
	}
	return s[:start] + "***" + s[end:]
}
