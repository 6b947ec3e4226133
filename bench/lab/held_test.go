package lab

import (
	"testing"
	"time"
)

func TestLeftAndMost(t *testing.T) {
	zero := time.Unix(100, 0)
	at := func(ms int) time.Time { return zero.Add(time.Duration(ms) * time.Millisecond) }
	for _, tc := range []struct {
		name   string
		sights []Sight
		left   time.Time
		most   int64
	}{
		{"nothing seen", nil, zero, 0},
		{"never in MONITOR", []Sight{{At: at(20), Held: 7}, {At: at(40), Held: 3}}, zero, 7},
		{"left by the next look", []Sight{{At: at(20), Monitoring: 1}, {At: at(40)}}, at(40), 0},
		{"came back", []Sight{{At: at(20), Monitoring: 1}, {At: at(40)}, {At: at(60), Monitoring: 1, Held: 9}, {At: at(80)}}, at(80), 9},
		{"still in it", []Sight{{At: at(20)}, {At: at(40), Monitoring: 1}}, at(40), 0},
	} {
		if left, most := Left(tc.sights, zero), Most(tc.sights); left != tc.left || most != tc.most {
			t.Errorf("%s: left at %s, most %d; want %s, %d", tc.name, left, most, tc.left, tc.most)
		}
	}
}
