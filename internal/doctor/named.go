package doctor

import (
	"math"

	"redistop/internal/stats"
)

// Samples are the newest Snapshot's, with names. A connection that was sampled before CLIENT LIST showed it,
// or before it said its name, stands there by its IP alone, beside the others of the same client; where all
// connections of that IP are alike it is one of them. It is computed once a Snapshot: do not change it.
func (w *Window) Samples() []stats.SampleRow {
	if w.samples == nil {
		w.samples = w.named(w.Now.Samples)
	}
	return w.samples
}

func (w *Window) named(samples []stats.SampleRow) []stats.SampleRow {
	owners := w.census.owners(samples)
	if len(owners) == 0 {
		return samples
	}
	type row struct {
		stats.Identity
		command, pattern string
		script, further  bool
	}
	named := make([]stats.SampleRow, 0, len(samples))
	at := make(map[row]int, len(samples))
	for i := range samples {
		r := samples[i]
		if who := owners[r.IP]; r.Name.Or("") == "" && who.Name.Or("") != "" {
			r.Identity = who
		}
		key := row{r.Identity, r.Command, r.Pattern, r.Script, r.Further}
		if first, twin := at[key]; twin {
			join(&named[first], &r)
			continue
		}
		at[key] = len(named)
		named = append(named, r)
	}
	return named
}

// owners are, for the addresses of samples without a name, the client to which all connections from there
// belong; without a name where they are not alike.
func (c *census) owners(samples []stats.SampleRow) map[string]stats.Identity {
	more := false
	for i := range samples {
		r := &samples[i]
		if _, known := c.owned[r.IP]; r.Name.Or("") == "" && !known {
			if more = true; c.owned == nil {
				c.owned = map[string]stats.Identity{}
			}
			c.owned[r.IP] = stats.Identity{}
		}
	}
	if !more {
		return c.owned
	}
	clear(c.owned)
	for i := range samples {
		if samples[i].Name.Or("") == "" {
			c.owned[samples[i].IP] = stats.Identity{}
		}
	}
	for _, row := range c.clients {
		ip := ipOf(row.Addr, row.Flags)
		was, asked := c.owned[ip]
		if !asked {
			continue
		}
		who := stats.Identity{IP: ip, Name: stats.Some(row.Name), User: stats.Some(row.User), Library: stats.Some(row.Library)}
		if was.IP != "" && was != who {
			who = stats.Identity{IP: ip}
		}
		c.owned[ip] = who
	}
	return c.owned
}

// join adds a row to another of the same client.
func join(to, r *stats.SampleRow) {
	sum := func(a, b stats.Maybe[float64]) stats.Maybe[float64] {
		if !a.Known() && !b.Known() {
			return a
		}
		return stats.Some(a.Or(0) + b.Or(0))
	}
	to.CommandsPerSecond, to.Share = sum(to.CommandsPerSecond, r.CommandsPerSecond), sum(to.Share, r.Share)
	to.Seen, to.Estimated = to.Seen+r.Seen, to.Estimated || r.Estimated
	if to.Error.Known() || r.Error.Known() {
		to.Error = stats.Some(math.Hypot(to.Error.Or(0), r.Error.Or(0)))
	}
}
