package presence

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"redistop/internal/stats"
)

// An Announcer turns the Updates of one server into messages. It is confined to its caller's goroutine and bounded by
// the server's connections.
type Announcer struct {
	server string
	every  time.Duration

	clients map[int64]Client
	seen    time.Time // zero: no pass yet, nothing to say
	next    time.Time // of the next regular message
	quiet   time.Time // until then no event is told
	came    []Client  // since events were last told
	gone    []Client
	more    [2]int // that came, and went, and were not kept
}

const (
	eventGap  = 500 * time.Millisecond // between two moments at which events are told
	mostNews  = 1000                   // of each kind that are kept for one message; more than it holds
	onlineGap = time.Second            // times are true to a second
)

// NewAnnouncer makes one for a server, which says every so often who is there.
func NewAnnouncer(server string, every time.Duration) *Announcer {
	return &Announcer{server: server, every: every, clients: map[int64]Client{}}
}

// Hear takes an Update. Who was there at the first look did not come.
func (a *Announcer) Hear(u Update) {
	first := a.seen.IsZero()
	for i := range u.Gone {
		s := &u.Gone[i]
		if _, known := a.clients[s.ID]; !known {
			continue
		}
		delete(a.clients, s.ID)
		c := clientOf(s)
		if s.Reason != stats.OfflineUnknown {
			c.Reason, c.ReasonLikely = string(s.Reason), s.ReasonLikely
		}
		keepNews(&a.gone, &a.more[1], c)
	}
	for i := range u.Came {
		s := &u.Came[i]
		if s.Internal {
			delete(a.clients, s.ID)
			continue
		}
		if _, known := a.clients[s.ID]; !known && !first {
			keepNews(&a.came, &a.more[0], clientOf(s))
		}
		a.clients[s.ID] = clientOf(s)
	}
	for i := range u.Spoke {
		s := &u.Spoke[i]
		if s.Internal { // it was seen before it had its name
			delete(a.clients, s.ID)
			continue
		}
		a.clients[s.ID] = clientOf(s)
	}
	a.seen = u.Seen
}

func keepNews(list *[]Client, more *int, c Client) {
	if len(*list) == mostNews {
		*more++
		return
	}
	*list = append(*list, c)
}

// longestName is how many bytes of a name are told.
const longestName = 256

func clientOf(s *stats.Session) Client {
	name := s.Name
	if len(name) > longestName {
		name = strings.ToValidUTF8(name[:longestName], "") + "…"
	}
	return Client{ID: s.ID, Addr: s.Addr, Name: name, LastInteraction: s.LastInteraction.UTC().Truncate(time.Millisecond)}
}

// Due are the messages to send now, and when to ask next; a zero time: when something was heard.
func (a *Announcer) Due(now time.Time) (messages [][]byte, next time.Time) {
	if a.seen.IsZero() {
		return nil, time.Time{}
	}
	if news := len(a.came) + len(a.gone); news > 0 && !now.Before(a.quiet) {
		messages = a.events(now)
		a.quiet = now.Add(eventGap)
	}
	if !now.Before(a.next) {
		messages = append(messages, a.all(now))
		a.next = now.Add(a.every)
	}
	next = a.next
	if len(a.came)+len(a.gone) > 0 && a.quiet.Before(next) {
		next = a.quiet
	}
	return messages, next
}

// events tells who went and who came.
func (a *Announcer) events(now time.Time) (messages [][]byte) {
	for _, e := range []struct {
		name string
		list *[]Client
		more *int
	}{{EventGone, &a.gone, &a.more[1]}, {EventCame, &a.came, &a.more[0]}} {
		if len(*e.list) == 0 {
			continue
		}
		m := a.message(now)
		m.Event, m.Connections = e.name, len(*e.list)+*e.more
		messages = append(messages, m.encode(*e.list, m.Connections))
		*e.list, *e.more = (*e.list)[:0], 0
	}
	return messages
}

// all tells who is there.
func (a *Announcer) all(now time.Time) []byte {
	list := make([]Client, 0, len(a.clients))
	online := 0
	since := a.seen.Add(-a.every - onlineGap)
	for _, c := range a.clients {
		list = append(list, c)
		if c.LastInteraction.After(since) {
			online++
		}
	}
	slices.SortFunc(list, func(x, y Client) int {
		return cmp.Or(y.LastInteraction.Compare(x.LastInteraction), cmp.Compare(x.ID, y.ID))
	})
	idle := len(list) - online
	m := a.message(now)
	m.Connections, m.Online, m.Idle = len(list), &online, &idle
	return m.encode(list, len(list))
}

func (a *Announcer) message(now time.Time) Message {
	return Message{Time: now.UTC().Truncate(time.Millisecond), Server: a.server, Seen: a.seen.UTC().Truncate(time.Millisecond)}
}
