package stats

import (
	"cmp"
	"slices"

	"redistop/internal/redis"
	"redistop/internal/sketch"
)

// ownLookups are the observer's look-ups of keys in this interval. What the server has not counted yet waits
// for the next one.
func (a *Aggregate) ownLookups(iv interval) redis.Lookups {
	hits, known := iv.growth("keyspace_hits").Get()
	misses, _ := iv.growth("keyspace_misses").Get()
	if !known {
		a.looked = redis.Lookups{}
		return redis.Lookups{}
	}
	booked := redis.Lookups{Hits: min(a.looked.Hits, hits), Misses: min(a.looked.Misses, misses)}
	a.looked = redis.Lookups{Hits: a.looked.Hits - booked.Hits, Misses: a.looked.Misses - booked.Misses}
	return booked
}

// leastLookups is the part of all look-ups that clients must have, so that a hit ratio of theirs can be told: ours
// are counted by our clock, not by the server's.
const leastLookups = 0.05

// clientsRatio is the hit ratio of the clients; absent where nearly all look-ups were ours.
func clientsRatio(hits, misses Maybe[int64], own redis.Lookups) Maybe[float64] {
	all, ok := sum(hits, misses).Get()
	if ok && float64(all) < leastLookups*float64(all+own.Hits+own.Misses) {
		return Maybe[float64]{}
	}
	return ratio(hits, sum(hits, misses))
}

// throughput is what flowed. Own is the calls that the observer made in the interval, looked the keys that it looked up.
func (iv interval) throughput(own int64, looked redis.Lookups, showOwn bool) Throughput {
	i := iv.after
	commands := iv.growth("total_commands_processed")
	if n, ok := commands.Get(); ok && !showOwn {
		commands = Some(max(0, n-own))
	}
	hits, misses := iv.growth("keyspace_hits"), iv.growth("keyspace_misses")
	if showOwn {
		looked = redis.Lookups{}
	}
	hits, misses = less(hits, looked.Hits), less(misses, looked.Misses)
	totalHits, totalMisses := i.Int("keyspace_hits"), i.Int("keyspace_misses")
	return Throughput{
		CommandsPerSecond:    iv.rate(commands),
		TotalCommands:        i.Int("total_commands_processed"),
		InputBytesPerSecond:  iv.perSecond("total_net_input_bytes"),
		OutputBytesPerSecond: iv.perSecond("total_net_output_bytes"),
		TotalInputBytes:      i.Int("total_net_input_bytes"),
		TotalOutputBytes:     i.Int("total_net_output_bytes"),
		HitRatio:             clientsRatio(hits, misses, looked),
		TotalHitRatio:        ratio(totalHits, sum(totalHits, totalMisses)),
		HitsPerSecond:        iv.rate(hits),
		MissesPerSecond:      iv.rate(misses),
		TotalHits:            totalHits,
		TotalMisses:          totalMisses,
		EvictedPerSecond:     iv.perSecond("evicted_keys"),
		TotalEvicted:         i.Int("evicted_keys"),
		ExpiredPerSecond:     iv.perSecond("expired_keys"),
		TotalExpired:         i.Int("expired_keys"),
		ErrorsPerSecond:      iv.perSecond("total_error_replies"),
		TotalErrors:          i.Int("total_error_replies"),
	}
}

// less takes a part away from a count.
func less(n Maybe[int64], part int64) Maybe[int64] {
	all, ok := n.Get()
	return maybe(max(0, all-part), ok)
}

// callers are commands whose time contains that of the commands they call, which commandstats
// counts once more under their own names.
var callers = [...]string{"eval", "eval_ro", "evalsha", "evalsha_ro", "fcall", "fcall_ro", "exec"}

// cpu is how busy the process was.
func (iv interval) cpu(growths map[string]growth) CPU {
	c := CPU{
		Total:      iv.cores("used_cpu_user", "used_cpu_sys"),
		MainThread: iv.cores("used_cpu_user_main_thread", "used_cpu_sys_main_thread"),
		User:       iv.cores("used_cpu_user"),
		System:     iv.cores("used_cpu_sys"),
		Children:   iv.cores("used_cpu_user_children", "used_cpu_sys_children"),

		TotalUserSeconds:     iv.after.Float("used_cpu_user"),
		TotalSystemSeconds:   iv.after.Float("used_cpu_sys"),
		TotalChildrenSeconds: seconds(iv.after, "used_cpu_user_children", "used_cpu_sys_children"),
	}
	if growths == nil {
		return c
	}
	var plain, calling int64
	for name, g := range growths {
		if slices.Contains(callers[:], name) {
			calling = sketch.Add(calling, g.usec)
		} else {
			plain = sketch.Add(plain, g.usec)
		}
	}
	// The commands that scripts and transactions called are in both sums: the larger one is what
	// is certain.
	c.Commands = iv.timeShare(max(plain, calling))
	return c
}

// seconds is the sum of two fields of INFO; absent unless both are there.
func seconds(i *redis.Info, one, two string) Maybe[float64] {
	a, ok1 := i.Float(one).Get()
	b, ok2 := i.Float(two).Get()
	return maybe(a+b, ok1 && ok2)
}

// errorRows are the replies with an error by their first word.
func (a *Aggregate) errorRows(iv interval) []ErrorRow {
	var rows []ErrorRow
	for _, e := range iv.after.Errors {
		row := ErrorRow{Code: a.names.text(e.Code), Count: e.Count}
		if iv.counts() {
			row.PerSecond = iv.rate(maybe(sketch.Growth(a.errors[e.Code], e.Count)))
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(x, y ErrorRow) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.Code, y.Code))
	})
	return rows
}
