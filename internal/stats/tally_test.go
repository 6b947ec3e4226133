package stats

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/redis"
)

// feed adds lines as MONITOR writes them, without their time: `[0 10.0.0.1:5000] "GET" "k"`.
func feed(t testing.TB, tally *Tally, lines ...string) {
	t.Helper()
	var l redis.MonitorLine
	for _, line := range lines {
		if err := l.Parse([]byte("+1700000000.000001 " + line)); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		tally.Add(&l)
	}
}

// tallied is a Tally that saw one window of a second with these lines.
func tallied(t testing.TB, known *Identities, lines ...string) *Tally {
	t.Helper()
	tally := NewTally(TallyOptions{Identities: func() *Identities { return known }})
	tally.Open(t0)
	feed(t, tally, lines...)
	tally.Close(time.Second)
	return tally
}

var whole = Sampling{Mode: ModeMonitor, Complete: true, Duty: 1}

// seenBy is how often each part was seen.
func seenBy(parts []Part) map[string]int64 {
	seen := map[string]int64{}
	for _, p := range parts {
		name := p.Name
		if p.Unknown {
			name = "?" + name
		}
		seen[name] = p.Seen
	}
	return seen
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", what, diff)
	}
}

func listedClients(clients ...redis.Client) *Identities {
	var seen []SeenClient
	for _, c := range clients {
		seen = append(seen, SeenClient{Client: c})
	}
	return NewIdentities(seen, []int64{99})
}

func TestWhatATallySees(t *testing.T) {
	known := listedClients(
		redis.Client{ID: 1, Addr: "10.0.0.1:5000", Name: "web", User: "app", LibName: "go-redis", LibVer: "9"},
		redis.Client{ID: 2, Addr: "10.0.0.1:5001", Name: "cron", User: "app"},
		redis.Client{ID: 3, Addr: "[::1]:6000", Name: "web", User: "app"},
		redis.Client{ID: 4, Addr: "/run/s:0", Flags: "U", Name: "local", User: "root"},
		redis.Client{ID: 99, Addr: "10.9.9.9:1", Name: "redistop"},
	)
	s := tallied(t, known,
		`[0 10.0.0.1:5000] "GET" "user:1234:name"`,
		`[0 10.0.0.1:5000] "get" "user:5678:name"`,
		`[3 10.0.0.1:5001] "SET" "user:5678:name" "two\nlines \"x\""`,
		`[0 [::1]:6000] "CONFIG" "resetstat"`,
		`[0 10.0.0.1:7777] "PING"`, // came after CLIENT LIST: all from its IP have one user, but not one name
		`[0 unix:/run/s] "RENAME" "a" "b"`,
		`[0 [::1]:6000] "EVAL" "return redis.call('incr', KEYS[1])" "1" "n:100"`,
		`[0 lua] "incr" "n:100"`,
		`[0 10.0.0.1:5000] "MULTI"`,
		`[0 10.0.0.1:5000] "MGET" "user:1111:name" "user:2222:name" "cart:42"`,
		`[0 10.0.0.1:5000] "EXEC"`,
		`[0 10.9.9.9:1] "INFO" "all"`,
		`[0 172.16.0.1:99] "BF.ADD" "f" "x"`, // a module's
	).Summary(whole)

	if s.Sampled.Commands != 12 || s.Sampled.Scripted != 1 || s.OwnCommands != 1 {
		t.Errorf("%d commands, %d scripted, %d own; want 12, 1, 1", s.Sampled.Commands, s.Sampled.Scripted, s.OwnCommands)
	}
	want(t, "commands/s", s.Sampled.VisibleCommandsPerSecond, 12.0)
	same(t, "by IP", seenBy(s.Clients), map[string]int64{"10.0.0.1": 7, "::1": 3, "unix": 1, "172.16.0.1": 1})
	same(t, "by name", seenBy(s.ClientsByName), map[string]int64{"web": 8, "cron": 1, "local": 1, "?": 2})
	same(t, "by user", seenBy(s.ClientsByUser), map[string]int64{"app": 10, "root": 1, "?": 1})
	same(t, "by database", seenBy(s.Databases), map[string]int64{"0": 11, "3": 1})
	commands := map[string]int64{}
	for _, c := range s.Commands {
		commands[c.Name] = c.Seen
	}
	same(t, "commands", commands, map[string]int64{"get": 2, "set": 1, "config|resetstat": 1, "ping": 1, "rename": 1,
		"eval": 1, "incr": 1, "multi": 1, "mget": 1, "exec": 1, "bf.add": 1})

	keys := map[string][3]any{}
	for _, k := range s.Keys {
		keys[k.Pattern] = [3]any{k.Seen, k.Reads.Or(-1), k.Writes.Or(-1)}
		if k.Estimated || k.Error.Known() {
			t.Errorf("%s is an estimate, but everything was seen", k.Pattern)
		}
	}
	same(t, "patterns: seen, reads, writes", keys, map[string][3]any{
		"user:*:name": {int64(4), 3.0, 1.0},
		"cart:*":      {int64(1), 1.0, 0.0},
		"n:*":         {int64(2), 0.0, 1.0},
		"a":           {int64(1), 0.0, 1.0},
		"b":           {int64(1), 0.0, 1.0},
	})
	hot := map[string]int64{}
	for _, k := range s.HotKeys {
		hot[fmt.Sprint(k.DB.Or(-1), k.Pattern)] = k.Seen
	}
	same(t, "keys that came twice", hot, map[string]int64{"0n:100": 2})
	if top := s.Keys[0]; top.Pattern != "user:*:name" || top.TopCommand != "get" || !cmp.Equal(top.Clients, []string{"10.0.0.1"}) {
		t.Errorf("first pattern %+v", top)
	}
}

func TestScriptCallsAreTheirCallers(t *testing.T) {
	s := tallied(t, nil,
		`[0 lua] "GET" "early"`, // its EVAL came before the window
		`[0 10.0.0.2:1] "EVALSHA" "abc" "0"`,
		`[0 lua] "GET" "k"`,
		`[0 lua] "GET" "k"`,
		`[0 10.0.0.3:1] "GET" "k"`,
		`[0 10.0.0.3:1] "FCALL" "f" "0"`,
		`[0 lua] "GET" "k"`,
	).Summary(whole)
	same(t, "by IP", seenBy(s.Clients), map[string]int64{"lua": 1, "10.0.0.2": 3, "10.0.0.3": 3})
	scripted := map[string]int64{}
	for _, r := range s.Samples {
		if r.Script {
			scripted[r.IP] += r.Seen
		}
	}
	same(t, "scripted", scripted, map[string]int64{"lua": 1, "10.0.0.2": 2, "10.0.0.3": 1})
}

func TestSizesOfCommands(t *testing.T) {
	for line, size := range map[string]float64{
		`"PING"`:                     4,
		`"GET" "k"`:                  4,
		`"SET" "key" "value"`:        11,
		`"SET" "k" ""`:               4,
		`"SET" "k" "\x00\xff\n\\\""`: 9,
		`"SET" "a\"b" "v"`:           7,
		`"ECHO" "` + strings.Repeat("x", 1000) + `"`: 1004,
		`"MSET" "a" "1" "bb" "22"`:                   10,
	} {
		s := tallied(t, nil, "[0 10.0.0.1:1] "+line).Summary(whole)
		if got := s.Sizes.Or(Sizes{}).Mean; got != size {
			t.Errorf("%.40s: %v bytes, want %v", line, got, size)
		}
	}
}

// Whatever comes: every dimension adds up to the commands that came, and what is held is bounded.
func TestTallyIsBounded(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	tally := NewTally(TallyOptions{})
	const windows, each = 200, 120
	heavy := 0
	for range windows {
		tally.Open(t0)
		for range each {
			if r.IntN(20) == 0 {
				heavy++
				feed(t, tally, `[0 10.0.0.1:5000] "GET" "heavy"`)
				continue
			}
			n := r.Uint64()
			feed(t, tally, fmt.Sprintf(`[%d 10.%d.%d.%d:%d] "M%d" "%x" "x"`, n%1000, n>>8&255, n>>16&255, n>>24&255, n>>32&0xffff, n>>40%3000, n),
				fmt.Sprintf(`[0 1.1.1.1:1] "DEL" "%s"`, strings.Repeat(fmt.Sprint("w", n, "x"), 40)))
		}
		tally.Close(time.Millisecond)
	}
	all := tally.Commands()
	if got := len(tally.windows); got > mostWindows || tally.Length() != windows*time.Millisecond {
		t.Errorf("%d windows of %v together, want %d at most, and %v", got, tally.Length(), mostWindows, windows*time.Millisecond)
	}
	for _, d := range []dimension{byIdentity, byConnection, byDB, byCommand} {
		var sum int64
		for _, c := range tally.counts[d].cells {
			sum += int64(c.n)
		}
		if sum != all {
			t.Errorf("dimension %d adds up to %d of %d commands", d, sum, all)
		}
		if n := len(tally.counts[d].cells); n > mostCells+len(tally.counts[d].now) {
			t.Errorf("dimension %d has %d cells", d, n)
		}
	}
	s := tally.Summary(whole)
	if k := s.HotKeys[0]; k.Pattern != "heavy" || k.Seen != int64(heavy) {
		t.Errorf("hottest key %s seen %d times, want heavy, %d times", k.Pattern, k.Seen, heavy)
	}
	if names := len(tally.commands.list); names > mostCommands+1 {
		t.Errorf("%d commands are held", names)
	}
	tally.Reset()
	tally.Open(t0)
	feed(t, tally, `[0 10.0.0.7:1] "GET" "k"`)
	tally.Close(time.Second)
	same(t, "after Reset", seenBy(tally.Summary(whole).Clients), map[string]int64{"10.0.0.7": 1})
}

// A key that comes late into a stream of keys that come once is still found.
func TestLateHotKeyIsFound(t *testing.T) {
	tally := NewTally(TallyOptions{})
	tally.Open(t0)
	for i := range 100_000 {
		feed(t, tally, fmt.Sprintf(`[0 10.0.0.1:1] "GET" "once:%d"`, i*7919))
		if i > 75_000 && i%50 == 0 {
			feed(t, tally, `[0 10.0.0.1:1] "GET" "late"`)
		}
	}
	tally.Close(time.Second)
	for _, k := range tally.Summary(whole).HotKeys {
		if k.Pattern == "late" {
			return
		}
	}
	t.Error("a key with 1 of 250 commands was not found")
}

func TestAddAllocatesNothing(t *testing.T) {
	tally := NewTally(TallyOptions{})
	var lines []redis.MonitorLine
	for i := range 2000 {
		text := fmt.Sprintf(`1700000000.000001 [0 10.0.0.%d:%d] "SET" "user:%d:name" "value"`, i%200, 1000+i, 1_000_000+i%900)
		if i%10 == 0 {
			text = fmt.Sprintf(`1700000000.000001 [0 10.0.0.%d:%d] "MGET" "user:%d:name" "a\nb" "c"`, i%200, 1000+i, i)
		}
		var l redis.MonitorLine
		if err := l.Parse([]byte(text)); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	turn := func() {
		tally.Open(t0)
		for i := range lines {
			tally.Add(&lines[i])
		}
		tally.Close(time.Millisecond)
	}
	turn()
	for d := range tally.counts { // room for the cells to come
		tally.counts[d].cells = append(make([]cell, 0, 1<<17), tally.counts[d].cells...)
	}
	if n := testing.AllocsPerRun(10, turn); n > 1 { // the list of windows grows
		t.Errorf("%v allocations for %d lines that were seen before", n, len(lines))
	}
}

func TestDiscardedWindowLeavesNothing(t *testing.T) {
	tally := tallied(t, nil, `[0 10.0.0.1:1] "GET" "k"`)
	before := tally.Summary(whole)
	tally.Open(t0.Add(time.Second))
	feed(t, tally, `[0 10.0.0.1:1] "GET" "k"`, `[0 10.0.0.2:1] "GET" "other"`)
	tally.Discard()
	tally.Close(time.Second)
	feed(t, tally, `[0 10.0.0.3:1] "GET" "between"`)
	same(t, "clients", tally.Summary(whole).Clients, before.Clients)
	same(t, "keys", tally.Summary(whole).Keys, before.Keys)
}
