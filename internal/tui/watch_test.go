package tui

import (
	"slices"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"redistop/internal/stats"
)

func TestWatchAsksAndEnds(t *testing.T) {
	var asked []time.Duration
	d := startSampled(t, 120, 40, Options{Watch: func(n time.Duration) { asked = append(asked, n) }})
	d.shows("seen 1.0 %  samples cost 0.40 %")
	d.press("m")
	d.shows("See every command for 10 s?", "0.40 % of throughput at 1.0 % of the time,", "about 40 % while it is on",
		"the server ends it by itself", "▸[10 s]")
	d.press("right")
	d.shows("for 30 s?", "▸[30 s]")
	d.press("left", "left", "left")
	d.shows("for 5 s?")
	d.press("6")
	d.shows("for 60 s?")
	d.press("esc")
	d.hides("See every")
	if len(asked) > 0 {
		t.Fatalf("started without a yes: %v", asked)
	}

	d.press("m", "5", "enter")
	d.shows(" MONITOR 5s left ")
	d.send(tickMsg(noon.Add(3 * time.Second)))
	d.shows(" MONITOR 3s left ")
	d.press("m")
	d.hides("MONITOR 3s left")
	d.press("m", "enter")
	d.shows("MONITOR 10s left")
	d.press("esc")
	d.shows("MONITOR ended", "seen 1.0 %")
	d.press("m", "enter")
	d.send(tickMsg(noon.Add(14 * time.Second)))
	d.hides("left ")
	d.shows("seen 1.0 %")
	if want := []time.Duration{5e9, 0, 10e9, 0, 10e9}; !slices.Equal(asked, want) {
		t.Errorf("asked for %v, want %v", asked, want)
	}
}

// The Snapshots know best when MONITOR ends, also one that a flag began.
func TestMonitorOfTheObserverIsShown(t *testing.T) {
	d := start(t, 120, 40, Options{Watch: func(time.Duration) {}})
	until := noon.Add(9 * time.Second)
	s := sampledCache(noon.Add(2*time.Second), 1)
	s.Observer.Mode, s.Observer.MonitorUntil, s.Observer.MonitorDuty = string(stats.ModeMonitor), &until, some(1)
	s.Sampled.Complete = true
	d.feed(s)
	d.shows(" MONITOR 7s left ")
	d.send(tea.WindowSizeMsg{Width: 40, Height: 3})
	d.shows("MONITOR 7s left · redistop: 41.2k cmd/s")
	d.send(tea.WindowSizeMsg{Width: 120, Height: 40})
	d.press("[")
	d.shows("◂ ", " MONITOR 7s left ")
	d.press("esc")
	d.shows("MONITOR ended")
	d.hides("7s left")

	s = sampledCache(noon.Add(4*time.Second), 1)
	s.Observer.Mode, s.Observer.MonitorUntil, s.Observer.SamplingPaused = string(stats.ModeMonitor), &until, "the server is loading its dataset"
	d.feed(s)
	d.shows("MONITOR waits !", "! no samples: the server is loading its dataset")
}

func TestSamplingIsSwitched(t *testing.T) {
	var got []bool
	d := startSampled(t, 120, 40, Options{SetSampling: func(on bool) { got = append(got, on) }})
	d.press("M")
	d.shows("sampling is off")
	d.press("M")
	d.shows("sampling: short windows")
	d.feed(busyCache(noon.Add(5*time.Second), 1))
	d.shows("poll  every")
	d.press("M")
	if want := []bool{false, true, true}; !slices.Equal(got, want) {
		t.Errorf("switched %v, want %v", got, want)
	}
}

func TestWhatIsNotOfferedIsNotHinted(t *testing.T) {
	d := start(t, 200, 60, Options{})
	d.hides("m monitor", "4 Live")
	d.press("m")
	d.shows("not offered")
	d.press("M")
	d.shows("not offered")
	d.press("4")
	d.shows("▸1 Commands")
	d.press("?")
	d.shows("every command for a while; asks first", "(not offered here)", "offered here)")
}

func TestHelpNamesTheWindows(t *testing.T) {
	d := startSampled(t, 200, 60, Options{})
	s := sampledCache(noon.Add(3*time.Second), 1)
	s.Observer.Dropped = 31
	d.feed(s)
	d.press("?")
	d.shows("10 in this interval, 1.0 % of it seen: 824", "12,360 commands in 150 windows of the", "last 30s",
		"0.40 % of throughput", "31 lines of MONITOR")
}

// Why a guard ended MONITOR stays on the screen, until it is asked for again.
func TestWhyMonitorEndedEarlyStays(t *testing.T) {
	d := startSampled(t, 120, 40, Options{Watch: func(time.Duration) {}})
	at := noon.Add(time.Second)
	stopped := func(seconds int) *stats.Snapshot {
		s := sampledCache(noon.Add(time.Duration(seconds)*time.Second), 1)
		s.Observer.MonitorStopped, s.Observer.MonitorStoppedAt = "the server held 5 MiB for us\x1b[2J: stopped", &at
		return s
	}
	d.feed(stopped(2))
	d.send(tickMsg(noon.Add(5 * time.Second)))
	d.shows(`MONITOR ended early 4s ago: the server held 5 MiB for us\x1b[2J: stopped`)
	d.feed(stopped(60))
	d.send(tickMsg(noon.Add(61 * time.Second)))
	d.shows("MONITOR ended early 1m00s ago")
	d.press("?")
	d.shows("ended early", "the server held 5 MiB for us")
	d.press("esc", "m", "enter")
	d.hides("ended early")
}
