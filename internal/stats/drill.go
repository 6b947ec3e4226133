package stats

import (
	"cmp"
	"slices"
	"strings"

	"redistop/internal/sketch"
)

// A Filter selects samples: those that have all the values it names.
type Filter struct {
	IP, Name, User, Library, Command, Pattern Maybe[string]
}

// Drilled is a selection of the samples, taken apart by each property, most commands first. The shares of
// its parts are of the selection. Rows too rare for Snapshot.Samples are not in it.
type Drilled struct {
	Total     Part   `json:"total"` // Share is of all visible commands
	Commands  []Part `json:"commands,omitempty"`
	Patterns  []Part `json:"patterns,omitempty"`
	IPs       []Part `json:"ips,omitempty"`
	Names     []Part `json:"names,omitempty"`
	Users     []Part `json:"users,omitempty"`
	Libraries []Part `json:"libraries,omitempty"`
}

// Drill takes a selection of the samples apart: from a client to its commands and patterns, from a command
// or a pattern to the clients.
func (s *Snapshot) Drill(f Filter) Drilled {
	rows := s.allSamples
	if rows == nil {
		rows = s.Samples
	}
	d := drill{sampled: &s.Sampled}
	for i := range rows {
		// A command with several patterns is one command, but of all its patterns.
		if f.match(&rows[i]) && (!rows[i].Further || f.Pattern.Known()) {
			d.once = append(d.once, &rows[i])
		}
		if f.match(&rows[i]) && rows[i].Pattern != "" {
			d.keys = append(d.keys, &rows[i])
		}
	}
	total := d.sum("", d.once)
	d.whole = total.Share
	return Drilled{
		Total:     total,
		Commands:  d.by(d.once, func(r *SampleRow) Maybe[string] { return Some(r.Command) }),
		Patterns:  d.by(d.keys, func(r *SampleRow) Maybe[string] { return Some(r.Pattern) }),
		IPs:       d.by(d.once, func(r *SampleRow) Maybe[string] { return Some(r.IP) }),
		Names:     d.by(d.once, func(r *SampleRow) Maybe[string] { return r.Name }),
		Users:     d.by(d.once, func(r *SampleRow) Maybe[string] { return r.User }),
		Libraries: d.by(d.once, func(r *SampleRow) Maybe[string] { return r.Library }),
	}
}

func (f Filter) match(r *SampleRow) bool {
	for _, c := range [...]struct{ want, is Maybe[string] }{
		{f.IP, Some(r.IP)}, {f.Name, r.Name}, {f.User, r.User}, {f.Library, r.Library},
		{f.Command, Some(r.Command)}, {f.Pattern, Some(r.Pattern)},
	} {
		if c.want.Known() && c.want != c.is {
			return false
		}
	}
	return true
}

// drill is one selection.
type drill struct {
	sampled *Sampled
	once    []*SampleRow // each command once
	keys    []*SampleRow // each command once for each of its patterns
	whole   Maybe[float64]
}

// by makes a part of the rows with each value.
func (d *drill) by(rows []*SampleRow, value func(*SampleRow) Maybe[string]) []Part {
	groups := map[Maybe[string]][]*SampleRow{}
	for _, r := range rows {
		groups[value(r)] = append(groups[value(r)], r)
	}
	var parts []Part
	for v, group := range groups {
		p := d.sum(v.Or(""), group)
		p.Unknown = !v.Known()
		if whole, ok := d.whole.Get(); ok {
			p.Share = maybe(sketch.Ratio(p.Share.Or(0), whole))
		}
		parts = append(parts, p)
	}
	slices.SortFunc(parts, func(x, y Part) int {
		return cmp.Or(cmp.Compare(y.Seen, x.Seen), strings.Compare(x.Name, y.Name))
	})
	return parts
}

// sum is what rows come to together, with its share of all visible commands. Rows rise and fall
// together or against each other, which only the windows tell; without them the error is at most the
// sum of the errors.
func (d *drill) sum(name string, rows []*SampleRow) Part {
	var all series
	p := Part{Name: name}
	for _, r := range rows {
		addRate(&p.CommandsPerSecond, r.CommandsPerSecond)
		addRate(&p.Share, r.Share)
		addRate(&p.Error, r.Error)
		p.Seen = sketch.Add(p.Seen, r.Seen)
		p.Estimated = p.Estimated || r.Estimated
		if r.windows != nil {
			all.plus(r.windows)
		}
	}
	if d.sampled.estimator == nil || all.counts == nil {
		return p
	}
	return d.sampled.figure(&all).part(name, Some(1.0))
}

// plus adds another series.
func (s *series) plus(o *series) {
	if s.counts == nil {
		s.counts = make([]float64, len(o.counts))
	}
	for i, n := range o.counts {
		s.counts[i] += n
	}
	for i, n := range o.access {
		s.access[i] += n
	}
	s.total += o.total
}
