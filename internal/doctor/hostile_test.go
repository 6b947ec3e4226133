package doctor

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// Whatever a saved observation says, and whatever a server names its things, no rule panics, no text holds a control
// byte, and what is kept is bounded.
func FuzzObserve(f *testing.F) {
	for _, s := range troubled() {
		text, err := json.Marshal(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, text)
		f.Add(text, []byte(strings.ReplaceAll(string(text), "app", `\u001b[2J`)))
		f.Add([]byte(strings.NewReplacer("100", "-9e18", "20", "9223372036854775807").Replace(string(text))), text)
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var a, b stats.Snapshot
		if json.Unmarshal(first, &a) != nil || json.Unmarshal(second, &b) != nil || b.Time.Year() > 9000 || a.Time.Year() > 9000 {
			return
		}
		d := New(Options{})
		d.Observe(&a)
		for i := range 6 {
			next := b
			next.Time = b.Time.Add(time.Duration(i) * 3 * time.Second)
			found := d.Observe(&next)
			if len(found) > mostCases {
				t.Fatalf("%d findings", len(found))
			}
			for _, f := range found {
				checkTexts(t, &f)
			}
		}
	})
}

func checkTexts(t *testing.T, f *stats.Finding) {
	t.Helper()
	texts := append([]string{f.Title, f.Subject, f.Impact}, append(f.Remedy, f.Unknown...)...)
	for _, e := range f.Evidence {
		texts = append(texts, e.What, e.Value, e.Source)
	}
	for _, text := range texts {
		if redis.Printable(text) != text || len(text) > 4000 {
			t.Errorf("%s: not fit to print: %q", f.Rule, text)
		}
	}
}

// troubled are Snapshots that make many rules speak.
func troubled() []*stats.Snapshot {
	s := newSynth()
	s.now.CPU.MainThread = stats.Some(0.99)
	s.now.Throughput.OutputBytesPerSecond, s.now.Throughput.InputBytesPerSecond = stats.Some(100e6), stats.Some(100e6)
	s.now.Config = map[string]string{"save": "", "appendonly": "no", "slowlog-log-slower-than": "-1"}
	s.now.HotKeys = []stats.KeyRow{{Pattern: "hot", DB: stats.Some(1), CommandsPerSecond: stats.Some(9000.0), Share: stats.Some(0.9), Seen: 900}}
	s.now.Denied = []stats.DeniedRow{{Reason: "command", Object: "flushall", User: "app", Count: 20, Addr: "10.0.0.1:1"}}
	s.sampled(sample("10.0.0.1", "app", "get", "k:*", 9000, 0.9, 900), sample("10.0.0.1", "app", "exec", "", 900, 0.05, 90),
		sample("10.0.0.1", "app", "watch", "w", 900, 0.05, 90))
	s.connection(stats.ConnectionRow{Addr: "10.0.0.1:1", Name: "app", LastCommand: "get", AgeSeconds: 90, ReplyPeakBytes: stats.Some(int64(16 << 10)), MemoryBytes: stats.Some(int64(9 << 20))})
	s.connection(stats.ConnectionRow{Addr: "/run/redis.sock:0", Name: "app", Flags: "O", LastCommand: "monitor", OutputBufferBytes: 99 << 20})
	var all []*stats.Snapshot
	for range 4 {
		s.calls("get", 9000, 10).calls("exec", 900, 2).calls("watch", 900, 1).errors("WRONGTYPE", 100).errors("app", 100).errors("NOPERM", 100)
		s.calls("keys", 3, 150_000).logged("10.0.0.1:1", "app", 150_000, "KEYS", "app*").logged("?:0", "", 150_000, "SORT", "app")
		s.calls("eval", 1, 100_000).logged("10.0.0.1:1", "app", 100_000, "EVAL", "return 'app'", "0")
		s.calls("del", 1, 100_000).logged("10.0.0.1:1", "app", 100_000, "DEL", "app")
		s.calls("flushall", 1, 10).calls("debug", 1, 10).calls("config|set", 1, 10)
		s.loggedLarge(stats.LargeReply, "10.0.0.1:1", "app", 99<<20, "GET", "app")
		all = append(all, s.next())
	}
	return all
}

// The seeds are worth something only while many rules speak of them.
func TestTroubledServer(t *testing.T) {
	d := New(Options{})
	rules := map[string]bool{}
	for _, s := range troubled() {
		for _, f := range d.Observe(s) {
			rules[f.Rule] = true
			checkTexts(t, &f)
		}
	}
	for _, want := range []string{"blocking-command", "slow-script", "big-key-delete", "dangerous-command", "failing-commands", "denied-commands", "huge-replies"} {
		if !rules[want] {
			t.Errorf("%s says nothing; only these speak: %v", want, rules)
		}
	}
}
