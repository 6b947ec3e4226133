package tui

import (
	"strings"
	"testing"

	"redistop/internal/stats"
)

// used gives a Snapshot what a web cache with queues beside it is used for.
func used(s *stats.Snapshot) {
	s.Server.Usage = []string{"cache", "BullMQ queues", "sessions"}
	s.Usage = &stats.Usage{Keys: 1_244_232, Sampled: 10_000, Uses: []stats.Use{
		{Kind: stats.UseCache, Title: "cache: 12 kinds of keys", Confidence: stats.Likely, KeyShare: some(.71), CallShare: some(.62), NoExpiry: some(.02),
			Names: []string{"product:*", "page:*:html", "views:\x1b[31m*"}, NamesMore: 9,
			Evidence: []stats.Evidence{{What: "told by", Value: "keys that expire, on a server that is asked for keys that may be gone", Source: "SCAN, TYPE, PTTL"}}},
		{Kind: stats.UseSessions, Framework: "connect-redis", Title: "sessions (connect-redis): 1 kind of key", Confidence: stats.Likely, KeyShare: some(.26),
			NoExpiry: some(.3), Names: []string{"sess:*"}, Persistent: []string{"sess:*"}},
		{Kind: stats.UseQueue, Framework: "BullMQ", Title: "job queue (BullMQ): 3 queues", Confidence: stats.Certain, KeyShare: some(.004), CallShare: some(.21), NoExpiry: some(1),
			Names: []string{"mail", "video", "thumbs"}, Clients: []string{"bull:bWFpbA==:w:w1"}},
		{Kind: stats.UsePubSub, Title: "Pub/Sub", Confidence: stats.Certain, CallShare: some(.01)},
	}}
}

func usageView(width, height int) *view {
	v := newView(width, height)
	v.snap, v.now, v.keys = busyCache(noon, 1), noon, true
	used(v.snap)
	v.setFocus(panelIndex(serverPanel.id))
	v.panels[v.focus].mode = usageMode
	return v
}

// TestGoldenUsage holds the panel, and the title with a server's use in three words.
func TestGoldenUsage(t *testing.T) {
	for _, size := range goldenSizes {
		golden(t, "usage", usageView(size[0], size[1]))
		v := usageView(size[0], size[1])
		v.full = true
		golden(t, "usage-full", v)
	}
}

func TestUsageKey(t *testing.T) {
	m := newApp(t.Context(), Options{})
	m.view.snap, m.view.now = busyCache(noon, 1), noon
	i := panelIndex(serverPanel.id)
	for _, want := range []int{usageMode, 0, usageMode} {
		m.openUsage()
		if m.view.focus != i || m.view.panels[i].mode != want {
			t.Errorf("panel %d in mode %d, want %d in %d", m.view.focus, m.view.panels[i].mode, i, want)
		}
	}
}

func TestUsageWithoutAny(t *testing.T) {
	v := usageView(120, 40)
	v.snap.Usage = nil
	if got := v.render().encode(nil); !strings.Contains(got, "not looked at yet") {
		t.Errorf("nothing is said of a use that was not looked at:\n%s", got)
	}
	v.snap.Usage = &stats.Usage{Keys: 5}
	if got := v.render().encode(nil); !strings.Contains(got, "nothing tells what it is used for") {
		t.Errorf("nothing is said of a use that nothing tells:\n%s", got)
	}
}
