package presence

import (
	"testing"
	"time"

	"redistop/internal/stats"
)

// modelled is a connection of the model: by the truth of what was done, not by what was told of it.
type modelled struct {
	born, spoke int64 // seconds
	seen        bool  // in a pass
}

// FuzzLedger does random things to a few connections and holds the Ledger against what was done: whoever is online is
// listed, whoever a whole pass missed is gone once, nobody else is, and times are true to the second.
func FuzzLedger(f *testing.F) {
	f.Add([]byte{0, 1, 2, 200, 0, 3, 201, 100, 200, 150, 202, 203, 200})
	f.Add([]byte{0, 0, 0, 0, 200, 204, 200, 0, 200, 201, 64, 65, 66, 200})
	f.Add([]byte("000000\xc8\xc9\xcb\xc8@A\xc8"))
	f.Fuzz(func(t *testing.T, script []byte) {
		m := model{t: t, l: NewLedger(Options{Keep: 2 * time.Hour}), run: 'a', alive: map[int64]*modelled{}, listed: map[int64]*modelled{}}
		for _, b := range script[:min(len(script), 300)] {
			m.do(b)
		}
	})
}

// model is a server, and what a Ledger should know of it.
type model struct {
	t      *testing.T
	l      *Ledger
	run    rune
	now    int64
	nextID int64
	last   *time.Time // of the latest pass
	kills  int64
	alive  map[int64]*modelled // at the server
	listed map[int64]*modelled // should be online by the latest passes
}

func (m *model) do(b byte) {
	m.now++
	switch {
	case b < 64:
		m.nextID++
		m.alive[m.nextID] = &modelled{born: m.now, spoke: m.now}
	case b < 128:
		if c := m.alive[int64(b)%(m.nextID+1)]; c != nil {
			c.spoke = m.now
		}
	case b < 200:
		if id := int64(b) % (m.nextID + 1); m.alive[id] != nil {
			delete(m.alive, id)
			if b%2 == 0 {
				m.kills++
			}
		}
	case b == 203: // restart
		m.run, m.nextID, m.last, m.kills = m.run+1, 0, nil, 0
		clear(m.alive)
		m.observe(false, false)
	default:
		m.observe(b%2 == 0, b >= 210)
	}
}

// observe gives the Ledger a Snapshot, with a pass or without, and checks what it tells.
func (m *model) observe(pass, part bool) {
	s := &stats.Snapshot{Time: at(float64(m.now)), Server: stats.Server{RunID: string(m.run)}}
	s.Commands = []stats.CommandRow{{Name: "client|kill", Calls: m.kills}}
	if pass {
		m.last = &s.Time
		for id, c := range m.alive {
			if part && id%3 == 0 {
				continue
			}
			s.Connections = append(s.Connections, with(row(id, m.now-c.born, m.now-c.spoke), func(r *stats.ConnectionRow) { r.SeenAt = s.Time }))
		}
		if part {
			s.Observer.ClientsKnown, s.Observer.ClientsExpected = len(s.Connections), len(m.alive)+1
		}
	}
	s.Observer.ClientsTime = m.last
	was := m.listed
	if !pass && m.last == nil { // restarted
		was = map[int64]*modelled{}
	}
	gone := map[int64]bool{}
	for _, g := range m.l.Observe(s).Gone {
		if g.OfflineAt == nil || g.Reason == "" || g.OfflineAt.Before(g.LastSeen) {
			m.t.Fatalf("half an end: %+v", g)
		}
		gone[g.ID] = true
	}
	m.listed = map[int64]*modelled{}
	for _, r := range s.Connections {
		m.listed[r.ID] = m.alive[r.ID]
	}
	for id, c := range was {
		if m.listed[id] == nil && (!pass || part) {
			m.listed[id] = c
		} else if m.listed[id] == nil && !gone[id] {
			m.t.Fatalf("%d is missing, and nobody says that it went", id)
		}
	}
	m.compare()
}

func (m *model) compare() {
	online := m.l.Online()
	if len(online) != len(m.listed) {
		m.t.Fatalf("%d are online, want %d", len(online), len(m.listed))
	}
	for _, s := range online {
		c := m.listed[s.ID]
		if c == nil || s.RunID != string(m.run) || s.OfflineAt != nil || s.Reason != "" {
			m.t.Fatalf("should it be there? %+v", s)
		}
		if born := at(float64(c.born)); !s.OnlineSince.Equal(born) {
			m.t.Fatalf("%d came at %s, told %s", s.ID, born, s.OnlineSince)
		}
		if s.LastInteraction.After(at(float64(c.spoke))) || s.LastSeen.Equal(at(float64(m.now))) && !s.LastInteraction.Equal(at(float64(c.spoke))) {
			m.t.Fatalf("%d spoke at %d, told %s", s.ID, c.spoke, s.LastInteraction)
		}
	}
}
