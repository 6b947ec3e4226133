package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"redistop/internal/stats"
)

var messagesPanel = panel{
	id:    "messages",
	title: "Messages",
	short: "Msg",
	key:   "e",
	about: "streams and their groups, queues, channels: do messages move? g: the next of them",
	modes: []mode{{"in streams", groupsTable}, {"in queues", queuesTable}, {"in channels", channelsTable}},
	opens: messagesOpen,
	off: func(v *view) bool {
		m := v.snap.Messaging
		return m == nil || len(m.Streams)+len(m.Queues)+len(m.Channels)+len(m.Unknown) == 0
	},
}

// openMessages is the key of a panel that has no digit.
func (m *app) openMessages() tea.Cmd { return m.openPanel(panelIndex(messagesPanel.id)) }

type messageSort struct {
	name  string
	count func(m *stats.Messaging) int
	rules []string
}

// messageSorts are the modes of the panel: what they are called, what they hold, and the rules whose findings are about them.
var messageSorts = []messageSort{
	{"streams", func(m *stats.Messaging) int { return len(m.Streams) }, []string{"stuck-consumer", "dead-consumer", "unread-group", "growing-lag", "poison-entry", "untrimmed-stream"}},
	{"queues", func(m *stats.Messaging) int { return len(m.Queues) }, []string{"queue-backlog"}},
	{"channels", func(m *stats.Messaging) int { return len(m.Channels) }, []string{"publish-unheard"}},
}

// messagesNeed says that one of the sorts needs a person: a finding is about it, or its rows tell before there is one.
func messagesNeed(v *view, sort int) bool {
	s := v.snap
	if slices.ContainsFunc(s.Findings, func(f stats.Finding) bool { return slices.Contains(messageSorts[sort].rules, f.Rule) }) {
		return true
	}
	switch m := s.Messaging; sort {
	case 0:
		return slices.ContainsFunc(m.Streams, func(r stats.StreamRow) bool {
			return slices.ContainsFunc(r.Groups, func(g stats.GroupRow) bool { return consumersMark(&g).style == styleWarn })
		})
	case 2:
		return len(m.SlowSubscribers) > 0
	}
	return false
}

// messagesOpen is the mode that the panel opens with: the first that needs a person, or else that has anything.
func messagesOpen(v *view) int {
	m := v.snap.Messaging
	if m == nil {
		return 0
	}
	for i := range messageSorts {
		if messagesNeed(v, i) {
			return i
		}
	}
	return max(0, slices.IndexFunc(messageSorts, func(s messageSort) bool { return s.count(m) > 0 }))
}

// otherMessages says how many there are of the sorts that are not shown, and which of them need a person.
func otherMessages(v *view, shown int) (note []string) {
	m := v.snap.Messaging
	if m == nil {
		return nil
	}
	for i, s := range messageSorts {
		if i == shown {
			continue
		}
		text := s.name + " " + whole(int64(s.count(m)))
		if messagesNeed(v, i) {
			text += "!"
		}
		note = append(note, text)
	}
	return note
}

// flowRow is a group with its stream, or a stream that has no group.
type flowRow struct {
	stream *stats.StreamRow
	group  *stats.GroupRow // nil: the stream has none
}

// flows are the rows of a Snapshot, made once.
type flows struct {
	of   *stats.Messaging
	rows []flowRow
}

func flowRows(v *view) []flowRow {
	m := v.snap.Messaging
	if m == nil {
		return nil
	}
	if v.flows.of != m {
		v.flows = flows{of: m}
		for i := range m.Streams {
			s := &m.Streams[i]
			for j := range s.Groups {
				v.flows.rows = append(v.flows.rows, flowRow{s, &s.Groups[j]})
			}
			if len(s.Groups) == 0 {
				v.flows.rows = append(v.flows.rows, flowRow{s, nil})
			}
		}
	}
	return v.flows.rows
}

// ofGroup is a cell that a stream without groups leaves empty.
func ofGroup(cell func(g *stats.GroupRow) mark) func(*view, *flowRow) mark {
	return func(_ *view, r *flowRow) mark {
		if r.group == nil {
			return mark{}
		}
		return cell(r.group)
	}
}

// numOfGroup is what such a column is sorted by.
func numOfGroup(num func(g *stats.GroupRow) (float64, bool)) func(*flowRow) (float64, bool) {
	return func(r *flowRow) (float64, bool) {
		if r.group == nil {
			return 0, false
		}
		return num(r.group)
	}
}

// Ages of what nobody has acknowledged: longer than most work takes, and longer than anybody would wait.
const warnPendingSeconds, badPendingSeconds = 60, 600

var groupsTable = &table[flowRow]{
	list: flowRows,
	id: func(r *flowRow) rowID {
		id := rowID{n: int64(r.stream.DB), s: r.stream.Key}
		if r.group != nil {
			id.s += "\x00" + r.group.Name
		}
		return id
	},
	match: func(r *flowRow, has func(string) bool) bool {
		return has(r.stream.Key) || r.group != nil && has(r.group.Name)
	},
	extra: flowDetails,
	about: func(v *view, shown, total int) []string {
		return append(otherMessages(v, 0), messagesNote(v, shown, total)...)
	},
	empty:   func(v *view) string { return messagesNothing(v, "no stream was found") },
	part:    "messages",
	natural: -1,
	initial: -1,
	cols: []column[flowRow]{
		{
			title: "stream", long: "stream", width: 14, grow: 10, limit: 60, prio: 0, left: true,
			cell: func(_ *view, r *flowRow) mark { return mark{text: placed(r.stream.DB, r.stream.Key), style: styleName} },
			str:  func(r *flowRow) string { return r.stream.Key },
		},
		{
			title: "group", long: "group", width: 9, grow: 4, limit: 40, prio: 0, left: true,
			cell: ofGroup(func(g *stats.GroupRow) mark { return mark{text: safe(g.Name, 100)} }),
			str: func(r *flowRow) string {
				if r.group == nil {
					return ""
				}
				return r.group.Name
			},
		},
		{
			title: "entries", long: "entries", width: 7, prio: 5,
			cell: func(_ *view, r *flowRow) mark { return mark{text: whole(r.stream.Length)} },
			num:  func(r *flowRow) (float64, bool) { return float64(r.stream.Length), true },
		},
		{
			title: "added/s", long: "added a second", width: 7, prio: 4,
			cell: func(_ *view, r *flowRow) mark { return mark{text: known(r.stream.AddedPerSecond, count)} },
			num:  func(r *flowRow) (float64, bool) { return r.stream.AddedPerSecond.Get() },
		},
		{
			title: "lag", long: "lag", width: 7, prio: 1,
			cell: ofGroup(func(g *stats.GroupRow) mark { return mark{text: known(g.Lag, whole)} }),
			num:  numOfGroup(func(g *stats.GroupRow) (float64, bool) { n, ok := g.Lag.Get(); return float64(n), ok }),
		},
		{
			title: "pending", long: "pending", width: 7, prio: 1,
			cell: ofGroup(func(g *stats.GroupRow) mark { return zeroDim(g.Pending) }),
			num:  numOfGroup(func(g *stats.GroupRow) (float64, bool) { return float64(g.Pending), true }),
		},
		{
			title: "oldest", long: "oldest pending", width: 6, prio: 2, sign: true,
			cell: ofGroup(func(g *stats.GroupRow) mark {
				return mark{text: known(g.OldestSeconds, secondsText), style: severity(g.OldestSeconds.Or(0), warnPendingSeconds, badPendingSeconds)}
			}),
			num: numOfGroup(func(g *stats.GroupRow) (float64, bool) { return g.OldestSeconds.Get() }),
		},
		{
			title: "acked/s", long: "acked a second", width: 7, prio: 3,
			cell: ofGroup(func(g *stats.GroupRow) mark { return mark{text: known(g.AckedPerSecond, count)} }),
			num:  numOfGroup(func(g *stats.GroupRow) (float64, bool) { return g.AckedPerSecond.Get() }),
		},
		{
			title: "done in", long: "done at this rate in", width: 7, prio: 2,
			cell: ofGroup(func(g *stats.GroupRow) mark { return drainMark(g.DrainSeconds, g.DrainNever) }),
			num:  numOfGroup(func(g *stats.GroupRow) (float64, bool) { return drainOrder(g.DrainSeconds, g.DrainNever) }),
		},
		{
			title: "consumers", long: "consumers", width: 11, grow: 3, limit: 40, slack: true, prio: 1, left: true,
			cell: ofGroup(consumersMark),
			num:  numOfGroup(func(g *stats.GroupRow) (float64, bool) { return float64(len(g.Consumers) + g.ConsumersMore), true }),
		},
	},
}

// placed is a key with its database where that is not 0.
func placed(db int, key string) string {
	text := safe(key, 200)
	if db != 0 {
		text += fmt.Sprintf(" (db %d)", db)
	}
	return text
}

// drainMark says when something is empty.
func drainMark(after stats.Maybe[float64], never bool) mark {
	if never {
		return mark{text: "never", style: styleWarn}
	}
	if v, ok := after.Get(); ok && v == 0 {
		return mark{text: "0", style: styleDim}
	}
	return mark{text: known(after, secondsText)}
}

// drainOrder sorts never behind any time.
func drainOrder(after stats.Maybe[float64], never bool) (float64, bool) {
	if never {
		return 1e18, true
	}
	return after.Get()
}

func secondsText(v float64) string {
	if v < 10 {
		return digits(max(0, v), false) + "s"
	}
	return seconds(int64(v))
}

// consumersMark says how many there are and how many of them need a person.
func consumersMark(g *stats.GroupRow) mark {
	bad := map[stats.ConsumerState]int{}
	for i := range g.Consumers {
		bad[g.Consumers[i].State]++
	}
	m := mark{text: fmt.Sprint(len(g.Consumers) + g.ConsumersMore)}
	if g.PendingDeleted > 0 && g.PendingDeleted == g.Pending { // no consumer can do anything about it
		m.text, m.style = m.text+", trimmed", styleWarn
	}
	for _, state := range []stats.ConsumerState{stats.ConsumerStuck, stats.ConsumerDead} {
		if n := bad[state]; n > 0 {
			m.text += fmt.Sprintf(", %d %s", n, state)
			m.style = styleWarn
		}
	}
	if len(g.Poison) > 0 {
		m.text += ", poison"
		m.style = styleWarn
	}
	return m
}

// flowDetails is all that is known of a stream and a group: its consumers and its poison.
func flowDetails(v *view, r *flowRow) []field {
	s := r.stream
	fields := []field{
		{"key", placed(s.DB, s.Key)}, {"memory", known(s.Bytes, wholeBytes)}, {"entries ever added", known(s.EntriesAdded, whole)},
		{"oldest entry", idText(v, s.FirstID)}, {"newest entry", idText(v, s.LastID)},
		{"trimmed while watched", known(s.Trimmed, yesNo)}, {"growing", known(s.Growing, yesNo)},
	}
	if s.Error != "" {
		fields = append(fields, field{"error", safe(s.Error, 200)})
	}
	g := r.group
	if g == nil {
		return append(fields, field{"groups", "none: nobody reads it as a group"})
	}
	fields = append(fields, field{"last delivered", idText(v, g.LastDelivered)}, field{"read a second", known(g.ReadPerSecond, count)})
	if g.HeldUp > 0 {
		fields = append(fields, field{"held up", whole(g.HeldUp) + " of " + whole(g.Pending) + " pending: by consumers that are stuck or dead"})
	}
	if n := g.PendingDeleted; n > 0 && n < g.Pending {
		fields = append(fields, field{"trimmed", whole(n) + " of " + whole(g.Pending) + " pending are gone from the stream: nobody can process them"})
	} else if n > 0 {
		fields = append(fields, field{"trimmed", "all pending are gone from the stream: no claim helps, redistop messaging claim ... --drop-deleted acknowledges them"})
	}
	if g.LagNote != "" {
		fields = append(fields, field{"lag", safe(g.LagNote, 200)})
	}
	for i := range g.Consumers {
		c := &g.Consumers[i]
		text := fmt.Sprintf("%s: %s pending, asked %s", c.State, whole(c.Pending), known(c.IdleSeconds, func(s float64) string { return secondsText(s) + " ago" }))
		if at, ok := c.InactiveSeconds.Get(); ok {
			text += ", got something " + secondsText(at) + " ago"
		}
		if c.Online.Or(false) {
			text += ", connected"
		}
		fields = append(fields, field{"consumer " + safe(c.Name, 60), text})
	}
	if g.ConsumersMore > 0 {
		fields = append(fields, field{"more consumers", fmt.Sprint(g.ConsumersMore)})
	}
	for i := range g.Poison {
		p := &g.Poison[i]
		fields = append(fields, field{"entry " + safe(p.ID, 40), fmt.Sprintf("delivered %s times, last %s ago to %s", whole(p.Deliveries), secondsText(p.IdleSeconds), safe(p.Consumer, 60))})
	}
	switch p := g.PendingPass; {
	case p == nil:
	case p.WholeTime == nil:
		fields = append(fields, field{"poison", fmt.Sprintf("%s of the first %s pending; those behind were not looked at yet", whole(p.Poison), whole(p.Looked))})
	case p.Poison > int64(len(g.Poison)):
		fields = append(fields, field{"poison", fmt.Sprintf("%s of all pending, when they were last looked through, %s ago", whole(p.Poison), durationText(v.snap.Time.Sub(*p.WholeTime)))})
	}
	return fields
}

func yesNo(b bool) string { return map[bool]string{true: "yes", false: "no"}[b] }

// idText is an entry's id, and its age where it is a time.
func idText(v *view, id string) string {
	return orUnknown(strings.TrimSpace(safe(id, 60) + idAge(v, id)))
}
