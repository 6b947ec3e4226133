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

// Counts are never too high, and too low by a ninth of all at most.
func TestKeyUsersCount(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		var users keyUsers
		truth := map[uint32]uint32{}
		pairs, skew := 1+r.IntN(40), r.Float64()*3
		zipf := rand.NewZipf(r, 1.01+skew, 1, uint64(pairs))
		const all = 5000
		for range all {
			pair := pairOf(uint32(zipf.Uint64()), 1)
			users.add(pair)
			truth[pair]++
		}
		held := map[uint32]uint32{}
		for _, u := range users {
			if u.n > 0 {
				held[u.pair] += u.n
			}
		}
		for pair, n := range truth {
			if held[pair] > n || held[pair]+all/9 < n {
				t.Fatalf("%d pairs: one came %d times, and %d were counted", pairs, n, held[pair])
			}
		}
	}
}

func TestPairs(t *testing.T) {
	u := keyUse{pair: pairOf(mostSenders, mostCommands)}
	if u.identity() != mostSenders || u.command() != mostCommands {
		t.Errorf("%d and %d", u.identity(), u.command())
	}
}
