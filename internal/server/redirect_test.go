package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"testing"

	"redistop/internal/redis"
)

func TestRedirectOf(t *testing.T) {
	for _, tt := range []struct {
		reply string
		want  Redirect
		ok    bool
	}{
		{"MOVED 3999 127.0.0.1:6381", Redirect{Address: "127.0.0.1:6381"}, true},
		{"ASK 3999 node-2.cache.local:6381", Redirect{Address: "node-2.cache.local:6381", Ask: true}, true},
		{"MOVED 3999 ::1:6381", Redirect{Address: "[::1]:6381"}, true}, // as servers write IPv6
		{"MOVED 3999 :6381", Redirect{Address: ":6381"}, true},         // the host that answered
		{"MOVED 3999", Redirect{}, false}, {"MOVED", Redirect{}, false}, {"MOVED 3999 host:", Redirect{Address: "host:"}, false},
		{"MOVED 3999 host:99999", Redirect{Address: "host:99999"}, false}, {"ERR MOVED 3999 127.0.0.1:6381", Redirect{}, false},
	} {
		v := redis.Value{Kind: redis.KindError, Text: tt.reply}
		got, ok := RedirectOf(fmt.Errorf("push: %w", v.Err()))
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("%q: %+v, %v", tt.reply, got, ok)
		}
	}
	if _, ok := RedirectOf(errors.New("MOVED 3999 127.0.0.1:6381")); ok {
		t.Error("what no server has said redirects")
	}
}

// The login and the encryption go along to another address, whose certificate is checked for its own name, or for the one that a
// person gave.
func TestTargetAt(t *testing.T) {
	home, err := ParseAddress("rediss://ann:pw@cache.local:6380/3")
	if err != nil {
		t.Fatal(err)
	}
	next := home.At("10.0.0.2:6381")
	if next.Address != "10.0.0.2:6381" || next.Username != "ann" || next.Password != "pw" || next.DB != 3 || next.TLS.ServerName != "10.0.0.2" || home.TLS.ServerName != "cache.local" {
		t.Errorf("%+v, TLS %+v", next, next.TLS)
	}
	home.TLS = &tls.Config{ServerName: "given"}
	if next = home.At(":6382"); next.Address != "cache.local:6382" || next.TLS.ServerName != "given" {
		t.Errorf("%s, TLS for %s", next, next.TLS.ServerName)
	}
	if next = (Target{Network: "unix", Address: "/run/s"}).At(":7000"); next.Network != "tcp" || next.Address != "127.0.0.1:7000" {
		t.Errorf("%s", next)
	}
}
