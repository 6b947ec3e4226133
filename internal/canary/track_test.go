package canary

import (
	"testing"
	"time"

	"redistop/internal/stats"
)

// told is what a simple model knows of each message, without a window.
type told struct{ taken, got bool }

// The counts of a track are those of a model that forgets nothing, whatever the order of things.
func FuzzTrack(f *testing.F) {
	f.Add([]byte{0, 1, 2, 0, 1, 2, 5, 0, 1, 4, 2, 2})
	f.Add([]byte{0, 2, 1, 0, 3, 0, 1, 6, 5, 4, 4, 4, 4, 2})
	f.Fuzz(func(t *testing.T, steps []byte) {
		if len(steps) > 900 {
			return // the window holds them all
		}
		now := time.Unix(1_700_000_000, 0)
		tr := newTrack(now, 1024, 0, time.Second)
		model := map[int64]told{}
		var duplicated, reordered, highest, last int64
		for _, step := range steps {
			now = now.Add(50 * time.Millisecond)
			which := max(1, last-int64(step>>4))
			switch step & 7 {
			case 0:
				last = tr.begin(now)
				model[last] = told{}
			case 1:
				if m, ok := model[which]; ok && !m.got {
					before := tr.at(which).state
					tr.took(which, now)
					model[which] = told{taken: m.taken || before == tried, got: m.got}
				}
			case 2, 3:
				m, ok := model[which]
				tr.receive(message{number: which}, now)
				switch {
				case !ok:
				case m.got:
					duplicated++
				default:
					if which < highest {
						reordered++
					}
					highest = max(highest, which)
					model[which] = told{taken: true, got: true}
				}
			case 4:
				now = now.Add(time.Second)
				tr.settle(now, 0)
			case 5:
				tr.listen(true, now)
			case 6:
				tr.listen(false, now)
			case 7:
				tr.refuse(which)
			}
		}
		var sent, got int64
		for _, m := range model {
			if m.taken {
				sent++
			}
			if m.got {
				got++
			}
		}
		p := tr.probe(now)
		if p.Sent != sent || p.Received != got || p.Duplicated != duplicated || p.Reordered != reordered {
			t.Errorf("sent %d received %d duplicated %d reordered %d, want %d %d %d %d", p.Sent, p.Received, p.Duplicated, p.Reordered, sent, got, duplicated, reordered)
		}
		if p.InFlight < 0 || p.Lost < 0 || p.Unsure < 0 || p.Sent != p.Received+p.Lost+p.InFlight {
			t.Errorf("the counts do not agree: %+v", p)
		}
		tr.listen(true, now)
		tr.settle(now.Add(time.Hour), 0)
		if p := tr.probe(now); p.InFlight != 0 || p.Lost != p.Sent-p.Received {
			t.Errorf("an hour of listening later: %+v", p)
		}
	})
}

// While nobody listens nothing is lost, and what comes after all is not lost any more.
func TestLostIsWhatWasListenedFor(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	tr := newTrack(now, 1024, 0, 5*time.Second)
	for range 3 {
		tr.took(tr.begin(now), now)
	}
	check := func(when string, d time.Duration, lost, waiting int64) {
		t.Helper()
		now = now.Add(d)
		tr.settle(now, 0)
		if p := tr.probe(now); p.Lost != lost || p.InFlight != waiting {
			t.Errorf("%s: %d lost and %d under way, want %d and %d", when, p.Lost, p.InFlight, lost, waiting)
		}
	}
	check("nobody listens for an hour", time.Hour, 0, 3)
	tr.listen(true, now)
	check("somebody has listened for 3 s", 3*time.Second, 0, 3)
	tr.listen(false, now)
	check("and is gone for a while", time.Minute, 0, 3)
	tr.listen(true, now)
	tr.receive(message{number: 2}, now)
	check("and has listened for 5 s in all", 2*time.Second, 2, 0)
	tr.receive(message{number: 1}, now)
	check("one comes after all", 0, 1, 0)
	if p := tr.probe(now); p.Reordered != 1 || p.Received != 2 || p.P99Usec != (stats.Maybe[float64]{}) || !p.P50Usec.Known() {
		t.Errorf("%+v", p)
	}
}

// A message that is still being sent is not judged, and one whose answer was lost is not lost: nobody knows.
func TestUnsure(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	tr := newTrack(now, 1024, 0, time.Second)
	tr.listen(true, now)
	held := tr.begin(now)
	now = now.Add(time.Minute)
	tr.settle(now, held)
	if p := tr.probe(now); p.Unsure != 0 || p.Sent != 0 {
		t.Errorf("under way: %+v", p)
	}
	tr.settle(now, 0)
	if p := tr.probe(now); p.Unsure != 1 || p.Sent != 0 || p.Lost != 0 {
		t.Errorf("without an answer: %+v", p)
	}
	tr.receive(message{number: held}, now)
	if p := tr.probe(now); p.Unsure != 0 || p.Sent != 1 || p.Received != 1 {
		t.Errorf("after all: %+v", p)
	}
}

// What falls out of the window is lost, and memory stays the same.
func TestTheWindowIsBounded(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	tr := newTrack(now, 1024, 0, time.Second)
	for range 3000 {
		tr.took(tr.begin(now), now)
	}
	tr.receive(message{number: 5}, now) // forgotten
	if p := tr.probe(now); p.Sent != 3000 || p.Lost != 3000-1024 || p.InFlight != 1024 || p.Duplicated != 1 || tr.room() {
		t.Errorf("%+v", p)
	}
}

func FuzzMessage(f *testing.F) {
	f.Add("canary abcd 1 1700000000000000")
	f.Add("canary abcd 01 1700000000000000")
	f.Add("canary  1 2")
	f.Fuzz(func(t *testing.T, text string) {
		m, ok := parse(text)
		if ok && (m.text() != text || m.number < 1 || m.run == "") {
			t.Errorf("%q is read as %+v", text, m)
		}
	})
}

func TestMessage(t *testing.T) {
	m := message{run: "abcdefgh", number: 1<<63 - 1, sent: time.UnixMicro(1_700_000_000_123_456)}
	if got, ok := parse(m.text()); !ok || got != m || len(m.text()) > 64 {
		t.Errorf("%q (%d bytes) is read as %+v, %v", m.text(), len(m.text()), got, ok)
	}
	for _, text := range []string{"", "canary", "canary r 0 1", "canary r -1 1", "canary r 1 x", "canary r +1 1", "canary r 1 1 ", "other r 1 1"} {
		if m, ok := parse(text); ok {
			t.Errorf("%q is read as %+v", text, m)
		}
	}
}
