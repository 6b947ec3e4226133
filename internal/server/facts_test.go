package server

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/stats"
)

// what comes of several polls together.
func pollFacts(t *testing.T, p *Poller, polls int) (r stats.Reading) {
	t.Helper()
	for range polls {
		next := poll(t, p)
		if next.Config == nil {
			next.Config = r.Config
		}
		if next.Access == nil {
			next.Access = r.Access
		}
		if next.Denied == nil {
			next.Denied = r.Denied
		}
		r = next
	}
	return r
}

func run(t *testing.T, s *redistest.Server, commands ...string) {
	t.Helper()
	for _, c := range commands {
		if _, err := s.CLI(strings.Fields(c)...); err != nil {
			t.Fatal(err)
		}
	}
}

func TestConfiguration(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		p := connectTo(t, s, 1)
		if first := poll(t, p); first.Config != nil {
			t.Error("the first picture waits for the configuration")
		}
		r := poll(t, p)
		if r.Config["maxmemory-policy"] != "noeviction" || r.Config["timeout"] != "0" || len(r.Config) < 40 {
			t.Fatalf("%d parameters: %v", len(r.Config), r.Config)
		}
		for _, secret := range []string{"dir", "requirepass", "masterauth", "logfile"} {
			if v, there := r.Config[secret]; there {
				t.Errorf("%s is told: %q", secret, v)
			}
		}
		if again := poll(t, p); again.Config != nil || calls(again, "config|get") != calls(r, "config|get")+1 {
			t.Errorf("it is asked at every poll: %d calls", calls(again, "config|get"))
		}
		run(t, s, "CONFIG SET maxmemory-policy allkeys-lru")
		if r := poll(t, p); r.Config["maxmemory-policy"] != "allkeys-lru" {
			t.Errorf("after CONFIG SET: %v", r.Config)
		}
	})
}

// Where CONFIG GET takes one parameter, some are asked at each poll, and the whole is told at the end.
func TestConfigurationOneByOne(t *testing.T) {
	s := redistest.New(t)
	p := connectTo(t, s, 1)
	info := redis.ParseInfo("redis_version:6.2.0\r\n")
	p.caps = Capabilities{}
	var r stats.Reading
	r.Info = info
	for n := 0; r.Config == nil; n++ {
		if n > len(configWords) {
			t.Fatal("it never ends")
		}
		p.conn.takeSent()
		if err := p.askConfig(t.Context(), &r); err != nil {
			t.Fatal(err)
		}
		if sent := p.conn.takeSent()["config|get"]; sent < 1 || sent > oneByOne {
			t.Fatalf("%d calls in one poll", sent)
		}
	}
	if r.Config["maxmemory-policy"] != "noeviction" || len(r.Config) < 40 {
		t.Errorf("%v", r.Config)
	}
}

func TestAccess(t *testing.T) {
	users := make([]string, 40)
	for i := range users {
		users[i] = fmt.Sprintf("user many%d on >x ~app:* +@read", i)
	}
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		run(t, s, "ACL SETUSER app on >secret ~* +@all -@dangerous +keys +config|get", "ACL SETUSER asleep off +@all ~*")
		a := pollFacts(t, connectTo(t, s, 1), 2+mostUsers/usersAPoll).Access
		if a == nil || a.User != "default" || !a.NoPassword.Or(false) || !a.DefaultAll.Or(false) || len(a.Users)+1 < mostUsers-1 || a.UsersOmitted != 43-mostUsers {
			t.Fatalf("%+v", a)
		}
		if d := a.Users[0]; d.Name != "default" || !d.NoPassword || !d.AllKeys || len(d.Dangerous) != len(dangerous) {
			t.Errorf("default: %+v", d)
		}
		i := slices.IndexFunc(a.Users, func(u stats.AclUser) bool { return u.Name == "app" })
		if i < 0 || a.Users[i].NoPassword || !a.Users[i].AllKeys || !slices.Equal(a.Users[i].Dangerous, []string{"keys"}) {
			t.Errorf("app: %+v", a.Users)
		}
		if slices.ContainsFunc(a.Users, func(u stats.AclUser) bool { return u.Name == "asleep" }) {
			t.Error("a user who is off is told")
		}
	}, redistest.Config(users...))
}

// What the login alone proves, where nothing else may be asked.
func TestAccessByTheLogin(t *testing.T) {
	s := redistest.New(t, redistest.Config("user boss on >pw +@all ~* &*", "user default on nopass +@all -acl ~* &*"))
	if a := pollFacts(t, connectTo(t, s, 1), 2).Access; a == nil || !a.NoPassword.Or(false) || a.DefaultAll.Known() || a.User != "" {
		t.Errorf("without a password: %+v", a)
	}
	run(t, s, "--user boss --pass pw ACL SETUSER default resetpass >pw +acl")
	p, err := Connect(t.Context(), Target{Network: "unix", Address: s.Socket(), Password: "pw"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if a := pollFacts(t, p, 2).Access; a == nil || a.NoPassword.Or(true) || !a.DefaultAll.Or(false) {
		t.Errorf("with a password: %+v", a)
	}
}

func TestRefusalsAreRead(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		run(t, s, "ACL SETUSER app on >secret ~app:* +@all -@dangerous")
		p := connectTo(t, s, 1)
		if r := pollFacts(t, p, 2); r.Denied != nil || calls(r, "acl|log") != 0 {
			t.Fatalf("asked without reason: %+v", r.Denied)
		}
		s.CLI("--user", "app", "--pass", "secret", "FLUSHALL")
		s.CLI("--user", "app", "--pass", "secret", "GET", "other:1")
		s.CLI("AUTH", "hunter2", "app") // a password in the wrong place
		r := pollFacts(t, p, 2)
		var got []string
		for _, d := range r.Denied {
			got = append(got, fmt.Sprintf("%s %s %s %d", d.Reason, d.Object, d.User, d.Count))
			if d.AgeSeconds < 0 || d.AgeSeconds > 60 || d.Context != "toplevel" || d.Addr == "" {
				t.Errorf("%+v", d)
			}
		}
		if want := []string{"auth AUTH  1", "key other:1 app 1", "command flushall app 1"}; !slices.Equal(got, want) {
			t.Errorf("refused: %q, want %q", got, want)
		}
		before := calls(r, "acl|log")
		if r := pollFacts(t, p, 3); calls(r, "acl|log") > before+1 {
			t.Errorf("asked %d times without reason", calls(r, "acl|log")-before)
		}
		if text, err := s.CLI("ACL", "LOG"); err != nil || !strings.Contains(text, "flushall") {
			t.Errorf("the log was reset: %q, %v", text, err)
		}
	})
}

func TestLatencyEvents(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		p := connectTo(t, s, 1)
		poll(t, p)
		if r := poll(t, p); calls(r, "latency|latest") != 0 || len(r.Events) != 0 {
			t.Errorf("asked although the monitor is off: %+v", r.Events)
		}
		run(t, s, "CONFIG SET latency-monitor-threshold 1")
		if _, err := s.CLI("EVAL", "local n = 0 for i = 1, 5000000 do n = n + i end return n", "0"); err != nil {
			t.Fatal(err)
		}
		poll(t, p)
		r := poll(t, p)
		i := slices.IndexFunc(r.Events, func(e stats.LatencyEvent) bool { return e.Event == "command" })
		if i < 0 {
			t.Fatalf("%+v", r.Events)
		}
		if e := r.Events[i]; e.LatestUsec < 1000 || e.MaxUsec < e.LatestUsec || time.Since(e.Time) > time.Minute {
			t.Errorf("%+v", e)
		}
	})
}

// A provider that takes CONFIG and ACL away takes away what they tell, without an error.
func TestConfigTakenAway(t *testing.T) {
	s := redistest.New(t, redistest.Config(`rename-command CONFIG ""`, `rename-command ACL ""`))
	r := pollFacts(t, connectTo(t, s, 1), 3)
	parts := map[string]bool{}
	for _, m := range r.Missing {
		parts[m.Part] = true
	}
	if len(r.Missing) != 2 || !parts["config"] || !parts["access"] || r.Config != nil || len(r.Info.Errors) != 0 {
		t.Errorf("missing %+v, errors %+v", r.Missing, r.Info.Errors)
	}
	if r.Access == nil || !r.Access.NoPassword.Or(false) {
		t.Errorf("access %+v", r.Access)
	}
}
