package tui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"redistop/internal/stats"
)

func TestPauseAndTravel(t *testing.T) {
	d := start(t, 120, 40, Options{})
	d.shows("cmd/s   41.2k")
	d.press("space")
	d.shows("PAUSED")
	d.feed(busyCache(noon.Add(2*time.Second), 2))
	d.shows("PAUSED", "cmd/s   41.2k")
	d.press("space")
	d.hides("PAUSED")
	d.shows("cmd/s   82.5k")

	d.press("[", "[", "[")
	d.shows("◂ 6s ago", "cmd/s   33.0k", "then 33.0k", "max 82.5k")
	d.feed(busyCache(noon.Add(4*time.Second), 3))
	d.shows("◂ 8s ago", "cmd/s   33.0k", "max 124k")
	d.press("[")
	d.shows("oldest that is kept")
	d.press("]", "]", "]", "]")
	d.hides("ago  cost")
	d.shows("cmd/s   124k")
	d.press("[", "esc")
	d.shows("cmd/s   124k")
}

func TestMissingPartsNameTheirRemedy(t *testing.T) {
	d := start(t, 200, 60, Options{})
	d.feed(refusingSnapshot())
	for _, want := range []string{
		"! INFO commandstats: NOPERM", "→ ACL SETUSER app +info|commandstats", "! CLIENT LIST: NOPERM", "→ ACL SETUSER app +client|list",
		"! SLOWLOG GET: NOPERM", "! MEMORY STATS: NOPERM",
	} {
		d.shows(want)
	}
	d.press("?")
	d.shows("latency: NOPERM", "+latency|histogram")

	part := busyCache(noon.Add(2*time.Second), 1)
	part.Missing = []stats.Missing{{Part: "slow", Command: "COMMANDLOG GET", Reason: "NOPERM"}}
	d.press("esc")
	d.feed(part)
	d.shows("COMMANDLOG GET refused !", "KEYS *")
}

func TestLinkTroubleIsLoud(t *testing.T) {
	d := start(t, 120, 40, Options{})
	d.hides("STALLED")
	s := downSnapshot()
	s.Time = noon.Add(14 * time.Second)
	s.Link.Since = noon.Add(2 * time.Second)
	d.feed(s)
	d.shows("STALLED 12s · figures 14s old · no reply to INFO")
	d.send(tickMsg(noon.Add(20 * time.Second)))
	d.shows("STALLED 18s · figures 20s old")

	retry := noon.Add(23 * time.Second)
	s = downSnapshot()
	s.Time = noon.Add(20 * time.Second)
	s.Link = stats.Link{State: stats.Down, Message: "connection refused", NextTry: &retry}
	d.feed(s)
	d.shows("DOWN, retry in 3s · figures 20s old · connection refused")

	s = busyCache(noon.Add(22*time.Second), 1)
	s.Link = stats.Link{State: stats.Loading}
	s.Persistence.Loading, s.Persistence.LoadedShare = true, some(.43)
	d.feed(s)
	d.shows("LOADING 43 %")

	s = downSnapshot()
	s.Time = noon.Add(24 * time.Second)
	s.Link = stats.Link{State: stats.Denied, Message: "WRONGPASS", Hint: "check --user and the password"}
	d.feed(s)
	d.shows("DENIED", "check --user and the password")

	d.feed(busyCache(noon.Add(26*time.Second), 1))
	d.hides("DENIED", "figures")
}

func TestStaleFiguresAreDimmed(t *testing.T) {
	v := newView(120, 40)
	v.snap, v.now = downSnapshot(), noon
	s := v.render()
	for y := 2; y < s.height; y++ {
		for x := range s.width {
			if c := s.cells[y*s.width+x]; c.text != "" && c.style != styleDim {
				t.Fatalf("cell %d,%d %q of old figures has style %d", x, y, c.text, c.style)
			}
		}
	}
}

func TestPacingNote(t *testing.T) {
	d := start(t, 80, 24, Options{})
	s := busyCache(noon.Add(2*time.Second), 1)
	s.Observer.PausedReason = "CLIENT LIST every 12 s: it costs 11 ms"
	s.Observer.ClientsKnown, s.Observer.ClientsExpected = 4000, 10_000
	d.feed(s)
	d.shows("! CLIENT LIST every 12 s: it costs 11 ms")
	d.press("2")
	d.shows("seen 4,000 of 10,000")
}

func TestThemes(t *testing.T) {
	d := start(t, 80, 24, Options{Theme: "auto"})
	d.send(tea.BackgroundColorMsg{Color: hex("#ffffff")})
	if d.m.theme.name != "light" {
		t.Errorf("on a light terminal the theme is %s", d.m.theme.name)
	}
	d.send(tea.EnvMsg{"NO_COLOR=1"})
	if d.m.theme.name != "none" {
		t.Errorf("with NO_COLOR the theme is %s", d.m.theme.name)
	}
	if frame := d.m.View().Content; strings.Contains(frame, "38;") || strings.Contains(frame, "48;") {
		t.Error("colours in a frame without colours")
	}
	d.press("T")
	if d.m.theme.name != "dark" {
		t.Errorf("after none comes %s", d.m.theme.name)
	}
	for _, th := range themes {
		for g := range th.codes {
			for st, code := range th.codes[g] {
				if !strings.HasPrefix(code, "\x1b[0") {
					t.Errorf("%s: style %d does not begin with a reset: %q", th.name, st, code)
				}
			}
		}
	}
}

func TestNothingIsDrawnTwice(t *testing.T) {
	d := start(t, 80, 24, Options{})
	d.m.View()
	d.send(tickMsg(noon.Add(5 * time.Second)))
	if d.m.dirty {
		t.Error("a tick draws a live screen anew")
	}
	d.press("space")
	d.m.View()
	d.send(tickMsg(noon.Add(6 * time.Second)))
	if !d.m.dirty {
		t.Error("a tick does not move the clock of a paused screen")
	}
}

func TestTheEndOfTheObserver(t *testing.T) {
	ch := make(chan *stats.Snapshot, 1)
	d := start(t, 80, 24, Options{Snapshots: ch})
	ch <- busyCache(noon.Add(2*time.Second), 2)
	close(ch)
	d.send(d.m.next()())
	d.shows("82.5k")
	d.send(d.m.next()())
	d.shows("the observer has ended", "82.5k")
}
