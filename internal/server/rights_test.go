package server

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"redistop/internal/redistest"
	"redistop/internal/stats"
)

// The user that ACLRule prints sees everything, and not one right of it is too much.
func TestTheLeastUserSeesEverything(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		rule, err := ACLRule(t.Context(), Target{Network: "unix", Address: s.Socket()}, ACLWish{User: "redistop"})
		if err != nil {
			t.Fatal(err)
		}
		args := strings.Fields(strings.Replace(rule, ">PASSWORD", ">pw", 1))
		if _, err := s.CLI(args...); err != nil {
			t.Fatal(err)
		}
		target := Target{Network: "unix", Address: s.Socket(), Username: "redistop", Password: "pw"}
		if r := pollAs(t, target); len(r.Missing) != 0 || r.Clients == nil || r.Memory == nil || r.Histograms == nil {
			t.Errorf("the least user misses %+v", r.Missing)
		}
		if text, _ := s.CLI("INFO", "errorstats"); strings.Contains(text, "errorstat_") {
			t.Errorf("the least user causes errors: %s", text)
		}
		for _, right := range args[7:] {
			if _, err := s.CLI("ACL", "SETUSER", "redistop", "-"+right[1:]); err != nil {
				t.Fatal(err)
			}
			if harmless := map[string]bool{"+client|setname": true, "+client|id": true, "+command|info": true}; !harmless[right] {
				p, err := Connect(t.Context(), target, 1)
				if err != nil {
					t.Fatal(err)
				}
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
