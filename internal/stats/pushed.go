package stats

import (
	"cmp"
	"strings"

	"redistop/internal/redis"
)

// Pushed is how many commands a second put something into a list or sorted set, by the samples. One that brings several
// elements counts once.
type Pushed struct {
	DB        int
	Key       string // raw
	PerSecond Maybe[float64]
	Estimated bool
	Seen      int64
}

// mostPushed bounds the keys that a Snapshot tells of.
const mostPushed = 500

// Pushed are the keys that something was put into in the samples, those that it happened to most first. The caller
// changes nothing of it.
func (s *Snapshot) Pushed() []Pushed { return s.pushed }

func (f *figures) pushedTo() []Pushed {
	found := gather(f.horizon, byPush, func(b *batch, id uint32) (keyName, bool) {
		// Of a longer name only the beginning is kept: it may be another key's.
		return b.keys[id], id != 0 && len(b.keys[id].name) < mostName
	})
	var rows []Pushed
	for _, c := range ranked(found, mostPushed, func(a, b keyName) int { return cmp.Or(strings.Compare(a.name, b.name), a.db-b.db) }) {
		g := f.of(c.series)
		rows = append(rows, Pushed{DB: c.key.db, Key: string(redis.Unquote(nil, []byte(c.key.name))), PerSecond: g.rate, Estimated: g.estimated, Seen: g.seen})
	}
	return rows
}
