package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/stats"
)

var zero = time.Unix(1000, 0)

func at(seconds float64) time.Time { return zero.Add(time.Duration(seconds * float64(time.Second))) }

func TestJudge(t *testing.T) {
	deedOf := func(id int64, born, died float64) deed {
		d := deed{id: id, asked: at(born), born: at(born)}
		if died > 0 {
			d.died = at(died)
		}
		return d
	}
	told := func(id int64, since, off float64, why stats.OfflineReason) stats.Session {
		s := stats.Session{ID: id, OnlineSince: at(since), Reason: why}
		if off > 0 {
			o := at(off)
			s.OfflineAt = &o
		}
		return s
	}
	deeds := []deed{
		deedOf(1, 1, 0),     // there all the time
		deedOf(2, 1, 5),     // over before
		deedOf(3, 15, 40),   // long
		deedOf(4, 15, 41),   // long, never told
		deedOf(5, 21, 22),   // brief
		deedOf(6, 41, 0),    // wrongly ended
		deedOf(7, 70, 0),    // after it all
		deedOf(8, 29.5, 31), // told by chance
		deedOf(9, 30, 42),   // its end is not told
	}
	counts := []count{{at: at(20), whole: true}, {at: at(25), since: 1}, {at: at(30), whole: true, told: 1}, {at: at(60), whole: true, told: 3}}
	s := seen{passes: []time.Time{at(10), at(20), at(30), at(40), at(50), at(60)}, base: 4, shortLived: counts, usec: 500_000, from: at(10), to: at(60), ledger: 60 * time.Millisecond,
		sessions: map[int64]stats.Session{1: told(1, 1.5, 0, ""), 3: told(3, 15, 50, stats.OfflineUnknown), 6: told(6, 41, 50, stats.OfflineKilled),
			8: told(8, 29, 40, stats.OfflineUnknown), 9: told(9, 30, 0, "")}}
	want := verdict{every: 10 * time.Second, done: 7, long: 3, longSeen: 2, brief: 1, briefTold: 3, briefOff: 2, briefBehind: 1, briefBeyond: 2, ended: 3, endedTold: 2, wrongEnds: 1, wrongReasons: 1,
		share: 0.01, ledger: 10 * time.Millisecond, sinceOff: 0, sinceWorst: 500 * time.Millisecond}
	if d := cmp.Diff(want, judge(deeds, s), cmp.AllowUnexported(verdict{})); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// The watcher counts from the first whole pass on, and reads lines as a pipe may cut them.
func TestWatcher(t *testing.T) {
	w := newWatcher()
	show := func(second float64, usec, unseen int64, part bool, ids ...int64) {
		now := at(second)
		s := stats.Snapshot{Time: now, Server: stats.Server{RunID: "r"}}
		s.Observer.ClientsTime, s.Observer.TotalUsec = &now, usec
		s.Connected.TotalCameAndWent, s.Connected.CameSince = stats.Some(unseen), stats.Some(int64(8))
		if part {
			s.Observer.ClientsKnown, s.Observer.ClientsExpected = 1, 9
		}
		for _, id := range ids {
			s.Connections = append(s.Connections, stats.ConnectionRow{ID: id, SeenAt: now})
		}
		line, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, piece := range [][]byte{line[:30], line[30:], []byte("\n")} {
			if n, err := w.Write(piece); n != len(piece) || err != nil {
				t.Fatalf("Write = %d, %v", n, err)
			}
		}
	}
	show(0, 100, 5, true, 1)
	show(2, 200, 7, false, 1, 2)
	show(4, 300, 10, false, 2, 3)
	if _, err := w.stop(); err == nil {
		t.Error("two passes are enough")
	}
	w.over, w.err = false, nil
	s := stats.Snapshot{Time: at(5), Server: stats.Server{RunID: "r"}}
	s.Connected.TotalCameAndWent, s.Connected.CameSince = stats.Some(int64(10)), stats.Some(int64(8))
	line, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(append(line, '\n'))
	show(6, 350, 11, false, 3)
	got, err := w.stop()
	if err != nil || len(got.passes) != 3 || got.usec != 150 || !got.from.Equal(at(2)) || len(got.sessions) != 3 || got.base != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	if d := cmp.Diff([]count{{at(4), true, 3, 8}, {at(5), false, 3, 8}, {at(6), true, 4, 8}}, got.shortLived, cmp.AllowUnexported(count{})); d != "" {
		t.Errorf("counts: -want +got:\n%s", d)
	}
	if one := got.sessions[1]; one.OfflineAt == nil || !one.OfflineAt.Equal(at(4)) {
		t.Errorf("%+v", one)
	}
}
