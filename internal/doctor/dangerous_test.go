package doctor

import (
	"strings"
	"testing"

	"redistop/internal/stats"
)

func TestFlush(t *testing.T) {
	s := newSynth(dangerousCommand, blockingCommand)
	s.now.Keyspace[0].Keys = 1_000_000
	s.run(5, func(int) { s.calls("get", 2000, 3) }).none(t)
	s.now.Keyspace = nil
	s.calls("get", 2000, 3).calls("flushall", 1, 812_000).logged("10.0.6.1:999", "deploy", 812_000, "FLUSHALL").next()
	f := s.only(t, "dangerous-command", stats.Critical)
	if want := "FLUSHALL removed 1,000,000 keys and blocked this server for 812 ms"; f.Title != want {
		t.Errorf("title %q, want %q", f.Title, want)
	}
	if want := "1,000,000 before, 0 after"; f.Evidence[1].Value != want {
		t.Errorf("evidence %q, want %q", f.Evidence[1].Value, want)
	}
	if len(f.Culprits) != 1 || f.Culprits[0].Name != "deploy" || f.Culprits[0].Command != "FLUSHALL" || len(f.Unknown) > 0 {
		t.Errorf("culprits %+v, unknown %q", f.Culprits, f.Unknown)
	}
	wantPrintable(t, f)
}

func TestDangerousCommands(t *testing.T) {
	for _, c := range []struct {
		name     string
		second   func(s *synth, i int)
		severity stats.Severity
		title    string
		impact   string // holds it
	}{
		{"a flush of a few keys", func(s *synth, i int) {
			if i == 9 {
				s.now.Keyspace = nil
				s.calls("flushdb", 1, 60)
			}
		}, stats.Info, "FLUSHDB removed 999 keys", ""},
		{"a flush at the limit", func(s *synth, i int) {
			if i == 0 {
				s.now.Keyspace = []stats.KeyspaceRow{{Keys: 1000}}
			} else if i == 9 {
				s.now.Keyspace = nil
				s.calls("flushdb", 1, 60)
			}
		}, stats.Critical, "FLUSHDB removed 1,000 keys", "a cache is cold"},
		{"SAVE of little", func(s *synth, i int) {
			if i == 9 {
				s.calls("save", 1, 2000)
			}
		}, stats.Info, "SAVE came once", "writes the whole dataset"},
		{"SAVE of much", func(s *synth, i int) {
			if i == 9 {
				s.calls("save", 1, 3_200_000).longest("save", 1_100_000).logged("10.0.0.1:1", "", 3_200_000, "SAVE")
			}
		}, stats.Critical, "SAVE came once, for 3.2 s", "While one runs about"},
		{"DEBUG", func(s *synth, i int) { s.calls("debug", 1, 30) }, stats.Info, "DEBUG came 19 times", "made for developing"},
		{"CLIENT PAUSE", func(s *synth, i int) {
			if i == 9 {
				s.calls("client|pause", 1, 30)
			}
		}, stats.Warning, "CLIENT PAUSE holds the commands of all clients", "time-outs"},
		{"KEYS as a habit", func(s *synth, i int) { s.calls("keys", 1, 60) }, stats.Info, "KEYS is in regular use: 1/s, 60 µs each", "longer with every key"},
		{"KEYS at a start-up", func(s *synth, i int) {
			if i == 3 {
				s.calls("keys", 30, 60)
			}
		}, "", "", ""},
		{"KEYS that blocks", func(s *synth, i int) { s.calls("keys", 1, 60_000) }, "", "", ""},
		{"CONFIG SET of something unknown", func(s *synth, i int) {
			if i == 9 {
				s.calls("config|set", 2, 8)
			}
		}, stats.Info, "CONFIG SET came twice", ""},
		{"CONFIG SET that is seen", func(s *synth, i int) {
			s.now.Config = map[string]string{"maxmemory": "0", "save": "3600 1"}
			if i >= 9 {
				s.now.Config = map[string]string{"maxmemory": "1gb", "save": "3600 1"}
			}
		}, stats.Info, "The configuration was changed: maxmemory from 0 to 1gb", "after a restart"},
		{"CONFIG SET that ends saving", func(s *synth, i int) {
			s.now.Config = map[string]string{"save": "3600 1 300 100"}
			if i >= 9 {
				s.now.Config = map[string]string{"save": ""}
			}
		}, stats.Warning, `The configuration was changed: save from "3600 1 300 100" to ""`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSynth(dangerousCommand)
			s.now.Keyspace[0].Keys = 999
			s.run(20, func(i int) { c.second(s.calls("get", 2000, 3), i) })
			if c.severity == "" {
				s.none(t)
				return
			}
			f := s.only(t, "dangerous-command", c.severity)
			if f.Title != c.title || !strings.Contains(f.Impact, c.impact) {
				t.Errorf("title %q, want %q; impact %q", f.Title, c.title, f.Impact)
			}
			wantPrintable(t, f)
		})
	}
}
