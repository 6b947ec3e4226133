package stats

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"redistop/internal/redis"
)

// slowReading is a Reading whose log holds entries of these ids, newest first.
func slowReading(after time.Duration, kind SlowKind, ids ...int64) Reading {
	r := reading(after)
	var entries []redis.SlowEntry
	for _, id := range ids {
		entries = append(entries, redis.SlowEntry{ID: id, Time: time.Unix(1000+id, 0), Value: 10 * id,
			Args: []string{"GET", fmt.Sprint(id)}, Addr: "10.0.0.1:99", Name: "web"})
	}
	r.Slow = []SlowReading{{Kind: kind, Entries: entries, Limit: 128}}
	return r
}

func slowIDs(s *Snapshot) string {
	var ids []string
	for _, r := range s.Slowlog {
		ids = append(ids, fmt.Sprintf("%s:%d", r.Kind, r.ID))
	}
	return strings.ReplaceAll(strings.Join(ids, " "), "slow:", "")
}

func TestSlowlogMergesPolls(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		name     string
		readings []Reading
		ids      string
		interval int64
		total    int64
	}{
		{"first poll", []Reading{slowReading(0, Slow, 12, 11, 10)}, "12 11 10", 0, 0},
		{"nothing new", []Reading{slowReading(0, Slow, 12, 11), slowReading(s, Slow, 12, 11)}, "12 11", 0, 0},
		{"new ones", []Reading{slowReading(0, Slow, 12, 11), slowReading(s, Slow, 14, 13, 12)}, "14 13 12 11", 0, 0},
		{"some were pushed out", []Reading{slowReading(0, Slow, 12, 11), slowReading(s, Slow, 20, 19)}, "20 19 12 11", 6, 6},
		{"losses add up", []Reading{slowReading(0, Slow, 1), slowReading(s, Slow, 3), slowReading(2*s, Slow, 7)}, "7 3 1", 3, 4},
		{"and are of one interval", []Reading{slowReading(0, Slow, 1), slowReading(s, Slow, 3), slowReading(2*s, Slow, 3)}, "3 1", 0, 1},
		{"SLOWLOG RESET", []Reading{slowReading(0, Slow, 12, 11), slowReading(s, Slow), slowReading(2*s, Slow, 13)}, "13 12 11", 0, 0},
		{"not read this time", []Reading{slowReading(0, Slow, 12, 11), reading(s)}, "12 11", 0, 0},
		{"restart: ids start anew", []Reading{slowReading(0, Slow, 12), slowReading(s, Slow, 1, 0).with(func(r *Reading) {
			r.Info = redis.ParseInfo("run_id:b")
		}), slowReading(2*s, Slow, 2, 1, 0).with(func(r *Reading) {
			r.Info = redis.ParseInfo("run_id:b")
		})}, "12 2 1 0", 0, 0}, // the entry of before has the later time here
		{"ids go back unannounced", []Reading{slowReading(0, Slow, 12), slowReading(s, Slow, 1, 0)}, "12 1 0", 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := lastOf(Options{}, c.readings...)
			if got := slowIDs(s); got != c.ids {
				t.Errorf("entries %s, want %s", got, c.ids)
			}
			var loss SlowLoss
			if len(s.SlowLost) > 0 {
				loss = s.SlowLost[0]
			}
			if loss.Interval != c.interval || loss.Total != c.total {
				t.Errorf("lost %+v, want %d now and %d in all", loss, c.interval, c.total)
			}
		})
	}
}

func TestSlowRows(t *testing.T) {
	r := slowReading(0, Slow, 12)
	r.Slow = append(r.Slow, slowReading(0, LargeReply, 40).Slow...)
	s := lastOf(Options{}, r)
	if got := slowIDs(s); got != "large-reply:40 12" {
		t.Fatalf("entries %s, want both logs, newest first", got)
	}
	large, slow := s.Slowlog[0], s.Slowlog[1]
	want(t, "large reply's bytes", large.Bytes, int64(400))
	want(t, "large reply's usec", large.Usec, nil)
	want(t, "slow command's usec", slow.Usec, int64(120))
	want(t, "slow command's bytes", slow.Bytes, nil)
	if slow.Command != "get" || slow.Args[0] != "GET" || slow.Addr != "10.0.0.1:99" || slow.Name != "web" {
		t.Errorf("row %+v", slow)
	}
}

func TestSlowlogIsBounded(t *testing.T) {
	a := NewAggregate(Options{})
	var s *Snapshot
	for poll := range int64(10) {
		var ids []int64
		for i := range int64(100) {
			ids = append(ids, 100*poll+99-i)
		}
		s = a.Observe(slowReading(time.Duration(poll)*time.Second, Slow, ids...))
	}
	if len(s.Slowlog) != slowKept || s.Slowlog[0].ID != 999 || s.Slowlog[slowKept-1].ID != 999-slowKept+1 {
		t.Errorf("%d entries from %d on, want the newest %d", len(s.Slowlog), s.Slowlog[0].ID, slowKept)
	}
}

func TestOwnSlowEntries(t *testing.T) {
	own := counted(9, 70, time.Minute)
	own.Addr, own.Name = "10.0.0.9:5000", "redistop"
	entry := func(id int64, addr, name string, args ...string) redis.SlowEntry {
		return redis.SlowEntry{ID: id, Time: time.Unix(id, 0), Value: 20000, Args: args, Addr: addr, Name: name}
	}
	r := reading(0).listed(own)
	r.OwnIDs = []int64{9}
	r.Sent = []redis.Sent{{Name: "info", Calls: 1}, {Name: "client|list", Calls: 1}}
	r.Slow = []SlowReading{{Kind: Slow, Limit: 128, Entries: []redis.SlowEntry{
		entry(7, "10.0.0.9:5000", "redistop", "CLIENT", "LIST"),      // ours
		entry(6, "10.0.0.9:5000", "redistop", "INFO", "all"),         // ours
		entry(5, "10.0.0.9:5001", "redistop", "CLIENT", "LIST"),      // a namesake
		entry(4, "10.0.0.9:5000", "web", "INFO"),                     // the port was another's before
		entry(3, "10.0.0.9:5000", "redistop", "KEYS", "*"),           // we never ask that
		entry(2, "10.0.0.9:5000", "redistop", "CLIENT", "KILL", "x"), // nor that
	}}}
	if got := slowIDs(lastOf(Options{}, r)); got != "5 4 3 2" {
		t.Errorf("entries %s, want all but 7 and 6", got)
	}
	if got := slowIDs(lastOf(Options{ShowOwn: true}, r)); got != "7 6 5 4 3 2" {
		t.Errorf("entries %s, want all", got)
	}
	// Hidden entries are not lost ones.
	next := reading(time.Second)
	next.Slow = []SlowReading{{Kind: Slow, Limit: 128, Entries: []redis.SlowEntry{entry(8, "10.0.0.1:1", "web", "GET", "k")}}}
	if s := lastOf(Options{}, r, next); len(s.SlowLost) > 0 {
		t.Errorf("lost %v, want none", s.SlowLost)
	}
}
