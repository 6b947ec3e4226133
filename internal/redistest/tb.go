package redistest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// TB is what New needs of *testing.T, *testing.B or *testing.F. It keeps package testing out of
// the program that runs a demo.
type TB interface {
	Helper()
	Cleanup(func())
	Context() context.Context
	Failed() bool
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
}

// Option changes what New and EachVersion start.
type Option func(*Options)

// On starts this server program instead of the installed one.
func On(b Binary) Option { return func(o *Options) { o.Binary = b } }

// TCP listens on a free port of 127.0.0.1, and of the other loopback addresses named.
func TCP(hosts ...string) Option {
	return func(o *Options) { o.TCP, o.Hosts = true, append(o.Hosts, hosts...) }
}

// TLS listens on a free TLS port, with certificates of a CA made for this server.
func TLS() Option { return func(o *Options) { o.TLS = true } }

// Config adds lines of redis.conf: Config("maxmemory 10mb", "requirepass secret").
func Config(lines ...string) Option {
	return func(o *Options) { o.Config = append(o.Config, lines...) }
}

// ReplicaOf makes the server a replica of a primary that listens on TCP.
func ReplicaOf(primary *Server) Option {
	host, port, _ := strings.Cut(primary.Addr(), ":")
	return Config("replicaof " + host + " " + port)
}

// SentinelOf makes the server a Sentinel that watches a primary, which listens on TCP, under a name. It calls it down after half
// a second without an answer, and fails over when quorum Sentinels do.
func SentinelOf(primary *Server, name string, quorum int) Option {
	host, port, _ := strings.Cut(primary.Addr(), ":")
	return func(o *Options) {
		o.Sentinel, o.TCP = true, true
		o.Config = append(o.Config, fmt.Sprintf("sentinel monitor %s %s %s %d", name, host, port, quorum),
			"sentinel down-after-milliseconds "+name+" 500", "sentinel failover-timeout "+name+" 3000")
	}
}

// New starts a server for one test: the installed one, else a fetched one. It is stopped when the
// test ends, and where the test failed, the end of its log is shown.
func New(t TB, options ...Option) *Server {
	t.Helper()
	var o Options
	for _, set := range options {
		set(&o)
	}
	if o.Binary.Path == "" {
		here := append(Installed(), Fetched()...)
		if len(here) == 0 {
			t.Fatalf("no redis-server or valkey-server on PATH: install one, or run scripts/servers")
		}
		o.Binary = here[0]
	}
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("end of the log of %s:\n%s", o.Binary, tail(s.Log(), 2048))
		}
		if err := s.Stop(); err != nil {
			t.Errorf("%v", err)
		}
	})
	return s
}

// wanted is a series that the tests run on.
type wanted struct {
	name  string // of the subtest
	must  bool   // its absence fails where the environment says CI
	match func(Binary) bool
}

// series lists the versions of EachVersion; scripts/servers fetches the same.
func series() []wanted {
	is := func(flavor, series string) func(Binary) bool {
		return func(b Binary) bool { return b.Flavor == flavor && b.Series() == series }
	}
	return []wanted{
		{"redis-7.0", true, is("redis", "7.0")},
		{"redis-8.0", false, is("redis", "8.0")},
		{"valkey-8.0", false, is("valkey", "8.0")},
		{"valkey-8.1", false, is("valkey", "8.1")},
		{"valkey-9", true, func(b Binary) bool { // 9.1 or what follows it: its source is a moving release
			return b.Flavor == "valkey" && strings.HasPrefix(b.Version, "9.") && b.Series() != "9.0"
		}},
	}
}

// EachVersion runs a subtest on a server of each series: Redis 7.0 and 8.0, Valkey 8.0, 8.1 and 9.
// A series that is not here is skipped; with CI=true in the environment a missing Redis 7.0 or
// Valkey 9 fails instead. T is *testing.T.
func EachVersion[T interface {
	TB
	Run(name string, f func(T)) bool
}](t T, f func(T, *Server), options ...Option) {
	t.Helper()
	here := append(Installed(), Fetched()...)
	for _, want := range series() {
		t.Run(want.name, func(t T) {
			b, ok := pick(here, want)
			if !ok {
				absent(t, want)
			}
			f(t, New(t, append([]Option{On(b)}, options...)...))
		})
	}
}

// Of returns the server program of one series of EachVersion, by its name there: "valkey-9". Where it is missing, t
// ends as a subtest there does.
func Of(t TB, name string) Binary {
	t.Helper()
	for _, want := range series() {
		if want.name != name {
			continue
		}
		b, ok := pick(append(Installed(), Fetched()...), want)
		if !ok {
			absent(t, want)
		}
		return b
	}
	t.Fatalf("no series %q", name)
	return Binary{}
}

func pick(here []Binary, want wanted) (Binary, bool) {
	for _, b := range here {
		if want.match(b) {
			return b, true
		}
	}
	return Binary{}, false
}

func absent(t TB, want wanted) {
	t.Helper()
	end := t.Skipf
	if want.must && os.Getenv("CI") == "true" {
		end = t.Fatalf
	}
	end("no %s here (CI=%q): fetch it with scripts/servers", want.name, os.Getenv("CI"))
}

// NeedPostgres starts a cluster for several tests; stop it when they are over. Where PostgreSQL is not installed t
// is skipped, or fails with CI=true in the environment.
func NeedPostgres(t TB) *Postgres {
	t.Helper()
	p, err := StartPostgres(t.Context())
	switch {
	case errors.Is(err, ErrNoPostgres) && os.Getenv("CI") != "true":
		t.Skipf("%v", err)
	case err != nil:
		t.Fatalf("%v", err)
	}
	return p
}
