package messaging

import (
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// streamLook is what one look at a stream brought.
type streamLook struct {
	at     time.Time
	place  place
	info   redis.StreamInfo   // only the length where entries are too large to be sent for it
	bytes  stats.Maybe[int64] // of the key
	groups []groupLook
	err    string // why nothing else is known
}

// streamMark is what is remembered of a stream between two looks.
type streamMark struct {
	at      time.Time // zero: there was no look
	length  int64
	added   stats.Maybe[int64]
	bytes   stats.Maybe[int64]
	deleted stats.Maybe[string]
	trimmed bool // entries were removed since the first look
	trend   trend
	groups  map[string]groupMark
}

// foldStream makes the row of a stream from a look at it and what is remembered of those before.
func foldStream(look streamLook, before streamMark) (stats.StreamRow, streamMark) {
	row := stats.StreamRow{DB: look.place.db, Key: look.place.key, Error: look.err}
	if look.err != "" {
		return row, streamMark{}
	}
	mark := streamMark{at: look.at, length: look.info.Length, added: look.info.Added, deleted: look.info.MaxDeleted,
		trimmed: before.trimmed, trend: before.trend.with(look.at, look.info.Length), groups: map[string]groupMark{}}
	if mark.bytes = look.bytes; !look.bytes.Known() {
		mark.bytes = before.bytes
	}
	row.Length, row.Bytes, row.EntriesAdded = look.info.Length, mark.bytes, look.info.Added
	row.FirstID, row.LastID = look.info.First, look.info.Last
	row.FirstTime, row.LastTime = idTime(look.info.First, look.at), idTime(look.info.Last, look.at)
	f := mark.since(before)
	if added, ok := f.added.Get(); ok {
		row.AddedPerSecond = stats.Some(float64(added) / f.seconds)
	}
	if f.seconds > 0 {
		row.Trimmed = stats.Some(mark.trimmed)
	}
	row.Growing = mark.trend.growing()
	for _, g := range look.groups {
		groupRow, groupMark := foldGroup(look.info, g, before.groups[g.Name], f, look.at)
		row.Groups = append(row.Groups, groupRow)
		mark.groups[g.Name] = groupMark
	}
	return row, mark
}

// since is what happened between the look before and this one, which it also marks as trimmed if it was.
func (m *streamMark) since(before streamMark) flow {
	var f flow
	if before.at.IsZero() || !m.at.After(before.at) {
		return f
	}
	f.seconds = m.at.Sub(before.at).Seconds()
	now, ok := m.added.Get()
	was, ok2 := before.added.Get()
	switch {
	case ok && ok2 && now < was: // another stream by this name
		m.trimmed, m.trend = false, trend{}.with(m.at, m.length)
	case ok && ok2:
		f.added = stats.Some(now - was)
		f.deleted = m.deleted.Or("") != before.deleted.Or("")
		m.trimmed = m.trimmed || before.length+(now-was) > m.length || f.deleted
	default:
		m.trimmed = m.trimmed || m.length < before.length
	}
	return f
}

func idTime(id string, now time.Time) *time.Time {
	parsed, ok := redis.ParseStreamID(id)
	if !ok {
		return nil
	}
	at, ok := parsed.Time(now)
	if !ok {
		return nil
	}
	return &at
}
