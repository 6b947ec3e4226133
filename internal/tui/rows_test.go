package tui

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"redistop/internal/stats"
)

func TestSortByAnyColumn(t *testing.T) {
	d := start(t, 200, 60, Options{})
	first := func() string {
		lines := strings.Split(d.screen(), "\n")
		for i, line := range lines {
			if strings.Contains(line, "Commands now") {
				return strings.Fields(lines[i+2])[0]
			}
		}
		return ""
	}
	if first() != "get" {
		t.Fatalf("not by calls at first but %q first", first())
	}
	seen := map[string]string{}
	for range len(nowColumns) {
		d.press(">")
		col := d.m.view.body(0).(rows).sortColumn(&d.m.view.panels[0].tables[0])
		seen[nowColumns[col].title] = first()
	}
	want := map[string]string{
		"command": "brpop", "calls/s": "get", "share": "get", "µs/call": "keys", "time": "keys", "p50": "keys", "p99": "keys",
		"fail/s": "hgetall", "rej/s": "get", "calls": "get",
	}
	if !reflect.DeepEqual(seen, want) {
		t.Errorf("first row by column:\n got %v\nwant %v", seen, want)
	}
	d.press("r")
	if first() != "eval" {
		t.Errorf("reversed calls/s has %q first, want eval with none", first())
	}
}

func TestFilter(t *testing.T) {
	d := start(t, 80, 24, Options{})
	d.press("/", "X", "A", "C")
	d.shows("/XAC▏", "xack", "1 of 12")
	d.hides("hgetall")
	d.press("backspace", "backspace", "q", "enter")
	d.shows("/Xq", "nothing matches")
	d.press("esc")
	d.shows("hgetall")
	d.press("/", "e", "esc")
	d.hides("/e")
	d.send(tea.PasteMsg{Content: "ignored while nobody types"})
	d.shows("hgetall")
	d.press("/")
	d.send(tea.PasteMsg{Content: "xre\x1b[2J"})
	d.shows("/xre[2J▏")
}

func TestSelectionSticksToItsRow(t *testing.T) {
	d := start(t, 80, 24, Options{})
	d.press("down", "down", "down")
	d.shows("▸ hgetall")
	d.press(">", ">", ">")
	d.shows("▸ hgetall")
	next := busyCache(noon.Add(2*time.Second), 1)
	slices.Reverse(next.Commands)
	d.feed(next)
	d.shows("▸ hgetall")

	gone := busyCache(noon.Add(4*time.Second), 1)
	gone.Commands = slices.DeleteFunc(gone.Commands, func(r stats.CommandRow) bool { return r.Name == "hgetall" })
	d.feed(gone)
	d.hides("▸ ")
	d.press("k")
	d.hides("Kill")
}

func TestScrollToTheEndAndBack(t *testing.T) {
	d := start(t, 80, 24, Options{})
	d.press("g", "g", "g", "g", "end")
	d.shows("▸ 10.0.1.14:40023")
	d.hides("10.0.1.11:40000")
	d.press("home")
	d.shows("▸ 10.0.1.11:40000")
	d.press("pgdown", "esc")
	d.shows("10.0.1.11:40000")
	d.hides("▸ ")
}

func TestDetailsAndCopy(t *testing.T) {
	d := start(t, 120, 40, Options{})
	d.press("5", "down", "enter")
	d.shows("Slow · 3s", "argument 1", "cron", "221ms")
	d.press("esc", "down", "down", "enter")
	d.shows(`"# \x1b[31mred`, "世界のキャッシュ一号機")
	if cmd := d.press("y"); cmd == nil {
		t.Fatal("y copies nothing")
	}
	d.press("esc")
	d.shows("copied")
}

func TestKillAsksAndNames(t *testing.T) {
	type call struct {
		id   int64
		addr string
	}
	var calls []call
	result := error(nil)
	kill := func(ctx context.Context, id int64, addr string) error {
		if _, ok := ctx.Deadline(); !ok {
			t.Error("no deadline")
		}
		calls = append(calls, call{id, addr})
		return result
	}
	d := start(t, 80, 24, Options{Kill: kill})
	d.press("2", "k")
	d.shows("select a connection first")
	d.press("down", "k")
	d.shows("this is a group")
	d.press("g", "g", "g", "g", "down", "down", "k")
	d.shows("Kill client id=1001 10.0.1.12:40001", `name=two\nlines\r\ttab  user=app?`, "[y/N]")
	d.press("n")
	d.shows("kept")
	if len(calls) != 0 {
		t.Fatalf("killed without a yes: %v", calls)
	}
	cmd := d.press("k", "y")
	d.shows("asking the server")
	d.press("y", "q")
	d.send(cmd())
	d.shows("killed client id=1001 10.0.1.12:40001")
	if !slices.Equal(calls, []call{{1001, "10.0.1.12:40001"}}) {
		t.Errorf("calls %v", calls)
	}
	result = errors.New("NOPERM no right to CLIENT KILL")
	d.send(d.press("k", "y")())
	d.shows("not killed: client id=1001 10.0.1.12:40001: NOPERM")
}

func TestReadOnlyOffersNoKill(t *testing.T) {
	d := start(t, 120, 40, Options{})
	d.press("2", "g", "g", "g", "g", "down")
	d.hides("k kill")
	d.press("k")
	d.shows("read-only")
	d.hides("Kill client")
	d.press("?")
	d.shows("not offered: read-only")
}

func TestWhoUsesTheWidthThatIsThere(t *testing.T) {
	d := start(t, 200, 60, Options{})
	s := busyCache(noon, 1)
	s.Clients[0].Names = []string{"mail-worker-1", "mail-worker-2", "mail-worker-3", "mail-worker-4"}
	d.feed(s)
	d.press("2", "f")
	d.shows(strings.Join(s.Clients[0].Names, " ") + " · ")
}
