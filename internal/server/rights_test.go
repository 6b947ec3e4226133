package server

import (
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"redistop/internal/redistest"
	"redistop/internal/stats"
)

// leastUser makes the user that ACLRule prints and returns the words of the rule.
func leastUser(t *testing.T, s *redistest.Server, w ACLWish) (args []string, target Target) {
	t.Helper()
	rule, err := ACLRule(t.Context(), Target{Network: "unix", Address: s.Socket()}, w)
	if err != nil {
		t.Fatal(err)
	}
	args = strings.Fields(strings.Replace(rule, ">PASSWORD", ">pw", 1))
	if _, err := s.CLI(args...); err != nil {
		t.Fatal(err)
	}
	return args, Target{Network: "unix", Address: s.Socket(), Username: w.User, Password: "pw"}
}

// The least user sees all but what the doctor wants beyond counters; that it does not even ask for. It is
// told what is missing, and the server counts no error.
func TestTheLeastUserCausesNoError(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		rule, target := leastUser(t, s, ACLWish{User: "redistop"})
		p, err := Connect(t.Context(), target, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		poll(t, p)
		r := poll(t, p)
		if len(r.Missing) != 2 || !remedied(r.Missing, "+config|get") || !remedied(r.Missing, "+acl|users") {
			t.Errorf("missing %+v", r.Missing)
		}
		if r.Clients == nil || r.Memory == nil || r.Histograms == nil || r.Events == nil {
			t.Errorf("%q does not serve", rule)
		}
		if text, _ := s.CLI("INFO", "errorstats"); strings.Contains(text, "errorstat_") {
			t.Errorf("the least user causes errors: %s", text)
		}
	})
}

// The user that ACLRule prints for the doctor sees everything, and not one right of it is too much.
func TestTheDoctorsUserSeesEverything(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		args, target := leastUser(t, s, ACLWish{User: "redistop", Doctor: true})
		if r := pollAs(t, target); len(r.Missing) != 0 || r.Clients == nil || r.Memory == nil || r.Histograms == nil || r.Config == nil || r.Access == nil {
			t.Errorf("the doctor's user misses %+v", r.Missing)
		}
		if text, _ := s.CLI("INFO", "errorstats"); strings.Contains(text, "errorstat_") {
			t.Errorf("the doctor's user causes errors: %s", text)
		}
		if _, err := s.CLI("CONFIG", "SET", "latency-monitor-threshold", "100"); err != nil {
			t.Fatal(err)
		}
		s.CLI("--user", "redistop", "--pass", "pw", "FLUSHALL") // so that there is reason to read ACL LOG
		for _, right := range args[slices.Index(args, "-@all")+1:] {
			if _, err := s.CLI("ACL", "SETUSER", "redistop", "-"+right[1:]); err != nil {
				t.Fatal(err)
			}
			if harmless := map[string]bool{"+client|setname": true, "+client|id": true, "+command|info": true, "+acl|dryrun": true, "+ping": true}; !harmless[right] {
				p, err := Connect(t.Context(), target, 1)
				if err != nil {
					t.Fatal(err)
				}
				p.Poll(t.Context(), time.Second)
				r, err := p.Poll(t.Context(), time.Second)
				p.Close()
				if err == nil && !remedied(r.Missing, right) {
					t.Errorf("without %s: missing %+v", right, r.Missing)
				}
			}
			if _, err := s.CLI("ACL", "SETUSER", "redistop", right); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func remedied(list []stats.Missing, right string) bool {
	for _, m := range list {
		if m.Remedy == "ACL SETUSER redistop "+right {
			return true
		}
	}
	return false
}

func pollAs(t *testing.T, target Target) stats.Reading {
	t.Helper()
	p, err := Connect(t.Context(), target, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	poll(t, p)
	return poll(t, p)
}

// Cloud providers rename or disable commands: the panel goes, the tool stays, no error is counted.
func TestDisabledCommandsTakeAwayAPanel(t *testing.T) {
	s := redistest.New(t, redistest.Config(`rename-command SLOWLOG ""`, `rename-command MEMORY m123`))
	r := pollAs(t, Target{Network: "unix", Address: s.Socket()})
	parts := map[string]bool{}
	for _, m := range r.Missing {
		parts[m.Part] = true
	}
	if len(parts) != 2 || !parts["slow"] || !parts["memory"] || r.Clients == nil {
		t.Errorf("missing %+v", r.Missing)
	}
	if len(r.Info.Errors) != 0 {
		t.Errorf("errorstats %+v", r.Info.Errors)
	}
}

func TestKillClosesTheOneThatWasNamed(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		a, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		settle(t, s, 1)
		id, target := truth(t, s)[0], Target{Network: "unix", Address: s.Socket()}
		if err := Kill(t.Context(), target, id, "127.0.0.1:1"); !errors.Is(err, ErrGone) {
			t.Errorf("the right id with another address: %v", err)
		}
		if err := Kill(t.Context(), target, id, a.LocalAddr().String()); err != nil {
			t.Errorf("kill: %v", err)
		}
		a.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := a.Read(make([]byte, 1)); err == nil || errors.Is(err, net.ErrClosed) || strings.Contains(err.Error(), "timeout") {
			t.Errorf("the connection is still there: %v", err)
		}
	}, redistest.TCP())
}
