package doctor

import (
	"testing"

	"redistop/internal/stats"
)

func TestFailingCommands(t *testing.T) {
	s := newSynth(failingCommands)
	s.connection(stats.ConnectionRow{Addr: "10.0.3.5:77", Name: "reports", LastCommand: "lpush"})
	s.run(20, func(int) { s.calls("get", 500, 3).calls("lpush", 12, 4).fails("lpush", 12, 0).errors("WRONGTYPE", 12) })
	f := s.only(t, "failing-commands", stats.Warning)
	if want := "12/s commands fail with WRONGTYPE, most of them LPUSH"; f.Title != want {
		t.Errorf("title %q, want %q", f.Title, want)
	}
	if len(f.Culprits) != 1 || f.Culprits[0].Name != "reports" || len(f.Unknown) > 0 || f.Confidence != stats.Certain {
		t.Errorf("culprits %+v, unknown %q, %s", f.Culprits, f.Unknown, f.Confidence)
	}
	wantPrintable(t, f)
}

func TestErrorsThatMatterLess(t *testing.T) {
	for _, c := range []struct {
		name     string
		second   func(s *synth, i int)
		severity stats.Severity
	}{
		{"one in two seconds", func(s *synth, i int) {
			if i%2 == 0 {
				s.errors("WRONGTYPE", 1)
			}
		}, stats.Info},
		{"fewer", func(s *synth, i int) {
			if i%10 == 0 {
				s.errors("WRONGTYPE", 1)
			}
		}, ""},
		{"below the share", func(s *synth, i int) { s.calls("set", 2000, 3).errors("ERR", 10) }, stats.Info},
		{"a flood", func(s *synth, i int) { s.calls("set", 200_000, 3).errors("ERR", 50) }, stats.Warning},
		{"a burst at a start", func(s *synth, i int) {
			if i == 5 {
				s.errors("BUSYGROUP", 300)
			}
		}, ""},
		{"writes to a replica", func(s *synth, i int) {
			if i%3 == 0 {
				s.errors("READONLY", 1)
			}
		}, stats.Warning},
		{"errors of other rules", func(s *synth, i int) { s.errors("OOM", 100).errors("NOAUTH", 100).errors("EXECABORT", 100) }, ""},
		{"a code that was made up", func(s *synth, i int) { s.errors("\x1b[2J", 100) }, stats.Warning},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSynth(failingCommands)
			s.run(60, func(i int) { c.second(s.calls("get", 500, 3), i) })
			if c.severity == "" {
				s.none(t)
				return
			}
			wantPrintable(t, s.only(t, "failing-commands", c.severity))
		})
	}
}

func TestDeniedCommands(t *testing.T) {
	s := newSynth(deniedCommands)
	s.now.Denied = []stats.DeniedRow{
		{Reason: "command", Object: "flushall", User: "shop", Count: 40, AgeSeconds: 2, Addr: "10.0.3.5:77", Name: "web"},
		{Reason: "auth", Object: "AUTH", User: "guess", Count: 900, AgeSeconds: 2, Addr: "10.9.9.9:1"},
		{Reason: "key", Object: "secret\x1b", User: "shop", Count: 4, AgeSeconds: 900},
	}
	s.run(20, func(int) { s.calls("get", 500, 3).errors("NOPERM", 2) })
	f := s.only(t, "denied-commands", stats.Warning)
	if want := "38 commands refused for want of rights in 19 s, most of user shop"; f.Title != want {
		t.Errorf("title %q, want %q", f.Title, want)
	}
	if len(f.Culprits) != 1 || f.Culprits[0].Command != "command flushall" || whoText(f.Culprits[0]) != "web (10.0.3.5:77, user shop)" {
		t.Errorf("culprits %+v", f.Culprits)
	}
	wantPrintable(t, f)

	newSynth(deniedCommands).run(60, nil).none(t)
	s = newSynth(deniedCommands)
	s.run(9, func(int) { s.calls("get", 500, 3).errors("NOPERM", 1) }).none(t)
}
