package tui

import (
	"strings"
	"testing"
	"time"
)

// startLive gives a running screen on the live panel, with its first commands.
func startLive(t *testing.T, f *feed) *driver {
	d := startSampled(t, 120, 40, Options{Live: f, Watch: func(time.Duration) {}})
	d.press("4")
	d.send(liveMsg{})
	return d
}

func TestLiveShowsTheNewestFirst(t *testing.T) {
	f := &feed{}
	f.send(noon, "GET", "a:1")
	f.send(noon, "SET", "a:2", "topsecret")
	d := startLive(t, f)
	d.shows("▸Live · windows only: 1.0 % of the time · values hidden · 2", "SET a:2 (9 B)", "GET a:1")
	d.hides("topsecret")
	screen := d.screen()
	if strings.Index(screen, "a:2") > strings.Index(screen, "a:1") {
		t.Errorf("the newest is not at the top:\n%s", screen)
	}
	f.send(noon, "DEL", "a:3")
	d.send(liveMsg{})
	d.shows("DEL a:3", "SET a:2 (9 B)", "hidden · 3")
	d.press("down", "down", "enter")
	d.shows("Live · 12:00:00.007", "SET a:2 (9 B)", "web-1")
	d.hides("topsecret")
}

func TestLiveValuesOnlyWhenAskedFor(t *testing.T) {
	f := &feed{}
	f.send(noon, "SET", "a:2", "top\x1b[2Jsecret")
	f.send(noon, "AUTH", "me", "password")
	d := startLive(t, f)
	d.press("v")
	d.shows("values shown", `SET a:2 "top\x1b[2Jsecret"`, "AUTH (hidden)")
	d.hides("password")
	d.press("v")
	d.shows("values hidden")
	d.hides("secret")
}

func TestLiveFilterIsTheFeeds(t *testing.T) {
	f := &feed{refuse: "nonsense:"}
	f.send(noon, "GET", "a:1")
	d := startLive(t, f)
	d.press("/")
	d.send(pasteOf("key:a:*"))
	d.shows("/key:a:*▏", "no command yet that passes the filter")
	if got := f.filters[len(f.filters)-1]; got != "key:a:*" {
		t.Errorf("the feed filters by %q", got)
	}
	f.send(noon, "GET", "a:2")
	d.send(liveMsg{})
	d.shows("GET a:2")
	d.hides("GET a:1")

	d.send(pasteOf(" nonsense:"))
	d.shows("no such word: nonsense:")
	d.press("enter")
	d.shows("no such word: nonsense:") // it stays open
	for range len(" nonsense:") {
		d.press("backspace")
	}
	d.press("enter")
	d.hides("no such word", "▏ ─")
	d.shows("/key:a:*")
	d.press("esc")
	if got := f.filters[len(f.filters)-1]; got != "" {
		t.Errorf("after Esc the feed filters by %q", got)
	}
}

func TestLivePauseCollects(t *testing.T) {
	f := &feed{}
	f.send(noon, "GET", "a:1")
	d := startLive(t, f)
	d.press("space")
	f.send(noon, "GET", "a:2")
	f.send(noon, "GET", "a:3")
	d.send(liveMsg{})
	d.shows("PAUSED", "GET a:1", "2 newer")
	d.hides("a:2")
	d.press("space")
	d.shows("a:1", "a:2", "a:3")
	d.hides("newer")
}

func TestLiveCountsWhatIsTooFast(t *testing.T) {
	f := &feed{lost: 5000}
	f.send(noon, "GET", "a:1")
	d := startLive(t, f)
	d.hides("too fast") // that was before anybody looked
	f.lost, f.lines = f.lost+41, nil
	f.send(noon, "GET", "a:9")
	d.send(liveMsg{})
	d.shows("40 too fast to show", "a:9")
	d.press("2")
	d.hides("Live ·")
	d.send(liveMsg{})
	f.lost += 1000
	d.press("4")
	d.send(liveMsg{})
	d.shows("40 too fast to show")
}

// Nobody asks the feed, and so nothing is kept for us, while the panel is not on the screen.
func TestLiveIsReadOnlyWhileShown(t *testing.T) {
	f := &feed{}
	d := startSampled(t, 120, 40, Options{Live: f})
	f.send(noon, "GET", "a:1")
	d.m.View()
	d.send(liveMsg{})
	if d.m.dirty || len(d.m.view.live.latest) > 0 {
		t.Error("the live panel is filled while it is not shown")
	}
	d.press("4")
	d.send(liveMsg{})
	d.shows("GET a:1")
	d.m.View()
	d.send(liveMsg{})
	if d.m.dirty {
		t.Error("the screen is drawn anew although no command came")
	}
}

func TestLiveIsBounded(t *testing.T) {
	f := &feed{}
	d := startLive(t, f)
	for range 5 {
		f.lost += int64(len(f.lines))
		f.lines = nil
		for range 700 {
			f.send(noon, "PING")
		}
		d.send(liveMsg{})
	}
	d.shows("hidden · 1,000")
}

func TestLiveSaysEveryCommand(t *testing.T) {
	f := &feed{}
	f.send(noon, "GET", "a:1")
	d := startLive(t, f)
	d.press("m", "enter")
	d.shows("▸Live · every command")
	d.feed(busyCache(noon.Add(30*time.Second), 1))
	d.shows("▸Live · values hidden", "GET a:1")
}
