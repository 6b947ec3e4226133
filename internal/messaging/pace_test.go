package messaging

import (
	"math"
	"testing"
	"time"
)

// What is left is by the pace of late, not of all the time; without a pace nothing is said.
func TestPace(t *testing.T) {
	var p pace
	at := noon
	if p.remaining(at, 0).Known() {
		t.Error("known before it began")
	}
	share := 0.0
	walk := func(steps int, each float64) {
		for range steps {
			p.note(at, share)
			at = at.Add(time.Second)
			share += each
		}
	}
	walk(2, 0.01)
	if p.remaining(at, share).Known() {
		t.Error("known after two seconds")
	}
	walk(28, 0.01)
	is := func(want float64) {
		t.Helper()
		if got := p.remaining(at, share).Or(-1); math.Abs(got-want) > want/50 {
			t.Errorf("%v s at %.2f, want %v", got, share, want)
		}
	}
	is(70)
	walk(200, 0.001)
	is(500)
	walk(10, 0)
	if p.remaining(at.Add(time.Hour), p.marks[(p.n-1)%paceMarks].share-1).Known() {
		t.Error("known of a walk that went back")
	}
}
