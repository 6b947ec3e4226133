package stats

import (
	"strconv"
	"strings"
	"time"

	"redistop/internal/sketch"
)

// A Summary is what a Tally alone tells, without a server beside it: rates are over the time that the
// windows were open. Tables have the most frequent first.
type Summary struct {
	From             time.Time      `json:"from"`
	To               time.Time      `json:"to"`
	Sampled          Sampled        `json:"sampled"`
	OwnCommands      int64          `json:"own_commands,omitempty"` // the observer's, in no other figure
	Sizes            Maybe[Sizes]   `json:"sizes,omitzero"`
	Commands         []CommandSizes `json:"commands,omitempty"`
	Clients          []Part         `json:"clients,omitempty"` // by IP
	ClientsByName    []Part         `json:"clients_by_name,omitempty"`
	ClientsByUser    []Part         `json:"clients_by_user,omitempty"`
	ClientsByLibrary []Part         `json:"clients_by_library,omitempty"`
	Databases        []Part         `json:"databases,omitempty"`
	Keys             []KeyRow       `json:"keys,omitempty"`
	HotKeys          []KeyRow       `json:"hot_keys,omitempty"`
	Samples          []SampleRow    `json:"samples,omitempty"`
}

// Sizes are the bytes of commands with their arguments, without the protocol around them: within 1 %, the
// mean and the largest exact.
type Sizes struct {
	Mean float64 `json:"mean_bytes"`
	P50  uint64  `json:"p50_bytes"`
	P90  uint64  `json:"p90_bytes"`
	P99  uint64  `json:"p99_bytes"`
	Max  uint64  `json:"max_bytes"`
}

// CommandSizes is a command with the sizes of its calls.
type CommandSizes struct {
	Part
	Sizes Maybe[Sizes] `json:"sizes,omitzero"` // absent for a command that was first seen after 127 others
}

// mostSummaryRows bounds each table of clients and commands.
const mostSummaryRows = 200

// Summary tells what the closed windows brought; how says how they were seen. It changes nothing.
func (t *Tally) Summary(how Sampling) *Summary {
	s := &Summary{Sampled: Sampled{Mode: how.Mode}, OwnCommands: int64(t.own)}
	if len(t.windows) == 0 {
		return s
	}
	f := newFigures(&horizon{batches: []*batch{newBatch(t, how)}})
	last := t.windows[len(t.windows)-1]
	s.From, s.To = t.windows[0].at, last.at.Add(last.length)
	s.Sampled = f.sampled
	if f.sampled.Commands == 0 {
		return s
	}
	s.Sizes = sizesOf(t.sizes())
	s.Commands = f.commandSizes(t)
	for by, table := range [groupings]*[]Part{
		byIP: &s.Clients, byName: &s.ClientsByName, byUser: &s.ClientsByUser, byLibrary: &s.ClientsByLibrary,
	} {
		*table = f.parts(gather(f.horizon, byIdentity, func(b *batch, id uint32) (Maybe[string], bool) {
			return b.identities[id].property(by), true
		}))
	}
	s.Databases = f.parts(gather(f.horizon, byDB, func(_ *batch, id uint32) (Maybe[string], bool) {
		return maybe(strconv.Itoa(int(id)), id < mostDBs), true
	}))
	samples := f.samples()
	s.Keys, s.HotKeys = f.keyRows(samples), f.hotKeys()
	s.Samples = f.sampleRows(samples)
	s.Samples = s.Samples[:min(len(s.Samples), mostSampleRows)]
	return s
}

func (f *figures) parts(all map[Maybe[string]]*series) []Part {
	var parts []Part
	for _, c := range ranked(all, mostSummaryRows, compareMaybe) {
		p := f.of(c.series).part(c.key.Or(""), Some(1.0))
		p.Unknown = !c.key.Known()
		parts = append(parts, p)
	}
	return parts
}

func compareMaybe(a, b Maybe[string]) int { return strings.Compare(a.Or(""), b.Or("")) }

// commandSizes are the commands. Those that there was no room for have no name.
func (f *figures) commandSizes(t *Tally) []CommandSizes {
	all := gather(f.horizon, byCommand, func(b *batch, id uint32) (string, bool) { return b.commands[id], true })
	var rows []CommandSizes
	for _, counted := range ranked(all, mostSummaryRows, strings.Compare) {
		row := CommandSizes{Part: f.of(counted.series).part(counted.key, Some(1.0))}
		if c := t.commands.byName[counted.key]; c != nil && c.sizes != nil {
			row.Sizes = sizesOf(c.sizes)
		}
		rows = append(rows, row)
	}
	return rows
}

func sizesOf(q *sketch.Quantiles) Maybe[Sizes] {
	if q.Count() == 0 {
		return Maybe[Sizes]{}
	}
	s := Sizes{Mean: q.Sum() / float64(q.Count()), Max: q.Max()}
	s.P50, _ = q.Quantile(0.50)
	s.P90, _ = q.Quantile(0.90)
	s.P99, _ = q.Quantile(0.99)
	return Some(s)
}
