package stats

import (
	"time"

	"redistop/internal/redis"
	"redistop/internal/sketch"
)

// An interval is what lies between two INFO replies of one server process. In the first Reading and
// after a restart nothing does: before is nil and nothing has a rate.
type interval struct {
	before, after *redis.Info
	elapsed       time.Duration // 0: unknown
	reset         bool          // CONFIG RESETSTAT came between: what it resets has no rates
}

// resetSigns are counters that only CONFIG RESETSTAT takes back in a living server. One that
// went back tells on all the others, which may have grown past their old value already.
var resetSigns = [...]string{
	"total_commands_processed", "total_connections_received",
	"total_net_input_bytes", "total_net_output_bytes", "keyspace_hits", "keyspace_misses",
}

func newInterval(before, after *redis.Info, elapsed time.Duration) interval {
	iv := interval{before: before, after: after, elapsed: max(0, elapsed)}
	for _, name := range resetSigns {
		was, is := before.Int(name), after.Int(name)
		if was.Known() && is.Known() && is.Or(0) < was.Or(0) {
			iv.reset = true
		}
	}
	return iv
}

// exists says whether there is an interval at all.
func (iv interval) exists() bool { return iv.before != nil && iv.elapsed > 0 }

// counts says whether counters that CONFIG RESETSTAT resets can be compared.
func (iv interval) counts() bool { return iv.exists() && !iv.reset }

// growth is what the counter grew by.
func (iv interval) growth(name string) Maybe[int64] {
	if !iv.counts() {
		return Maybe[int64]{}
	}
	was, ok1 := iv.before.Int(name).Get()
	is, ok2 := iv.after.Int(name).Get()
	if !ok1 || !ok2 {
		return Maybe[int64]{}
	}
	return maybe(sketch.Growth(was, is))
}

// perSecond is the counter's rate.
func (iv interval) perSecond(name string) Maybe[float64] {
	return iv.rate(iv.growth(name))
}

// rate is an amount of this interval over its length.
func (iv interval) rate(n Maybe[int64]) Maybe[float64] {
	v, ok := n.Get()
	if !ok {
		return Maybe[float64]{}
	}
	return maybe(sketch.PerSecond(float64(v), iv.elapsed))
}

// cores is how many processors the seconds counted by these fields kept busy. CONFIG RESETSTAT
// leaves them alone.
func (iv interval) cores(names ...string) Maybe[float64] {
	if !iv.exists() {
		return Maybe[float64]{}
	}
	var sum float64
	for _, name := range names {
		was, ok1 := iv.before.Float(name).Get()
		is, ok2 := iv.after.Float(name).Get()
		if !ok1 || !ok2 || !(is >= was) {
			return Maybe[float64]{}
		}
		sum += is - was
	}
	return maybe(sketch.PerSecond(sum, iv.elapsed))
}

// maybe turns Go's pair into a fact.
func maybe[T any](v T, ok bool) Maybe[T] {
	if !ok {
		return Maybe[T]{}
	}
	return Some(v)
}

// ratio is part over whole where both are known and the result is finite.
func ratio(part, whole Maybe[int64]) Maybe[float64] {
	p, ok1 := part.Get()
	w, ok2 := whole.Get()
	if !ok1 || !ok2 {
		return Maybe[float64]{}
	}
	return maybe(sketch.Ratio(float64(p), float64(w)))
}

// finite drops NaN and infinities, which servers do print and JSON cannot.
func finite(m Maybe[float64]) Maybe[float64] {
	v, ok := m.Get()
	if !ok {
		return m
	}
	return maybe(sketch.Finite(v))
}

// sum adds facts; it is unknown unless all are known.
func sum(facts ...Maybe[int64]) Maybe[int64] {
	var total int64
	for _, f := range facts {
		v, ok := f.Get()
		if !ok {
			return Maybe[int64]{}
		}
		total = sketch.Add(total, v)
	}
	return Some(total)
}

// first is the first fact that is known.
func first(facts ...Maybe[int64]) Maybe[int64] {
	for _, f := range facts {
		if f.Known() {
			return f
		}
	}
	return Maybe[int64]{}
}

// atLeast drops values below a floor, which stand for "none" in many fields (-1).
func atLeast(floor int64, m Maybe[int64]) Maybe[int64] {
	if m.Or(floor-1) < floor {
		return Maybe[int64]{}
	}
	return m
}
