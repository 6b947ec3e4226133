package stats

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"redistop/internal/redis"
	"redistop/internal/sketch"
)

// slowKept is how many entries of each log are kept; the server itself keeps 128 unless configured.
const slowKept = 512

// slowLogs merges what the polls read of SLOWLOG and COMMANDLOG. Ids are sequential, go on through
// SLOWLOG RESET, and start anew with the process.
type slowLogs struct {
	showOwn bool
	names   *interner
	own     ownConnections
	logs    []*slowLog // in the order of their first reading
	rows    []SlowRow  // of all logs, newest first; shared with Snapshots, so never changed
}

type slowLog struct {
	kind   SlowKind
	lastID Maybe[int64] // highest seen in this process
	rows   []SlowRow    // newest first
	lost   int64
}

func newSlowLogs(showOwn bool, names *interner) *slowLogs {
	return &slowLogs{showOwn: showOwn, names: names, own: newOwnConnections()}
}

// restart forgets the ids; what was seen stays.
func (l *slowLogs) restart() {
	for _, log := range l.logs {
		log.lastID = Maybe[int64]{}
	}
}

// read folds what one Reading brought and returns all kept entries and what was lost.
func (l *slowLogs) read(readings []SlowReading) ([]SlowRow, []SlowLoss) {
	var losses []SlowLoss
	changed := false
	lost := map[SlowKind]int64{}
	for _, r := range readings {
		log := l.log(r.Kind)
		before := log.lastID
		lost[r.Kind] = log.merge(r.Entries, l.row)
		changed = changed || log.lastID != before
	}
	for _, log := range l.logs {
		if log.lost > 0 {
			losses = append(losses, SlowLoss{Kind: log.kind, Interval: lost[log.kind], Total: log.lost})
		}
	}
	if changed {
		l.rows = l.merged()
	}
	return l.rows, losses
}

func (l *slowLogs) log(kind SlowKind) *slowLog {
	for _, log := range l.logs {
		if log.kind == kind {
			return log
		}
	}
	log := &slowLog{kind: kind}
	l.logs = append(l.logs, log)
	return log
}

// merged is all logs in one list, newest first. It is a new list: Snapshots hold the old one.
func (l *slowLogs) merged() []SlowRow {
	var all []SlowRow
	for _, log := range l.logs {
		all = append(all, log.rows...)
	}
	slices.SortStableFunc(all, func(x, y SlowRow) int { return y.Time.Compare(x.Time) })
	return all
}

// merge takes the entries that are newer than the last seen and returns how many ids were never
// seen in between: they came and were pushed out, or cleared away.
func (l *slowLog) merge(entries []redis.SlowEntry, row func(SlowKind, redis.SlowEntry) (SlowRow, bool)) int64 {
	if len(entries) == 0 {
		return 0
	}
	entries = slices.SortedFunc(slices.Values(entries), func(x, y redis.SlowEntry) int { return cmp.Compare(y.ID, x.ID) })
	newest := entries[0].ID
	last, known := l.lastID.Get()
	if known && newest < last {
		known = false // another process answers, though nothing said so
	}
	l.lastID = Some(newest)
	var fresh []SlowRow
	oldest := newest
	for _, e := range entries {
		if known && e.ID <= last {
			oldest = last + 1
			break
		}
		oldest = e.ID
		if r, ok := row(l.kind, e); ok {
			fresh = append(fresh, r)
		}
	}
	if len(fresh) > 0 {
		l.rows = append(fresh, l.rows...)
		l.rows = slices.Clone(l.rows[:min(len(l.rows), slowKept)])
	}
	if !known || newest == last {
		return 0
	}
	lost := max(0, oldest-last-1)
	l.lost = sketch.Add(l.lost, lost)
	return lost
}

// row makes a row of an entry, unless it is the observer's own.
func (l *slowLogs) row(kind SlowKind, e redis.SlowEntry) (SlowRow, bool) {
	if !l.showOwn && l.own.sent(e) {
		return SlowRow{}, false
	}
	row := SlowRow{
		Kind: kind,
		ID:   e.ID,
		Time: writable(e.Time),
		Args: slices.Clone(e.Args),
		Addr: l.names.text(e.Addr),
		Name: l.names.text(e.Name),
	}
	for i, arg := range row.Args {
		row.Args[i] = strings.Clone(arg)
	}
	if len(row.Args) > 0 {
		row.Command = l.names.text(strings.ToLower(row.Args[0]))
	}
	if kind == Slow {
		row.Usec = Some(e.Value)
	} else {
		row.Bytes = Some(e.Value)
	}
	return row, true
}

// writable drops a time that JSON cannot write: only a broken or hostile server tells one.
func writable(t time.Time) time.Time {
	if y := t.Year(); y < 1 || y > 9999 {
		return time.Time{}
	}
	return t
}
