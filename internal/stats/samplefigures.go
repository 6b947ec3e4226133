package stats

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"redistop/internal/redis"
	"redistop/internal/sketch"
)

// Bounds of what a Snapshot shows of the samples, in rows of each table.
const (
	mostKeyRows    = 200
	mostHotKeys    = 100
	mostSampleRows = 200  // in the JSON
	mostDrillRows  = 1000 // for Drill
	mostParts      = 8    // of a row's top commands and clients
	shownKey       = 200  // characters of a key or pattern
)

// figures turns what windows counted into rows.
type figures struct {
	*horizon
	*estimator
	sampled Sampled
}

func newFigures(h *horizon) *figures {
	e := h.estimator()
	return &figures{horizon: h, estimator: e, sampled: h.sampled(e)}
}

// figure is one estimate.
type figure struct {
	rate, share, err Maybe[float64]
	estimated        bool
	seen             int64
}

// of is what a series comes to.
func (f *figures) of(s *series) figure {
	return f.sampled.figure(s)
}

// figure is what a series comes to: its share of the commands, and that share of their rate. Where the
// rate is uncertain too, the errors of both add up as those of independent factors do.
func (s *Sampled) figure(of *series) figure {
	share, half, ok := s.estimator.share(of.counts)
	if !ok {
		return figure{}
	}
	g := figure{share: Some(share), estimated: !s.estimator.exact, seen: int64(of.total)}
	if rate, ok := s.VisibleCommandsPerSecond.Get(); ok {
		g.rate = Some(share * rate)
		if g.estimated {
			g.err = Some(math.Hypot(half*rate, share*s.Error.Or(0)) + strayed(share, s.excess)*rate)
		}
	}
	return g
}

// scaled is a part of a figure's rate, for facts that have no error of their own.
func (g figure) scaled(part, whole float64) Maybe[float64] {
	rate, ok := g.rate.Get()
	if !ok {
		return g.rate
	}
	r, ok := sketch.Ratio(part, whole)
	return maybe(rate*r, ok)
}

func (g figure) part(name string, whole Maybe[float64]) Part {
	p := Part{Name: name, CommandsPerSecond: g.rate, Seen: g.seen, Estimated: g.estimated, Error: g.err}
	if w, ok := whole.Get(); ok {
		p.Share = maybe(sketch.Ratio(g.share.Or(0), w))
	}
	return p
}

// ranking is a series with what it counts.
type ranking[K any] struct {
	key K
	*series
}

// ranked are gathered series, most first; compare settles ties.
func ranked[K comparable](all map[K]*series, most int, compare func(a, b K) int) []ranking[K] {
	list := make([]ranking[K], 0, len(all))
	for key, s := range all {
		list = append(list, ranking[K]{key, s})
	}
	slices.SortFunc(list, func(a, b ranking[K]) int {
		return cmp.Or(cmp.Compare(b.total, a.total), compare(a.key, b.key))
	})
	return list[:min(len(list), most)]
}

// sample is who sent which command to which keys.
type sample struct {
	who             Identity
	command         string
	pattern         string
	script, further bool
}

func (a sample) compare(b sample) int {
	flag := func(v bool) int {
		if v {
			return 1
		}
		return 0
	}
	return cmp.Or(
		a.who.compare(b.who), strings.Compare(a.command, b.command), strings.Compare(a.pattern, b.pattern),
		flag(a.script)-flag(b.script), flag(a.further)-flag(b.further),
	)
}

func (id Identity) compare(o Identity) int {
	return cmp.Or(strings.Compare(id.IP, o.IP), strings.Compare(id.Name.Or(""), o.Name.Or("")),
		strings.Compare(id.User.Or(""), o.User.Or("")), strings.Compare(id.Library.Or(""), o.Library.Or("")))
}

// sampleOf reads a triple. What there was no room for has none.
func sampleOf(b *batch, id uint32) (sample, bool) {
	if id == 0 {
		return sample{}, false
	}
	p := b.triples[id]
	s := sample{
		who:     b.identities[p.identity()],
		command: b.commands[p.command()],
		script:  p&tripleScript != 0,
		further: p&tripleFurther != 0,
	}
	if pattern, ok := p.pattern(); ok {
		s.pattern = patternName(b, pattern)
	}
	return s, true
}

// OtherKeys stands for all patterns that there was no room for.
const OtherKeys = "(other keys)"

func patternName(b *batch, id uint32) string {
	if id == 0 {
		return OtherKeys
	}
	return printableKey(b.patterns[id])
}

// printableKey makes a quoted key or pattern fit for a screen.
func printableKey(quoted string) string {
	return redis.PrintableCut(string(redis.Unquote(nil, []byte(quoted))), shownKey)
}

func (f *figures) samples() map[sample]*series { return gather(f.horizon, byTriple, sampleOf) }

func (f *figures) sampleRows(samples map[sample]*series) []SampleRow {
	var rows []SampleRow
	for _, c := range ranked(samples, mostDrillRows, sample.compare) {
		g, s := f.of(c.series), c.key
		rows = append(rows, SampleRow{
			Identity: s.who, Command: s.command, Pattern: s.pattern, Script: s.script, Further: s.further,
			CommandsPerSecond: g.rate, Share: g.share, Seen: g.seen, Estimated: g.estimated, Error: g.err,
			windows: c.series,
		})
	}
	return rows
}

// keyRows are the patterns.
func (f *figures) keyRows(samples map[sample]*series) []KeyRow {
	patterns := gather(f.horizon, byPattern, func(b *batch, id uint32) (string, bool) { return patternName(b, id), true })
	commands, clients := map[string]tops{}, map[string]tops{}
	for s, counted := range samples {
		topsOf(commands, s.pattern).add(s.command, counted.total)
		topsOf(clients, s.pattern).add(s.who.IP, counted.total)
	}
	var rows []KeyRow
	for _, c := range ranked(patterns, mostKeyRows, strings.Compare) {
		name := c.key
		row := f.keyRow(name, c.series)
		if top := commands[name].first(1); len(top) > 0 {
			row.TopCommand = top[0]
		}
		row.Clients = clients[name].first(mostParts)
		rows = append(rows, row)
	}
	return rows
}

// hotKeys are single keys that came more than once.
func (f *figures) hotKeys() []KeyRow {
	keys := gather(f.horizon, byKey, func(b *batch, id uint32) (keyName, bool) { return b.keys[id], id != 0 })
	hot := ranked(keys, mostHotKeys, func(a, b keyName) int {
		return cmp.Or(strings.Compare(a.name, b.name), a.db-b.db)
	})
	if once := slices.IndexFunc(hot, func(r ranking[keyName]) bool { return r.total < 2 }); once >= 0 {
		hot = hot[:once]
	}
	commands, clients := f.usersOf(hot)
	var rows []KeyRow
	for i, c := range hot {
		row := f.keyRow(printableKey(c.key.name), c.series)
		row.DB = Some(c.key.db)
		if top := commands[i].first(1); len(top) > 0 {
			row.TopCommand = top[0]
		}
		row.Clients = clients[i].first(mostParts)
		rows = append(rows, row)
	}
	return rows
}

func (f *figures) keyRow(name string, s *series) KeyRow {
	g := f.of(s)
	return KeyRow{
		Pattern: name, CommandsPerSecond: g.rate, Share: g.share,
		Reads: g.scaled(s.access[accessRead], s.total), Writes: g.scaled(s.access[accessWrite], s.total),
		Seen: g.seen, Estimated: g.estimated, Error: g.err,
	}
}

// tops counts names.
type tops map[string]float64

func topsOf(all map[string]tops, key string) tops {
	t := all[key]
	if t == nil {
		t = tops{}
		all[key] = t
	}
	return t
}

func (t tops) add(name string, n float64) { t[name] += n }

// first are the names with the highest counts, without "".
func (t tops) first(most int) []string {
	names := slices.SortedFunc(maps.Keys(t), func(a, b string) int {
		return cmp.Or(cmp.Compare(t[b], t[a]), strings.Compare(a, b))
	})
	names = slices.DeleteFunc(names, func(s string) bool { return s == "" })
	return names[:min(len(names), most)]
}
