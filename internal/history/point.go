package history

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"strconv"

	"redistop/internal/stats"
)

// topCommands are kept of each Snapshot.
const topCommands = 8

// A point is the value of every series over one Snapshot, or over many. Unknown values are NaN and count 0.
type point struct {
	at       int64 // unix milliseconds: of the Snapshot, or the start of the bucket
	n        int64 // Snapshots in it
	mean     []float64
	min, max []float64 // nil: as mean
	count    []int64   // Snapshots in which each was known; nil: n of those that are known
	commands []commandRate
	known    int64 // Snapshots in which the rates of commands were known
}

// A commandRate is one command's rate. Usec is NaN where unknown.
type commandRate struct {
	name        string
	calls, usec float64
}

func newPoint(s *stats.Snapshot) point {
	p := point{at: s.Time.UnixMilli(), n: 1, mean: make([]float64, len(allSeries))}
	for i, def := range allSeries {
		v, ok := def.value(s).Get()
		if !ok || math.IsInf(v, 0) {
			v = math.NaN()
		}
		p.mean[i] = v
	}
	for _, c := range s.Commands {
		calls, ok := c.CallsPerSecond.Get()
		if !ok || len(p.commands) == topCommands {
			break
		}
		p.known = 1
		if calls > 0 {
			p.commands = append(p.commands, commandRate{c.Name, calls, c.UsecPerCall.Or(math.NaN())})
		}
	}
	return p
}

func (p *point) times(series int) int64 {
	switch {
	case math.IsNaN(p.mean[series]):
		return 0
	case p.count != nil:
		return p.count[series]
	}
	return p.n
}

func (p *point) least(series int) float64 {
	if p.min == nil || math.IsNaN(p.min[series]) {
		return p.mean[series]
	}
	return p.min[series]
}

func (p *point) most(series int) float64 {
	if p.max == nil || math.IsNaN(p.max[series]) {
		return p.mean[series]
	}
	return p.max[series]
}

// A sum is points put together.
type sum struct {
	n        int64
	total    []float64
	min, max []float64
	count    []int64
	commands map[string]*commandSum
	known    int64
}

// commandSum is calls a second times Snapshots, the same of those whose microseconds are known, and those.
type commandSum struct{ calls, timed, usec float64 }

func newSum() *sum {
	k := len(allSeries)
	return &sum{total: make([]float64, k), min: make([]float64, k), max: make([]float64, k), count: make([]int64, k), commands: map[string]*commandSum{}}
}

func (s *sum) add(p *point) {
	s.n += p.n
	for i := range p.mean {
		n := p.times(i)
		if n == 0 {
			continue
		}
		least, most := p.least(i), p.most(i)
		if s.count[i] == 0 {
			s.min[i], s.max[i] = least, most
		}
		s.min[i], s.max[i] = min(s.min[i], least), max(s.max[i], most)
		s.total[i] += p.mean[i] * float64(n)
		s.count[i] += n
	}
	s.known += p.known
	for _, c := range p.commands {
		of := s.commands[c.name]
		if of == nil {
			of = &commandSum{}
			s.commands[c.name] = of
		}
		calls := c.calls * float64(p.known)
		of.calls += calls
		if !math.IsNaN(c.usec) {
			of.timed += calls
			of.usec += calls * c.usec
		}
	}
}

// point is what the sum comes to. A command that was not among the first eight of some Snapshot counts as none
// there: commands stacked upon each other never show more than there were.
func (s *sum) point(at int64) point {
	k := len(allSeries)
	p := point{at: at, n: s.n, mean: make([]float64, k), min: make([]float64, k), max: make([]float64, k), count: s.count, known: s.known}
	for i, n := range s.count {
		if n == 0 {
			p.mean[i], p.min[i], p.max[i] = math.NaN(), math.NaN(), math.NaN()
			continue
		}
		p.min[i], p.max[i] = s.min[i], s.max[i]
		p.mean[i] = min(max(s.total[i]/float64(n), s.min[i]), s.max[i]) // rounding stays within
	}
	for name, c := range s.commands {
		usec := math.NaN()
		if c.timed > 0 {
			usec = c.usec / c.timed
		}
		p.commands = append(p.commands, commandRate{name, c.calls / float64(s.known), usec})
	}
	p.commands = mostCalled(p.commands)
	return p
}

// counts encodes how often each series and the commands were known: nil where that follows from n.
func (p *point) counts() []byte {
	plain := p.known == 0 || p.known == p.n
	for i := range p.mean {
		plain = plain && (p.times(i) == 0 || p.times(i) == p.n)
	}
	if plain {
		return nil
	}
	b := make([]byte, 0, len(p.mean)+1)
	for i := range p.mean {
		b = binary.AppendUvarint(b, uint64(p.times(i)))
	}
	return binary.AppendUvarint(b, uint64(p.known))
}

// setCounts reads what counts wrote, perhaps when there were fewer series: those after them were not known.
func (p *point) setCounts(b []byte) {
	if len(b) == 0 {
		return
	}
	var all []int64
	for len(b) > 0 {
		v, size := binary.Uvarint(b)
		if size <= 0 {
			return
		}
		all, b = append(all, int64(v)), b[size:]
	}
	p.known = all[len(all)-1]
	p.count = make([]int64, len(p.mean))
	copy(p.count, all[:len(all)-1])
}

// encodeCommands writes [["get",1200,1.5],...]: calls a second and microseconds a call, in five digits. It is
// "" where the rates were not known and [] where there were none.
func (p *point) encodeCommands() string {
	if p.known == 0 {
		return ""
	}
	b := []byte{'['}
	for i, c := range p.commands {
		if i > 0 {
			b = append(b, ',')
		}
		name, err := json.Marshal(c.name)
		if err != nil {
			continue // a string always has a JSON form
		}
		b = append(append(b, '['), name...)
		b = appendFigure(append(b, ','), c.calls)
		b = append(appendFigure(append(b, ','), c.usec), ']')
	}
	return string(append(b, ']'))
}

func appendFigure(b []byte, v float64) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, v, 'g', 5, 64)
}

// decodeCommands reads what encodeCommands wrote; what it does not understand it leaves out.
func decodeCommands(text string) []commandRate {
	var rows [][3]any
	if text == "" || json.Unmarshal([]byte(text), &rows) != nil {
		return nil
	}
	var all []commandRate
	for _, row := range rows {
		name, ok1 := row[0].(string)
		calls, ok2 := row[1].(float64)
		usec, ok3 := row[2].(float64)
		if !ok3 {
			usec = math.NaN()
		}
		if ok1 && ok2 {
			all = append(all, commandRate{name, calls, usec})
		}
	}
	return all
}
