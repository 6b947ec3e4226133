package doctor

import (
	"testing"

	"redistop/internal/stats"
)

func TestNoPasswordOpen(t *testing.T) {
	open := func(s *synth, protected, bind string) {
		s.now.Access = stats.Access{User: "default", NoPassword: stats.Some(true), DefaultAll: stats.Some(true)}
		s.now.Config = map[string]string{"protected-mode": protected, "bind": bind, "port": "6379", "tls-port": "0", "tls-auth-clients": "yes"}
	}
	s := newSynth(noPasswordOpen)
	open(s, "no", "* -::*")
	s.run(1, nil)
	says(t, s.only(t, "no-password-open", stats.Critical), "open to the network without a password", "protected-mode no, bind * -::*", "firewall")
	s = newSynth(noPasswordOpen)
	open(s, "no", "")
	s.run(1, nil)
	says(t, s.only(t, "no-password-open", stats.Critical), "all addresses")
	s = newSynth(noPasswordOpen)
	open(s, "no", "127.0.0.1 10.0.0.5")
	s.now.Access.DefaultAll = stats.Some(false)
	s.run(1, nil)
	says(t, s.only(t, "no-password-open", stats.Warning), "not everything")
	s = newSynth(noPasswordOpen)
	open(s, "", "")
	s.now.Config = nil
	s.connection(stats.ConnectionRow{Addr: "10.0.3.7:5000", Name: "web"})
	s.run(1, nil)
	says(t, s.only(t, "no-password-open", stats.Critical), "web (10.0.3.7:5000)", "connections of other hosts without a password | 1")
	silent(t, noPasswordOpen, 1, map[string]func(*synth, int){
		"protected":   func(s *synth, i int) { open(s, "yes", "* -::*") },
		"loopback":    func(s *synth, i int) { open(s, "no", "127.0.0.1 -::1") },
		"unix socket": func(s *synth, i int) { open(s, "no", "* -::*"); s.now.Config["port"] = "0" },
		"certificates": func(s *synth, i int) {
			open(s, "no", "*")
			s.now.Config["port"] = "0"
			s.now.Config["tls-port"] = "6380"
		},
		"password":       func(s *synth, i int) { open(s, "no", "*"); s.now.Access.NoPassword = stats.Some(false) },
		"unknown":        func(s *synth, i int) { open(s, "no", "*"); s.now.Access = stats.Access{} },
		"config unknown": func(s *synth, i int) { open(s, "", ""); s.now.Config = nil },
		"local client": func(s *synth, i int) {
			open(s, "yes", "*")
			s.now.Connections = []stats.ConnectionRow{{Addr: "127.0.0.1:99", User: "default"}, {Addr: "/tmp/r.sock:0", User: "default"}}
		},
	})
}

func TestDeniedLogins(t *testing.T) {
	s := newSynth(deniedLogins)
	s.now.Denied = []stats.DeniedRow{
		{Reason: "auth", User: "root\x1b[31m", Count: 9, AgeSeconds: 1, Addr: "203.0.113.7:999"},
		{Reason: "auth", User: "old", Count: 99, AgeSeconds: 9999, Addr: "10.0.0.1:999"},
	}
	s.run(3, func(int) { s.errors("WRONGPASS", 5) })
	f := s.only(t, "denied-logins", stats.Warning)
	says(t, f, "10 logins refused in 2 s", "203.0.113.7:999 (user root", "ACL LOG")
	if len(f.Culprits) != 1 {
		t.Errorf("culprits %+v", f.Culprits)
	}
	s = newSynth(deniedLogins)
	s.run(3, func(int) { s.errors("NOAUTH", 50) })
	says(t, s.only(t, "denied-logins", stats.Warning), "100 commands sent without logging in")
	s = newSynth(deniedLogins)
	s.run(3, func(i int) { s.now.Housekeeping.DeniedAuth = stats.Some(int64(100 * i)) })
	says(t, s.only(t, "denied-logins", stats.Warning), "200 logins refused", "may be asked")
	silent(t, deniedLogins, 10, map[string]func(*synth, int){
		"a person": func(s *synth, i int) { s.errors("WRONGPASS", 1) },
		"long ago": func(s *synth, i int) {
			s.errs["WRONGPASS"] = 1000
			s.now.Housekeeping.DeniedAuth = stats.Some(int64(1000))
		},
		"unknown": func(s *synth, i int) {},
	})
}

func TestUserRights(t *testing.T) {
	users := func(s *synth) {
		s.now.Access = stats.Access{User: "watch", DefaultAll: stats.Some(true), Users: []stats.AclUser{
			{Name: "default", AllKeys: true, Dangerous: []string{"flushall"}}, {Name: "shop", Dangerous: []string{"flushall", "config", "keys"}}, {Name: "watch"}}}
	}
	come := func(s *synth, user, ip string, n int) {
		for range n {
			s.connection(stats.ConnectionRow{User: user, Name: "shop-web", Addr: ip + ":5000"})
		}
	}
	s := newSynth(defaultUserAll)
	users(s)
	come(s, "default", "10.0.3.7", 2)
	s.run(1, nil)
	says(t, s.only(t, "default-user-all-rights", stats.Info), "2 connections of other hosts come as default", "shop-web", "ACL SETUSER default off")
	s = newSynth(dangerousCommandsOpen)
	users(s)
	come(s, "shop", "10.0.3.7", 3)
	s.run(1, nil)
	says(t, s.only(t, "dangerous-commands-open", stats.Info), "User shop of 3 connections may run FLUSHALL and other", "FLUSHALL, CONFIG, KEYS", "ACL SETUSER shop -@dangerous")
	silent(t, defaultUserAll, 1, map[string]func(*synth, int){
		"no other users": func(s *synth, i int) {
			users(s)
			s.now.Access.Users = s.now.Access.Users[:1]
			come(s, "default", "10.0.3.7", 5)
		},
		"local":   func(s *synth, i int) { users(s); come(s, "default", "127.0.0.1", 5) },
		"unknown": func(s *synth, i int) { come(s, "default", "10.0.3.7", 5) },
	})
	silent(t, dangerousCommandsOpen, 1, map[string]func(*synth, int){
		"a person": func(s *synth, i int) { users(s); come(s, "shop", "10.0.3.7", 2) },
		"local":    func(s *synth, i int) { users(s); come(s, "shop", "127.0.0.1", 9) },
		"default":  func(s *synth, i int) { users(s); come(s, "default", "10.0.3.7", 9) },
		"unknown":  func(s *synth, i int) { come(s, "shop", "10.0.3.7", 9) },
	})
}
