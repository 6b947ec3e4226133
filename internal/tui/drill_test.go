package tui

import (
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"redistop/internal/stats"
)

// startSampled gives a running screen of a server that is sampled.
func startSampled(t *testing.T, width, height int, o Options) *driver {
	d := start(t, width, height, o)
	d.feed(sampledCache(noon.Add(time.Second), 1))
	return d
}

func TestDrillFromClientToKeysAndBack(t *testing.T) {
	d := startSampled(t, 120, 40, Options{})
	d.press("2", "down", "enter")
	d.shows("Clients by ip › 10.0.1.11 ─", "18.6k ±1.3k commands/s · 45 % of all · 5,586 of 12,360 seen in 150 windows",
		"▸Commands", "Key patterns", "user:*:profile")
	d.hides("10.0.1.12", "net out")

	d.press("down", "down", "enter")
	d.shows("› 10.0.1.11 › set ─", "3.0k ±0.2k commands/s", "▸Key patterns", "cache:page:*")
	d.hides("session:*", "hgetall")

	d.press("enter")
	d.shows("› 10.0.1.11 › set › cache:page:* ─", "▸Clients by name", "web-1")
	d.press("g", "g", "g")
	d.shows("▸Clients by ip")
	d.press("enter")
	d.shows("as deep as it goes")
	d.press("g")
	d.press("enter")
	d.shows("› cache:page:* › web-1 ─")

	d.press("esc")
	d.shows("› cache:page:* ─", "▸Clients by name", "▸ web-1")
	d.press("esc")
	d.shows("› 10.0.1.11 › set ─")
	d.press("esc")
	d.shows("› 10.0.1.11 ─", "▸ set")
	d.press("esc")
	d.hides("›")
	d.shows("▸Clients by ip", "▸ 10.0.1.11", "net out")
}

func TestDrillFromCommandAndPattern(t *testing.T) {
	d := startSampled(t, 120, 40, Options{})
	d.press("down", "enter")
	d.shows("Commands now › get ─", "▸Key patterns", " Clients by ip", "cache:page:*", "10.0.1.12")
	d.press("tab", "g")
	d.shows("▸Clients by name", "web-2")
	d.press("3")
	d.shows("▸3 Keys by pattern")
	d.hides("›")
	d.press("down", "down", "enter")
	d.shows("Keys by pattern › session:* ─", "▸Commands", " Clients by ip", "expire", "10.0.2.20")
}

func TestDrillByMouse(t *testing.T) {
	d := startSampled(t, 120, 40, Options{})
	d.press("2", "down", "enter")
	for y, line := range strings.Split(d.screen(), "\n") {
		if x := strings.Index(line, "user:*:profile"); x >= 0 {
			d.send(tea.MouseClickMsg{X: textWidth(line[:x]), Y: y, Button: tea.MouseLeft})
		}
	}
	d.shows("▸Key patterns", "▸ user:*:profile")
	d.press("enter")
	d.shows("› 10.0.1.11 › user:*:profile ─", "hgetall")
}

// The page follows the Snapshots, also into the past.
func TestDrillFollowsTheSnapshots(t *testing.T) {
	d := startSampled(t, 120, 40, Options{})
	d.press("2", "down", "enter")
	d.feed(sampledCache(noon.Add(3*time.Second), 0.5))
	d.shows("9.3k ±0.7k commands/s")
	d.press("[")
	d.shows("◂ ", "18.6k ±1.3k commands/s")
	d.press("]")
	d.shows("9.3k ±0.7k commands/s")
	d.feed(busyCache(noon.Add(5*time.Second), 1))
	d.shows("no samples at this moment")
	down := downSnapshot()
	down.Time = noon.Add(7 * time.Second)
	d.feed(down)
	d.shows("no figures while the server does not answer")
}

func TestDrillListsSortAndFilter(t *testing.T) {
	d := startSampled(t, 120, 40, Options{})
	d.press("2", "down", "enter", "/", "h", "g", "enter")
	d.shows("/hg", "hgetall", "1 of 3")
	d.press("esc", "r")
	screen := d.screen()
	if strings.Index(screen, "  hgetall") > strings.Index(screen, "  get ") {
		t.Errorf("reversed, the rarest command is not the first:\n%s", screen)
	}
	d.press("down", "y")
	d.shows("copied the row")
}

func TestDetailsStayReachable(t *testing.T) {
	d := startSampled(t, 80, 24, Options{})
	d.press("2", "down", "i")
	d.shows("Clients · 10.0.1.11", "output buffer", "± of 95 in 100")
	d.press("esc", "enter", "i")
	d.shows("Clients · 10.0.1.11", "output buffer")
	d.press("esc")
	d.shows("Clients by ip › 10.0.1.11")

	wide := startSampled(t, 200, 60, Options{})
	wide.press("2", "down", "enter")
	wide.shows("All about it", "output buffer")
	gone := sampledCache(noon.Add(3*time.Second), 1)
	gone.Clients = slices.DeleteFunc(gone.Clients, func(g stats.ClientGroup) bool { return g.Key == "10.0.1.11" })
	wide.feed(gone)
	wide.shows("no longer there")
}

// Without samples Enter shows the details as ever.
func TestEnterWithoutSamplesShowsDetails(t *testing.T) {
	d := start(t, 80, 24, Options{})
	d.press("2", "down", "enter")
	d.shows("Clients · 10.0.1.11", "output buffer")
	d.hides("›")
}

func TestUnknownClientsAreNotTakenApart(t *testing.T) {
	d := startSampled(t, 120, 40, Options{})
	s := sampledCache(noon.Add(3*time.Second), 1)
	s.Commands = append([]stats.CommandRow{{Name: "ping", CallsPerSecond: some(1e6)}}, s.Commands...)
	d.feed(s)
	d.press("down", "enter", "g", "down")
	d.shows("› ping ─", "▸ (not known)")
	d.press("enter")
	d.shows("› ping ─", "nobody knows who these are")
}

func TestHotKeys(t *testing.T) {
	d := startSampled(t, 120, 40, Options{})
	d.press("3", "g")
	d.shows("▸3 Keys hot keys", "session:4711")
	d.press("down", "enter")
	d.shows("Keys · cache:page:4711", "commands in the samples")
	d.press("esc", "g")
	d.shows("▸3 Keys by pattern", "session:*")
}

func TestKeysSayWhyThereAreNone(t *testing.T) {
	keys := Options{Watch: func(time.Duration) {}, SetSampling: func(bool) {}}
	d := start(t, 120, 40, keys)
	d.press("3")
	d.shows("poll mode reads counters only — M samples the commands, m shows them all for a while")
	d.feed(pausedSnapshot())
	d.shows("! no samples: used memory is within 10 % of maxmemory", "samples paused !")

	s := busyCache(noon.Add(2*time.Second), 1)
	s.Missing = []stats.Missing{{Part: "samples", Command: "MONITOR", Reason: "the server refuses it: NOPERM", Remedy: "ACL SETUSER app +monitor +wait"}}
	s.Observer.Mode = "sample"
	d.feed(s)
	d.shows("! MONITOR: the server refuses it: NOPERM", "→ ACL SETUSER app +monitor +wait", "MONITOR refused !")

	s = busyCache(noon.Add(4*time.Second), 1)
	s.Observer.Mode, s.Observer.MonitorDuty = "sample", some(.01)
	d.feed(s)
	d.shows("the first windows are yet to come", "seen 1.0 %")
	s = busyCache(noon.Add(6*time.Second), 1)
	s.Observer.Mode, s.Sampled.Windows = "sample", 40
	d.feed(s)
	d.shows("no command in 40 windows")
}

func TestEstimatesAndExactRates(t *testing.T) {
	d := startSampled(t, 120, 40, Options{})
	d.press("2")
	d.shows("Clients by ip · estimated from 12,360 commands in 150 windows", "18.6k ±1.3k", "top commands", "get 75% set")
	exact := sampledCache(noon.Add(3*time.Second), 1)
	exact.Sampled.Complete = true
	d.feed(exact)
	d.shows("Clients by ip · exact: every command was seen")
	d.feed(busyCache(noon.Add(5*time.Second), 1))
	d.shows("Clients by ip · exact · 6", "last command")
	d.hides("±")
}
