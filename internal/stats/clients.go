package stats

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"redistop/internal/redis"
	"redistop/internal/sketch"
)

// clientTable folds passes over the connections into rows and groups. Between two passes it shows
// those of the last one.
type clientTable struct {
	showOwn bool
	names   *interner // its own, since a pass may be rarer than an INFO

	seen    map[int64]sighting // connections of the last pass, by id
	spare   map[int64]sighting // the map of the pass before, for reuse
	started time.Time          // of the last pass; zero before the first

	// What the last pass showed; shared with Snapshots, so never changed.
	rows     []ConnectionRow
	groups   [groupings][]ClientGroup
	finished time.Time
	known    int // set only where not all connections could be asked
	expected int
}

// sighting is what a connection's rates are computed from.
type sighting struct {
	at            time.Time
	age           time.Duration
	commands      Maybe[int64]
	netIn, netOut Maybe[int64]
}

func newClientTable(showOwn bool) *clientTable {
	return &clientTable{showOwn: showOwn, names: newInterner(), seen: map[int64]sighting{}, spare: map[int64]sighting{}}
}

// pass folds one pass. The rows of the observer's own connections count in no group and no share
// unless they are to be shown.
func (t *clientTable) pass(p *ClientReading, ownIDs []int64) {
	t.names.turn()
	own := make(map[int64]bool, len(ownIDs))
	for _, id := range ownIDs {
		own[id] = true
	}
	clear(t.spare)
	rows := make([]ConnectionRow, 0, len(p.Clients))
	for _, c := range p.Clients {
		if _, twice := t.spare[c.ID]; twice {
			continue
		}
		t.spare[c.ID] = sighting{at: c.At, age: c.Age, commands: c.Commands, netIn: c.NetIn, netOut: c.NetOut}
		if own[c.ID] && !t.showOwn {
			continue
		}
		row := t.row(c)
		row.Own = own[c.ID]
		rows = append(rows, row)
	}
	t.seen, t.spare = t.spare, t.seen
	t.started, t.finished = p.Started, p.Finished
	t.known, t.expected = 0, 0
	if !p.Complete {
		t.known, t.expected = p.Known, p.Expected
	}
	slices.SortFunc(rows, func(x, y ConnectionRow) int {
		return cmp.Or(
			cmp.Compare(y.CommandsPerSecond.Or(-1), x.CommandsPerSecond.Or(-1)),
			cmp.Compare(x.IdleSeconds, y.IdleSeconds),
			cmp.Compare(x.ID, y.ID),
		)
	})
	t.rows = rows
	t.groups = groupRows(rows)
}

// show puts the tables into a Snapshot.
func (t *clientTable) show(s *Snapshot) {
	if t.started.IsZero() {
		return
	}
	s.Connections = t.rows
	s.Clients = t.groups[byIP]
	s.ClientsByName = t.groups[byName]
	s.ClientsByUser = t.groups[byUser]
	s.ClientsByLibrary = t.groups[byLibrary]
	finished := t.finished.Round(0)
	s.Observer.ClientsTime = &finished
	s.Observer.ClientsKnown, s.Observer.ClientsExpected = t.known, t.expected
}

func (t *clientTable) row(c SeenClient) ConnectionRow {
	row := ConnectionRow{
		ID:                c.ID,
		Addr:              t.names.text(c.Addr),
		Name:              t.names.text(c.Name),
		User:              t.names.text(c.User),
		Library:           t.names.text(library(c.Client)),
		DB:                c.DB,
		AgeSeconds:        int64(c.Age / time.Second),
		IdleSeconds:       int64(c.Idle / time.Second),
		Flags:             t.names.text(c.Flags),
		LastCommand:       t.names.text(c.LastCommand),
		OutputBufferBytes: c.OutputBuffer,
		QueryBufferBytes:  c.QueryBuffer,
		ReplyPeakBytes:    c.ReplyPeak,
		MemoryBytes:       c.TotalMemory,
		Commands:          c.Commands,
		TotalInputBytes:   c.NetIn,
		TotalOutputBytes:  c.NetOut,
		SeenAt:            c.At.Round(0),
		Subscriptions:     c.Sub + c.PSub + c.SSub,
	}
	was, elapsed := t.since(c)
	row.CommandsPerSecond = rateOf(was.commands, c.Commands, elapsed)
	row.InputBytesPerSecond = rateOf(was.netIn, c.NetIn, elapsed)
	row.OutputBytesPerSecond = rateOf(was.netOut, c.NetOut, elapsed)
	return row
}

// since is what a connection had done when it was last seen and how long ago that was. One that
// is younger than the last pass had done nothing then; one that the last pass should have
// shown but did not has no elapsed time, so no rates.
func (t *clientTable) since(c SeenClient) (sighting, time.Duration) {
	if was, ok := t.seen[c.ID]; ok {
		return was, seenElapsed(was.at, c.At, Some(c.Age-was.age))
	}
	if t.started.IsZero() {
		return sighting{}, 0
	}
	elapsed := seenElapsed(t.started, c.At, Maybe[time.Duration]{})
	if c.Age > elapsed+time.Second {
		return sighting{}, 0
	}
	return sighting{commands: Some(int64(0)), netIn: Some(int64(0)), netOut: Some(int64(0))}, elapsed
}

// seenElapsed is the time between two sightings; aged is what the connection's age, which the
// server tells in whole seconds, grew by.
func seenElapsed(before, after time.Time, aged Maybe[time.Duration]) time.Duration {
	return clocks{
		mono:        after.Sub(before),
		wall:        after.Round(0).Sub(before.Round(0)),
		uptime:      aged,
		delayBefore: unknownDelay,
		delayAfter:  unknownDelay,
	}.elapsed()
}

func rateOf(before, after Maybe[int64], elapsed time.Duration) Maybe[float64] {
	was, ok1 := before.Get()
	is, ok2 := after.Get()
	if !ok1 || !ok2 {
		return Maybe[float64]{}
	}
	n, ok := sketch.Growth(was, is)
	if !ok {
		return Maybe[float64]{}
	}
	return maybe(sketch.PerSecond(float64(n), elapsed))
}

// library is the client library as it calls itself, with its version.
func library(c redis.Client) string {
	return strings.TrimSpace(c.LibName + " " + c.LibVer)
}

// IP is the connection's address without its port; empty for a unix socket, and where the server does not know it.
func (r *ConnectionRow) IP() string {
	if ip := (redis.Client{Addr: r.Addr, Flags: r.Flags}).IP(); ip != redis.UnixIP {
		return ip
	}
	return ""
}
