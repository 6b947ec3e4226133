package tui

import (
	"fmt"
	"slices"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

var queuesTable = &table[stats.QueueRow]{
	list: func(v *view) []stats.QueueRow {
		if v.snap.Messaging == nil {
			return nil
		}
		return v.snap.Messaging.Queues
	},
	id: func(r *stats.QueueRow) rowID { return rowID{n: int64(r.DB), s: r.Key + "\x00" + r.Name} },
	match: func(r *stats.QueueRow, has func(string) bool) bool {
		return has(r.Name) || has(r.Key) || has(r.Framework)
	},
	extra: func(_ *view, r *stats.QueueRow) []field {
		fields := []field{{"key", placed(r.DB, r.Key)}, {"type", safe(r.Type, 20)}}
		if r.Registered {
			fields = append(fields, field{"known", "by its framework's own list of queues: no job waits, so that it has no list"})
		}
		if r.Error != "" {
			fields = append(fields, field{"error", safe(r.Error, 200)})
		}
		return fields
	},
	about: func(v *view, shown, total int) []string {
		return append(otherMessages(v, 1), messagesNote(v, shown, total)...)
	},
	empty:   func(v *view) string { return messagesNothing(v, "no queue was found") },
	part:    "messages",
	natural: 1,
	initial: -1,
	cols: []column[stats.QueueRow]{
		{
			title: "queue", long: "queue", width: 16, grow: 10, limit: 60, prio: 0, left: true,
			cell: func(_ *view, r *stats.QueueRow) mark { return mark{text: placed(r.DB, r.Name), style: styleName} },
			str:  func(r *stats.QueueRow) string { return r.Name },
		},
		numberColumn("waiting", "jobs waiting", 7, 0, func(r *stats.QueueRow) stats.Maybe[int64] { return stats.Some(r.Depth) }),
		speedColumn("growth/s", "growth a second", 8, 2, func(r *stats.QueueRow) stats.Maybe[float64] { return r.DepthPerSecond }),
		{
			title: "empty in", long: "empty in, at this rate", width: 8, prio: 2,
			cell: func(_ *view, r *stats.QueueRow) mark { return drainMark(r.DrainSeconds, r.DrainNever) },
			num:  func(r *stats.QueueRow) (float64, bool) { return drainOrder(r.DrainSeconds, r.DrainNever) },
		},
		{
			title: "oldest", long: "oldest waiting job", width: 6, prio: 1,
			cell: func(_ *view, r *stats.QueueRow) mark { return mark{text: known(r.OldestSeconds, secondsText)} },
			num:  func(r *stats.QueueRow) (float64, bool) { return r.OldestSeconds.Get() },
		},
		numberColumn("running", "in flight", 7, 3, func(r *stats.QueueRow) stats.Maybe[int64] { return r.InFlight }),
		numberColumn("delayed", "delayed", 7, 3, func(r *stats.QueueRow) stats.Maybe[int64] { return r.Delayed }),
		numberColumn("dead", "dead", 6, 3, func(r *stats.QueueRow) stats.Maybe[int64] { return r.Dead }),
		numberColumn("idle", "idle: workers that wait for a job", 7, 4, func(r *stats.QueueRow) stats.Maybe[int64] { return r.Workers }),
		speedColumn("in/s", "jobs that come a second", 6, 5, func(r *stats.QueueRow) stats.Maybe[float64] { return r.ArrivedPerSecond }),
		speedColumn("out/s", "jobs that go a second", 6, 5, func(r *stats.QueueRow) stats.Maybe[float64] { return r.ServedPerSecond }),
		{
			title: "framework", long: "framework", width: 9, slack: true, prio: 4, left: true,
			cell: func(_ *view, r *stats.QueueRow) mark {
				return mark{text: orUnknown(safe(r.Framework, 40)), style: styleDim}
			},
			str: func(r *stats.QueueRow) string { return r.Framework },
		},
	},
}

func numberColumn[R any](title, long string, width, prio int, get func(*R) stats.Maybe[int64]) column[R] {
	return column[R]{
		title: title, long: long, width: width, prio: prio,
		cell: func(_ *view, r *R) mark { return mark{text: known(get(r), whole)} },
		num:  func(r *R) (float64, bool) { n, ok := get(r).Get(); return float64(n), ok },
	}
}

func speedColumn[R any](title, long string, width, prio int, get func(*R) stats.Maybe[float64]) column[R] {
	return column[R]{
		title: title, long: long, width: width, prio: prio,
		cell: func(_ *view, r *R) mark { return mark{text: known(get(r), count)} },
		num:  func(r *R) (float64, bool) { return get(r).Get() },
	}
}

var channelsTable = &table[stats.ChannelRow]{
	list: func(v *view) []stats.ChannelRow {
		if v.snap.Messaging == nil {
			return nil
		}
		return v.snap.Messaging.Channels
	},
	id:    func(r *stats.ChannelRow) rowID { return rowID{s: r.Name + fmt.Sprint(r.Shard, r.Pattern)} },
	match: func(r *stats.ChannelRow, has func(string) bool) bool { return has(r.Name) },
	about: func(v *view, shown, total int) []string {
		note := append(otherMessages(v, 2), slowestNote(v.snap.Messaging)...)
		note = append(note, "delivered at most once")
		if m := v.snap.Messaging; m != nil && m.Patterns.Or(0) > 0 {
			word := " patterns"
			if m.Patterns.Or(0) == 1 {
				word = " pattern"
			}
			note = append(note, whole(m.Patterns.Or(0))+word)
		}
		return append(note, messagesNote(v, shown, total)...)
	},
	empty:   func(v *view) string { return messagesNothing(v, "no channel has a subscriber") },
	part:    "messages",
	natural: 1,
	initial: -1,
	cols: slices.Concat([]column[stats.ChannelRow]{
		{
			title: "channel", long: "channel", width: 20, grow: 10, limit: 80, prio: 0, left: true,
			cell: func(_ *view, r *stats.ChannelRow) mark { return mark{text: safe(r.Name, 200), style: styleName} },
			str:  func(r *stats.ChannelRow) string { return r.Name },
		},
		numberColumn("subscribers", "subscribers, without patterns", 11, 0, func(r *stats.ChannelRow) stats.Maybe[int64] { return stats.Some(r.Subscribers) }),
	}, estimateColumns("msg/s", "messages a second", 1,
		func(r *stats.ChannelRow) rate { return rate{r.PublishedPerSecond, r.Error} },
		func(v *view) bool { return v.snap.Sampled.Commands > 0 && !v.snap.Sampled.Complete },
	), []column[stats.ChannelRow]{
		{
			title: "heard", long: "heard by nobody", width: 9, prio: 1, left: true,
			cell: func(_ *view, r *stats.ChannelRow) mark {
				if r.Unheard {
					return mark{text: "by nobody", style: severity(1, 1, 1<<30)}
				}
				return mark{}
			},
			num: func(r *stats.ChannelRow) (float64, bool) { return map[bool]float64{true: 1}[r.Unheard], true },
		},
		{
			title: "slow", long: "subscribers that do not read", width: 6, prio: 1, sign: true,
			cell: func(v *view, r *stats.ChannelRow) mark {
				if r.SlowSubscribers == 0 && v.snap.Messaging != nil && len(v.snap.Messaging.SlowSubscribers) > 0 {
					return mark{text: orUnknown("")} // whose they are is not told
				}
				return mark{text: fmt.Sprint(r.SlowSubscribers), style: severity(float64(r.SlowSubscribers), 1, 1<<30)}
			},
			num: func(r *stats.ChannelRow) (float64, bool) { return float64(r.SlowSubscribers), true },
		},
		{
			title: "kind", long: "kind", width: 8, prio: 2, left: true,
			cell: func(_ *view, r *stats.ChannelRow) mark {
				return mark{text: map[bool]string{true: "sharded", false: "global"}[r.Shard], style: styleDim}
			},
			str: func(r *stats.ChannelRow) string { return map[bool]string{true: "sharded", false: "global"}[r.Shard] },
		},
	}),
}

// slowestNote names the subscriber for which most waits; whose channel it is, is not told.
func slowestNote(m *stats.Messaging) []string {
	if m == nil || len(m.SlowSubscribers) == 0 {
		return nil
	}
	s := &m.SlowSubscribers[0]
	who := s.Name
	if who == "" {
		who = s.Addr
	}
	text := "slow: " + safe(who, 30) + ", " + wholeBytes(s.WaitingBytes) + " wait"
	if more := len(m.SlowSubscribers) - 1 + m.SlowSubscribersMore; more > 0 {
		text += fmt.Sprintf(", %d more", more)
	}
	return []string{text}
}

// messagesNote says how far the search is and how often each key has its turn.
func messagesNote(v *view, shown, total int) []string {
	m := v.snap.Messaging
	if m == nil {
		return nil
	}
	var note []string
	if m.Discovery.Passes == 0 && m.Discovery.Keys > 0 {
		text := percent(m.Discovery.Share) + " of the keys searched"
		if left, ok := m.Discovery.RemainingSeconds.Get(); ok {
			text += ", about " + secondsText(left) + " to go"
		}
		note = append(note, text)
	}
	if every, ok := m.Discovery.EverySeconds.Get(); ok {
		note = append(note, "a look every "+secondsText(every))
	}
	results := int64(0)
	for i := range m.Results {
		results += m.Results[i].Streams
	}
	if n := m.Discovery.LongNames; n > 0 {
		note = append(note, whole(n)+" with too long a name")
	}
	if results > 0 {
		note = append(note, whole(results)+" streams of job results")
	}
	if m.Omitted > 0 {
		note = append(note, whole(int64(m.Omitted))+" left out")
	}
	if total > 0 {
		note = append(note, counted(shown, total))
	}
	return note
}

// messagesNothing says why there are no rows.
func messagesNothing(v *view, otherwise string) string {
	m := v.snap.Messaging
	switch {
	case m == nil:
		return "not looked for yet"
	case len(m.Unknown) > 0:
		return safe(m.Unknown[0], 400)
	case m.Discovery.Passes == 0:
		return otherwise + " so far"
	}
	return otherwise
}

// idAge is the age of an entry whose id is a time, in brackets.
func idAge(v *view, id string) string {
	parsed, ok := redis.ParseStreamID(id)
	if !ok {
		return ""
	}
	at, ok := parsed.Time(v.snap.Time)
	if !ok {
		return ""
	}
	return " (" + durationText(v.snap.Time.Sub(at)) + " ago)"
}
