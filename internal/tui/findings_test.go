package tui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"redistop/internal/stats"
)

func TestFindingsAreWhereTheEyeFalls(t *testing.T) {
	d := start(t, 80, 24, Options{})
	d.hides("critical", "!!", "warning")
	d.feed(sickCache(noon.Add(2 * time.Second)))
	d.shows("1 critical", "!! KEYS shiro:session:* blocks this server for 11 % of the time", "+1 more, key 0", "get")

	healed := busyCache(noon.Add(4*time.Second), 1)
	healed.Findings = sickCache(noon.Add(4 * time.Second)).Findings[3:] // what is over
	d.feed(healed)
	d.hides("1 critical", "!! ")
	d.press("0")
	d.shows("▸Findings", "critical  200 connections a second", "over 40s")
}

func TestAFindingOpens(t *testing.T) {
	d := start(t, 80, 24, Options{})
	d.feed(sickCache(noon.Add(2 * time.Second)))
	for _, key := range []string{"0", "!"} {
		d.press("1", key)
		d.shows("▸Findings", "admin-web", "1m35s")
	}
	d.press("1")
	d.send(tea.MouseClickMsg{X: 10, Y: 1, Button: tea.MouseLeft})
	d.shows("▸Findings")
	d.press("enter")
	d.shows("Finding ──", "10.0.3.7 · name admin-web · user app · jedis 5.1.0 · 3 connections", "94 % of it, by SLOWLOG", "INFO commandstats, over 60 s", "↓ more")
	d.press("end")
	d.shows("2. or keep an index", "which part of admin-web asks", "redistop doctor rules blocking-command")

	next := sickCache(noon.Add(4 * time.Second))
	next.Findings[0].Title = "KEYS shiro:session:* blocks this server for 44 % of the time"
	d.feed(next)
	d.press("home")
	d.shows("CRITICAL · KEYS shiro:session:* blocks this server for 44 %")
	next = busyCache(noon.Add(6*time.Second), 1)
	d.feed(next)
	d.shows("44 %") // gone from the list, not from under the reader's eyes
	if cmd := d.press("y"); cmd == nil {
		t.Fatal("y copies nothing")
	}
	d.press("esc")
	d.shows("nothing was found that hurts this server")
}

func TestAFindingThatIsOverSaysSo(t *testing.T) {
	d := start(t, 120, 40, Options{})
	d.feed(sickCache(noon.Add(2 * time.Second)))
	d.press("0", "end", "enter")
	d.shows("critical · 200 connections a second come and go", "resolved "+noon.Add(-38*time.Second).Local().Format("15:04:05"))
}

func TestFindingsCanBeFiltered(t *testing.T) {
	d := start(t, 120, 40, Options{})
	d.feed(sickCache(noon.Add(2 * time.Second)))
	d.press("0", "/", "j", "e", "d", "i", "s", "enter")
	d.shows("1 of 4", "KEYS shiro")
	d.hides("does not read its replies")
}

// In a frame for a pipe nobody can press a key, so that more than the worst is told.
func TestPlainFramesTellFindings(t *testing.T) {
	s := sickCache(noon)
	frame := Frame(s, nil, 120, 40)
	for _, want := range []string{"1 critical", "1 warning", " !! KEYS shiro:session:*", " ! a client does not read its replies"} {
		if !strings.Contains(frame, want) {
			t.Errorf("no %q in\n%s", want, frame)
		}
	}
	if strings.Contains(frame, "press 0") {
		t.Error("a pipe is offered a key")
	}
	for range 20 {
		s.Findings = append(s.Findings, stats.Finding{Severity: stats.Critical, Title: "one more"})
	}
	if n := strings.Count(Frame(s, nil, 120, 40), " !! one more"); n != pipeFindings-2 {
		t.Errorf("%d lines of more findings", n)
	}
	if got := Frame(s, nil, 40, 3); !strings.HasPrefix(got, "21!! redistop: ") {
		t.Errorf("on one line: %q", got)
	}
}

// A title is not cut while other columns stand in cells that they do not fill.
func TestTitlesOfFindingsUseTheRoom(t *testing.T) {
	const title = "EVAL takes 31 % of the server's time, 2.1 s in the last minute, up to 40 ms"
	for _, width := range []int{112, 120, 200} {
		v := newView(width, 40)
		v.snap, v.now, v.keys, v.full = sickCache(noon), noon, true, true
		v.snap.Findings = []stats.Finding{{Rule: "slow-script", Severity: stats.Warning, Title: title, FirstSeen: noon.Add(-9e9), LastSeen: noon}}
		v.setFocus(panelIndex(findingsPanel.id))
		if line := lineWith(v.render().encode(nil), "warning   "); !strings.Contains(line, title) {
			t.Errorf("%d columns: %q", width, line)
		}
	}
}
