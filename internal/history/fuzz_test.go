package history

import (
	"math"
	"testing"
)

// FuzzStored reads texts that were perhaps not written by us: no panic, and what is understood is written the same again.
func FuzzStored(f *testing.F) {
	f.Add(`[["get",1200,1.5],["set",3,null]]`, []byte{1, 2, 3}, "eyJzIjoiaWQiLCJrIjoxLCJyIjoxLCJpIjoxfQ")
	f.Add(`[]`, []byte{0x80}, "")
	f.Add(`[[1,2,3],["x","y","z"]]`, []byte{}, "e30")
	f.Fuzz(func(t *testing.T, commands string, counts []byte, after string) {
		p := point{n: 7, known: 7, mean: unknowns(), commands: decodeCommands(commands)}
		if len(p.commands) > 0 {
			again := decodeCommands(p.encodeCommands())
			if len(again) != len(p.commands) || again[0].name != clean(p.commands[0].name) {
				t.Errorf("%v was read, %v was read again", p.commands, again)
			}
		}
		p.setCounts(counts)
		for i := range p.mean {
			p.mean[i] = 1
			p.times(i)
		}
		c, err := decodeCursor(after, "id")
		if err == nil && c.encode() == "" {
			t.Error("a cursor that cannot be written")
		}
	})
}

// TestRowSizes compares the sizes that room is made by with those of rows as they are written in turn.
func TestRowSizes(t *testing.T) {
	p := point{n: 60, known: 60, mean: unknowns(), min: unknowns(), max: unknowns()}
	for i := range p.mean {
		p.mean[i], p.min[i], p.max[i] = 123456.789+float64(i), 12345.6789+float64(i), 1234567.89+float64(i)
	}
	for _, name := range []string{"get", "set", "hgetall", "expire", "zadd", "publish", "xadd", "incr"} {
		p.commands = append(p.commands, commandRate{name, 12345.678, math.Pi})
	}
	const rows = 1000
	raw, rolled := newQueue(), make([]point, rows)
	for i := range rows {
		one := p
		one.at, one.min, one.max = int64(i)*1000, nil, nil
		raw.points = append(raw.points, serverPoint{"a", one})
		rolled[i] = p
		rolled[i].at = int64(i) * 60_000
	}
	for name, tt := range map[string]struct {
		write func(*writer) error
		bytes int64
	}{
		"raw":    {func(w *writer) error { return w.all(t.Context(), raw) }, rawBytes},
		"rolled": {func(w *writer) error { return w.rolled(t.Context(), 1, 60_000, rolled) }, rolledBytes},
	} {
		s, err := Open(t.Context(), memoryStore, Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, before, err1 := s.measure(t.Context(), s.db)
		err2 := s.inTransaction(t.Context(), tt.write)
		_, after, err3 := s.measure(t.Context(), s.db)
		if err1 != nil || err2 != nil || err3 != nil {
			t.Fatal(err1, err2, err3)
		}
		if got := (after - before) / rows; got < tt.bytes*2/3 || got > tt.bytes*3/2 {
			t.Errorf("a %s row has %d bytes, taken for %d", name, got, tt.bytes)
		}
	}
}
