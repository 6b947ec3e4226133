package presence

import (
	"testing"

	"redistop/internal/stats"
)

// counted is a Snapshot with the totals of a server of Redis 7.4 or later.
func counted(s *stats.Snapshot, killed, evicted, output, query int64) *stats.Snapshot {
	s.Commands = append(s.Commands, stats.CommandRow{Name: "get", Calls: 5})
	if killed > 0 {
		s.Commands = append(s.Commands, stats.CommandRow{Name: "client|kill", Calls: killed + 1, FailedCalls: stats.Some(int64(1))})
	}
	s.Housekeeping = stats.Housekeeping{EvictedClients: stats.Some(evicted), OutputDisconnections: stats.Some(output), QueryDisconnections: stats.Some(query)}
	return s
}

func with(r stats.ConnectionRow, set func(*stats.ConnectionRow)) stats.ConnectionRow {
	set(&r)
	return r
}

// reader is a subscriber that leaves so many bytes unread.
func reader(id, bytes int64) stats.ConnectionRow {
	return with(row(id, 50, 9), func(r *stats.ConnectionRow) {
		r.OutputBufferBytes, r.Subscriptions, r.Flags = bytes, 1, "P"
	})
}

// TestReasons lets connections be there at noon, and those that are named be missing two seconds later.
func TestReasons(t *testing.T) {
	idle := row(1, 400, 299)
	quick := row(2, 400, 3)
	heavy := with(row(3, 50, 9), func(r *stats.ConnectionRow) { r.MemoryBytes = stats.Some(int64(9 << 20)) })
	asker := with(row(4, 50, 9), func(r *stats.ConnectionRow) { r.QueryBufferBytes = 600 << 20 })
	killer := with(row(5, 50, 0), func(r *stats.ConnectionRow) { r.LastCommand = "client|kill" })
	waiting := with(row(6, 400, 299), func(r *stats.ConnectionRow) { r.Flags = "b" })
	replica := with(reader(7, 200<<20), func(r *stats.ConnectionRow) { r.Flags = "S" })
	bob, bob2 := with(row(8, 50, 9), func(r *stats.ConnectionRow) { r.User = "bob" }), with(row(9, 50, 9), func(r *stats.ConnectionRow) { r.User = "bob" })
	slow := reader(10, 5<<20)
	all := []stats.ConnectionRow{idle, quick, heavy, asker, killer, waiting, replica, bob, bob2, slow, row(11, 400, 1)}
	timeout := map[string]string{"timeout": "300"}
	limits := map[string]string{"client-output-buffer-limit": "normal 0 0 0 slave 0 0 0 pubsub 8388608 0 0"}

	for _, tt := range []struct {
		name                           string
		gone                           []int64
		killed, evicted, output, query int64
		old                            bool // it does not count cut-offs
		config                         map[string]string
		want                           string
	}{
		{name: "it left", gone: []int64{2}, want: "-2 unknown"},
		{name: "killed", gone: []int64{2}, killed: 1, want: "-2 killed"},
		{name: "a kill that hit nobody we saw go", killed: 1, want: ""},
		{name: "two killed", gone: []int64{1, 2}, killed: 2, want: "-1 killed -2 killed"},
		{name: "one of two killed", gone: []int64{1, 2}, killed: 1, want: "-1 killed? -2 killed?"},
		{name: "one of three killed", gone: []int64{1, 2, 3}, killed: 1, want: "-1 unknown -2 unknown -3 unknown"},
		{name: "the killer left too", gone: []int64{2, 5}, killed: 1, want: "-2 killed? -5 unknown"},
		{name: "all of a user, by one call", gone: []int64{1, 2, 8, 9}, killed: 1, want: "-1 unknown -2 unknown -8 killed? -9 killed?"},
		{name: "timeout", gone: []int64{1}, config: timeout, want: "-1 timeout"},
		{name: "too busy for the timeout", gone: []int64{2}, config: timeout, want: "-2 unknown"},
		{name: "the server waits for blocked ones", gone: []int64{6}, config: timeout, want: "-6 unknown"},
		{name: "a timeout of 5 s may be", gone: []int64{2}, config: map[string]string{"timeout": "5"}, want: "-2 timeout"},
		{name: "it may have left, or been idle until then", gone: []int64{11}, config: map[string]string{"timeout": "4"}, want: "-11 timeout?"},
		{name: "it cannot have been idle for so long", gone: []int64{11}, config: map[string]string{"timeout": "6"}, want: "-11 unknown"},
		{name: "one timed out, one was killed", gone: []int64{1, 2}, killed: 1, config: timeout, want: "-1 timeout -2 killed?"},
		{name: "evicted", gone: []int64{3}, evicted: 1, want: "-3 evicted"},
		{name: "evicted though it was small", gone: []int64{2}, evicted: 1, want: "-2 evicted"},
		{name: "the largest of two evicted", gone: []int64{2, 3}, evicted: 1, want: "-2 unknown -3 evicted?"},
		{name: "output", gone: []int64{10}, output: 1, want: "-10 output-buffer"},
		{name: "the largest of two", gone: []int64{7, 10}, output: 1, want: "-7 output-buffer? -10 unknown"},
		{name: "of output and kill, who fits what", gone: []int64{2, 10}, killed: 1, output: 1, want: "-2 killed? -10 output-buffer?"},
		{name: "query", gone: []int64{4}, query: 1, want: "-4 query-buffer"},
		{name: "a query buffer among others", gone: []int64{2, 4}, query: 1, want: "-2 unknown -4 query-buffer?"},
		{name: "not counted: it had half of the limit", gone: []int64{10, 2}, old: true, config: limits, want: "-2 unknown -10 output-buffer?"},
		{name: "not counted: by the default limit", gone: []int64{10, 7}, old: true, want: "-7 output-buffer? -10 output-buffer?"},
		{name: "not counted: there is no limit", gone: []int64{7}, old: true, config: limits, want: "-7 unknown"},
		{name: "not counted: a query", gone: []int64{4}, old: true, want: "-4 query-buffer?"},
		{name: "counted, and it was not that", gone: []int64{10}, want: "-10 unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := NewLedger(Options{})
			l.Observe(counted(look(0, append([]stats.ConnectionRow(nil), all...)...), 3, 2, 1, 5))
			var left []stats.ConnectionRow
			for _, r := range all {
				if !has(tt.gone, r.ID) {
					left = append(left, r)
				}
			}
			s := counted(look(2, left...), 3+tt.killed, 2+tt.evicted, 1+tt.output, 5+tt.query)
			s.Config = tt.config
			if tt.old {
				s.Housekeeping.OutputDisconnections, s.Housekeeping.QueryDisconnections = stats.Maybe[int64]{}, stats.Maybe[int64]{}
			}
			wantTold(t, l.Observe(s), tt.want)
		})
	}
}

func has(list []int64, id int64) bool {
	for _, x := range list {
		if x == id {
			return true
		}
	}
	return false
}

// What is counted before the first look, or only since CONFIG RESETSTAT, is not of those that went.
func TestTotalsAreCompared(t *testing.T) {
	l := NewLedger(Options{Online: []stats.Session{{ID: 1, RunID: "run1", LastSeen: at(-9)}}})
	wantTold(t, l.Observe(counted(look(0, row(2, 9, 9), row(3, 9, 9)), 5, 5, 5, 5)), "+2 +3 -1 unknown")
	wantTold(t, l.Observe(counted(look(2, row(3, 9, 9)), 1, 0, 0, 0)), "-2 killed") // reset between, and killed since
	wantTold(t, l.Observe(counted(look(4), 1, 0, 0, 0)), "-3 unknown")
}

// Before Redis 7.0 the calls of CLIENT are one number.
func TestOldServersCountNoKills(t *testing.T) {
	l := NewLedger(Options{})
	first, second := look(0, row(1, 9, 9)), look(2)
	first.Commands = []stats.CommandRow{{Name: "client", Calls: 4}}
	second.Commands = []stats.CommandRow{{Name: "client", Calls: 5}}
	l.Observe(first)
	wantTold(t, l.Observe(second), "-1 unknown")
}

// A connection that is ended between the counters and the list is counted a pass late.
func TestCountedAPassLate(t *testing.T) {
	l := NewLedger(Options{})
	l.Observe(counted(look(0, row(1, 9, 9), row(2, 9, 9)), 0, 0, 0, 0))
	wantTold(t, l.Observe(counted(look(2, row(2, 9, 9)), 0, 0, 0, 0)), "-1 unknown")
	wantTold(t, l.Observe(counted(look(4, row(2, 9, 9)), 1, 0, 0, 0)), "-1 killed?")
	wantTold(t, l.Observe(counted(look(6, row(2, 9, 9)), 2, 0, 0, 0)), "")
}

// A pass that is spread over polls may show one that the counters of its end count already.
func TestCountedAPassEarly(t *testing.T) {
	for _, spread := range []bool{true, false} {
		l := NewLedger(Options{})
		l.Observe(counted(look(0, row(1, 9, 9)), 0, 0, 0, 0))
		s := counted(look(2, row(1, 9, 9)), 0, 1, 0, 0)
		want := "-1 unknown"
		if spread {
			s.Observer.ClientsEverySeconds, want = stats.Some(6.0), "-1 evicted?"
		}
		l.Observe(s)
		wantTold(t, l.Observe(counted(look(4), 0, 1, 0, 0)), want)
	}
}

// Those that came and went unseen may be the ones that were counted.
func TestTheUnseenMayBeMeant(t *testing.T) {
	l := NewLedger(Options{})
	first := counted(look(0, row(1, 9, 9)), 0, 0, 0, 0)
	first.Connected.TotalCameAndWent = stats.Some(int64(10))
	l.Observe(first)
	second := counted(look(2), 0, 1, 0, 0)
	second.Connected.TotalCameAndWent = stats.Some(int64(40))
	wantTold(t, l.Observe(second), "-1 evicted? short 30")
}

// What we killed is certain, and its call explains nobody else.
func TestKilledThroughUs(t *testing.T) {
	l := NewLedger(Options{})
	l.Observe(counted(look(0, row(1, 9, 9), row(2, 9, 9), row(3, 9, 9)), 0, 0, 0, 0))
	l.Killed(1, "10.0.0.1:5000")
	l.Killed(99, "10.0.0.99:1") // came and went
	wantTold(t, l.Observe(counted(look(2, row(3, 9, 9)), 2, 0, 0, 0)), "-1 killed -2 unknown")

	l.Killed(3, "10.9.9.9:1") // another's by now
	wantTold(t, l.Observe(counted(look(4), 3, 0, 0, 0)), "-3 unknown")

	// Its call is counted only later.
	l = NewLedger(Options{})
	l.Observe(counted(look(0, row(1, 9, 9), row(2, 9, 9)), 0, 0, 0, 0))
	l.Killed(1, "10.0.0.1:5000")
	wantTold(t, l.Observe(counted(look(2, row(2, 9, 9)), 0, 0, 0, 0)), "-1 killed")
	wantTold(t, l.Observe(counted(look(4), 1, 0, 0, 0)), "-2 unknown")
}
