package stats

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// What makes up more than a ninth of a key's commands is named, however many others there are.
func TestHotKeysNameTheirUsers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var lines []string
	for i := range 20_000 {
		switch n := r.IntN(100); {
		case n < 30:
			lines = append(lines, `[0 10.0.0.1:5000] "GET" "hot"`)
		case n < 45:
			lines = append(lines, `[0 10.0.0.2:5000] "SET" "hot" "x"`)
		default: // each from somewhere else
			lines = append(lines, fmt.Sprintf(`[0 10.1.%d.%d:5000] "%s" "hot"`, i>>8&255, i&255, []string{"TTL", "TYPE", "STRLEN"}[r.IntN(3)]))
		}
		if i%10 == 0 {
			lines = append(lines, `[3 10.0.0.4:5000] "DEL" "hot" "quiet"`)
		}
	}
	s := tallied(t, nil, lines...).Summary(whole)
	if len(s.HotKeys) != 3 || s.HotKeys[0].Pattern != "hot" || s.HotKeys[0].DB.Or(-1) != 0 {
		t.Fatalf("hot keys %+v", s.HotKeys)
	}
	hot := s.HotKeys[0]
	if hot.TopCommand != "get" || len(hot.Clients) < 2 || len(hot.Clients) > mostParts ||
		hot.Clients[0] != "10.0.0.1" || hot.Clients[1] != "10.0.0.2" {
		t.Errorf("%+v", hot)
	}
	for _, row := range s.HotKeys[1:] {
		if row.TopCommand != "del" || len(row.Clients) != 1 || row.Clients[0] != "10.0.0.4" || row.DB.Or(-1) != 3 {
			t.Errorf("%+v", row)
		}
	}
}

// Counts are never too high, and too low by a share of all at most that hangs on the room there is.
func TestUsesCount(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		uses := make([]use, 4+4*r.IntN(2))
		truth := map[uint32]uint32{}
		ids := 1 + r.IntN(40)
		zipf := rand.NewZipf(r, 1.01+r.Float64()*3, 1, uint64(ids))
		const all = 5000
		for range all {
			id := uint32(zipf.Uint64())
			count(uses, id)
			truth[id]++
		}
		held := map[uint32]uint32{}
		for _, u := range uses {
			if u.n > 0 {
				held[u.id] += u.n
			}
		}
		for id, n := range truth {
			if held[id] > n || held[id]+all/uint32(len(uses)+1) < n {
				t.Fatalf("%d ids, room for %d: one came %d times, and %d were counted", ids, len(uses), n, held[id])
			}
		}
	}
}
