package server

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	for _, tc := range []struct {
		in                     string
		network, address, user string
		password               string
		db                     int
		tls                    bool
	}{
		{in: "", network: "tcp", address: "127.0.0.1:6379"},
		{in: "cache.example", network: "tcp", address: "cache.example:6379"},
		{in: "cache.example:7000", network: "tcp", address: "cache.example:7000"},
		{in: ":7000", network: "tcp", address: "127.0.0.1:7000"},
		{in: "::1", network: "tcp", address: "[::1]:6379"},
		{in: "[::1]", network: "tcp", address: "[::1]:6379"},
		{in: "[::1]:7000", network: "tcp", address: "[::1]:7000"},
		{in: "redis://cache.example", network: "tcp", address: "cache.example:6379"},
		{in: "redis://[::1]:7000/3", network: "tcp", address: "[::1]:7000", db: 3},
		{in: "redis://ann:p%40ss%20w%22ord@h:1/2", network: "tcp", address: "h:1", user: "ann", password: `p@ss w"ord`, db: 2},
		{in: "redis://:secret@h", network: "tcp", address: "h:6379", password: "secret"},
		{in: "redis://secret@h", network: "tcp", address: "h:6379", password: "secret"},
		{in: "rediss://h?db=4", network: "tcp", address: "h:6379", db: 4, tls: true},
		{in: "REDISS://h", network: "tcp", address: "h:6379", tls: true},
		{in: "unix:///run/redis.sock", network: "unix", address: "/run/redis.sock"},
		{in: "unix://ann:pw@/run/redis.sock?db=2", network: "unix", address: "/run/redis.sock", user: "ann", password: "pw", db: 2},
		{in: "/run/redis.sock", network: "unix", address: "/run/redis.sock"},
	} {
		got, err := ParseAddress(tc.in)
		if err != nil {
			t.Errorf("%q: %v", tc.in, err)
			continue
		}
		if got.Network != tc.network || got.Address != tc.address || got.Username != tc.user ||
			got.Password != tc.password || got.DB != tc.db || (got.TLS != nil) != tc.tls {
			t.Errorf("%q: got %s %s user %q db %d tls %v", tc.in, got.Network, got.Address, got.Username, got.DB, got.TLS != nil)
		}
	}
}

func TestParseAddressRefuses(t *testing.T) {
	for _, in := range []string{"h:0", "h:65536", "h:redis", "::1:7000x", "http://h", "redis://h/x", "redis://h/-1", "unix://",
		"redis://:hunter2@h:notaport", "redis://:hunter2%zz@h", "ann:hunter2@h:6379", "two words"} {
		_, err := ParseAddress(in)
		if err == nil {
			t.Errorf("%q was taken for an address", in)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error shows the password: %v", in, err)
		}
	}
}

func TestATargetNeverPrintsItsPassword(t *testing.T) {
	target, err := ParseAddress("redis://ann:hunter2@h:1")
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		for _, v := range []any{target, &target} {
			if s := fmt.Sprintf(format, v); strings.Contains(s, "hunter2") {
				t.Errorf("%s prints the password: %s", format, s)
			}
		}
	}
}
