package doctor

import (
	"strings"
	"testing"
	"time"

	"redistop/internal/stats"
)

func TestSlowScript(t *testing.T) {
	s := newSynth(slowScript, blockingCommand)
	s.run(20, func(i int) {
		s.calls("get", 2000, 3).calls("eval", 1, 180_000).calls("keys", 1, 170_000)
		s.logged("?:0", "", 170_000, "KEYS", "cart:*")
		s.logged("10.0.3.7:51234", "report", 180_000, "EVAL", "local k = redis.call('keys', 'cart:*') for i=1,50000 do end", "0", "private")
	})
	f := s.only(t, "slow-script", stats.Critical)
	if want := "EVAL local k = redis.call('keys', '…') for i=1,* … blocks this server for 18 % of the time"; f.Title != want {
		t.Errorf("title %q, want %q", f.Title, want)
	}
	if len(f.Culprits) != 1 || whoText(f.Culprits[0]) != "report (10.0.3.7:51234)" {
		t.Errorf("culprits %+v", f.Culprits)
	}
	last := f.Evidence[len(f.Evidence)-1]
	if want := "20 entries, the newest: KEYS cart:*"; last.Value != want {
		t.Errorf("inside it: %q, want %q", last.Value, want)
	}
	if strings.Contains(strings.Join([]string{f.Title, f.Culprits[0].Command, last.Value}, " "), "private") {
		t.Errorf("an argument is shown: %+v", f)
	}
	wantPrintable(t, f)
}

func TestQuickScripts(t *testing.T) {
	newSynth(slowScript).run(30, nil).none(t)
	s := newSynth(slowScript)
	s.run(30, func(int) { s.calls("evalsha", 5000, 30).longest("evalsha", 900) }).none(t)
}

// A script past its time limit is seen while the server tells nothing else.
func TestScriptPastItsTime(t *testing.T) {
	s := newSynth(slowScript)
	s.connection(stats.ConnectionRow{Addr: "10.0.3.7:1", Name: "report", LastCommand: "eval"})
	s.run(3, func(int) { s.calls("get", 1000, 3) }).none(t)
	stale := s.now
	stale.Stale, stale.Link = true, stats.Link{State: stats.Busy, Since: t0, Message: "BUSY Redis is busy running a script."}
	s.took = s.doctor.Observe(&stale)
	f := s.only(t, "slow-script", stats.Critical)
	if len(f.Culprits) != 1 || f.Culprits[0].Name != "report" {
		t.Errorf("culprits %+v", f.Culprits)
	}
	wantPrintable(t, f)
	s.now.Time = s.now.Time.Add(time.Minute)
	s.next()
	if len(s.took) != 1 || s.took[0].Resolved == nil {
		t.Errorf("after it ended: %+v", s.took)
	}
}

func TestScriptLabels(t *testing.T) {
	for text, want := range map[string]string{
		"return redis.call('GET', KEYS[1])":        "return redis.call('GET', KEYS[1])",
		"redis.call(\"set\", 'user:9', 'secret')":  "redis.call(\"set\", '…', '…')",
		"return 'never closed":                     "return '…",
		`return 'it\'s secret' .. "a"`:             "return '…' .. \"…\"",
		"return [[secret]] .. [=[secret]]]=]":      "return [[…]] .. [=[…]=]",
		"c664a3bf70bd1d45c4284ffebb65a6f2299bfc9f": "c664a3bf70bd1d45c4284ffebb65a6f2299bfc9f",
		"for i=1,12345 do\n end":                   "for i=1,* do end",
		"\x1b[31m":                                 `\x1b[31m`,
		"":                                         "",
	} {
		if got := scriptLabel(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
