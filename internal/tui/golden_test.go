package tui

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/stats"
)

var update = flag.Bool("update", false, "write the golden screens anew")

// recorded reads Snapshots that were recorded from a real server.
func recorded(t *testing.T, name string) *view {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../testdata/snapshots", name))
	if err != nil {
		t.Fatal(err)
	}
	var snaps []*stats.Snapshot
	if err := json.Unmarshal(data, &snaps); err != nil {
		t.Fatal(err)
	}
	v := newView(0, 0)
	v.hist = stats.NewHistory(historySpan, historyRows)
	for _, s := range snaps {
		v.hist.Add(s)
	}
	v.snap, v.keys, v.canKill, v.live.offered = v.hist.Latest(), true, true, true
	v.now = v.snap.Time
	return v
}

func golden(t *testing.T, name string, v *view) {
	t.Helper()
	name = fmt.Sprintf("%s-%dx%d.txt", name, v.width, v.height)
	t.Run(name, func(t *testing.T) {
		path := filepath.Join("testdata", name)
		got := v.render().encode(nil) + "\n"
		checkFrame(t, name, got[:len(got)-1], v.width, v.height)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("the screen has changed (-update writes it anew):\n%s\n%s", diff, got)
		}
	})
}

var goldenSizes = [][2]int{{80, 24}, {120, 40}, {200, 60}}

func TestGoldenPanels(t *testing.T) {
	for _, size := range goldenSizes {
		for p := range mainPanels {
			v := recorded(t, "valkey-9.1.2.json")
			v.width, v.height = size[0], size[1]
			v.setFocus(p)
			golden(t, "panel-"+panels[p].id, v)
		}
		v := recorded(t, "valkey-9.1.2.json")
		v.width, v.height = size[0], size[1]
		v.setFocus(panelIndex("clients"))
		v.panels[v.focus].mode = connectionsMode
		v.panels[0].mode = 1
		golden(t, "modes", v)
	}
}

func TestGoldenOlderServer(t *testing.T) {
	for _, size := range goldenSizes {
		v := recorded(t, "redis-7.0.15.json")
		v.width, v.height = size[0], size[1]
		v.setFocus(panelIndex("clients"))
		golden(t, "redis7", v)
	}
}

func TestGoldenStates(t *testing.T) {
	everyScreen(0, 0, func(name string, v *view) {
		sizes := goldenSizes[:2]
		switch i := panelIndex(name); {
		case strings.HasPrefix(name, "sampled-"):
			sizes = goldenSizes
		case name == "sick-screen", name == "sick-panel", name == "sick-page":
			sizes = append([][2]int{{10, 5}, {40, 10}}, goldenSizes...)
		case strings.HasPrefix(name, "sick-"):
		case name == messagesPanel.id && !v.full:
			sizes, name = goldenSizes, fmt.Sprintf("busy-messages-%d", v.panels[i].mode)
		case v.full, i >= len(mainPanels), i >= 0 && v.panels[i].mode > 0:
			return
		default:
			name = "busy-" + name
		}
		for _, size := range sizes {
			v.width, v.height = size[0], size[1]
			golden(t, name, v)
		}
	})
}

func TestGoldenTiny(t *testing.T) {
	for _, size := range [][2]int{{10, 1}, {19, 4}, {20, 5}, {40, 10}, {60, 15}, {79, 21}} {
		v := newView(size[0], size[1])
		v.snap, v.now, v.keys = busyCache(noon, 1), noon, true
		golden(t, "tiny", v)
	}
}
