package presence

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"redistop/internal/stats"
)

// said is a message in a line.
func said(t *testing.T, b []byte) string {
	t.Helper()
	var m Message
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatalf("%v in %.200s", err, b)
	}
	if len(b) > MaxMessage || m.Server != "cache" || m.Clients == nil {
		t.Errorf("%d bytes: %.200s", len(b), b)
	}
	text := fmt.Sprintf("%s%d", m.Event, m.Connections)
	if m.Online != nil {
		text += fmt.Sprintf("=%d+%d", *m.Online, *m.Idle)
	}
	for _, c := range m.Clients {
		text += fmt.Sprintf(" %d", c.ID)
		if c.Reason != "" {
			text += ":" + c.Reason
		}
	}
	if m.Omitted > 0 {
		text += fmt.Sprintf(" and %d", m.Omitted)
	}
	return text
}

func due(t *testing.T, a *Announcer, now time.Time) string {
	t.Helper()
	messages, next := a.Due(now)
	if !next.IsZero() && !next.After(now) {
		t.Errorf("at %s to be asked again at %s", now, next)
	}
	var all []string
	for _, b := range messages {
		all = append(all, said(t, b))
	}
	return strings.Join(all, ", ")
}

func TestAnnouncer(t *testing.T) {
	l, a := NewLedger(Options{}), NewAnnouncer("cache", 10*time.Second)
	if messages, next := a.Due(at(0)); messages != nil || !next.IsZero() {
		t.Error("something is said before anything is known")
	}
	primary := with(row(9, 9, 0), func(r *stats.ConnectionRow) { r.Flags = "M" })
	hear := func(s *stats.Snapshot) { a.Hear(l.Observe(s)) }
	for _, step := range []struct {
		now  float64
		pass []stats.ConnectionRow // nil: none
		want string
	}{
		{0, []stats.ConnectionRow{row(1, 50, 40), row(2, 50, 5), primary}, "2=1+1 2 1"},
		{2, []stats.ConnectionRow{row(1, 52, 42), row(2, 52, 7), row(3, 1, 0), primary}, "came1 3"},
		{2.2, []stats.ConnectionRow{row(1, 52, 42), row(4, 0, 0), primary}, ""}, // too soon to say so
		{2.4, nil, ""},
		{2.5, nil, "gone2 2 3, came1 4"},
		{9.9, nil, ""},
		{12, []stats.ConnectionRow{row(1, 62, 0), row(4, 9, 9), primary}, "2=2+0 1 4"},
		{13, nil, ""},
		{24, []stats.ConnectionRow{row(4, 21, 21)}, "gone1 1, 1=0+1 4"},
		{60, nil, "1=0+1 4"},
	} {
		if step.pass != nil {
			hear(look(step.now, step.pass...))
		}
		if got := due(t, a, at(step.now)); got != step.want {
			t.Errorf("at %v s: %q, want %q", step.now, got, step.want)
		}
	}

	// The restart of a server is told with its reason, once.
	s := &stats.Snapshot{Time: at(62), Server: stats.Server{RunID: "run2"}}
	hear(s)
	if got := due(t, a, at(62)); got != "gone1 4:server-restart" {
		t.Errorf("%q", got)
	}
}

// Whoever goes unexplained and is explained later went once.
func TestAnnouncedOnce(t *testing.T) {
	a := NewAnnouncer("cache", time.Minute)
	session := stats.Session{ID: 1, Addr: "a:1"}
	gone := session
	gone.OfflineAt, gone.Reason = &noon, stats.OfflineUnknown
	a.Hear(Update{Seen: at(0), Came: []stats.Session{session}})
	a.Due(at(0))
	a.Hear(Update{Seen: at(2), Gone: []stats.Session{gone}})
	gone.Reason = stats.OfflineKilled
	a.Hear(Update{Seen: at(4), Gone: []stats.Session{gone}})
	if got := due(t, a, at(4)); got != "gone1 1" {
		t.Errorf("%q", got)
	}
}

// A message of many connections is no longer than it may be, and says what it leaves out; so is one of long names.
func TestMessagesAreBounded(t *testing.T) {
	a := NewAnnouncer("cache", time.Minute)
	a.Hear(Update{Seen: at(0), Came: make([]stats.Session, 0)})
	var many []stats.Session
	for i := range 10_000 {
		many = append(many, stats.Session{ID: int64(i), Addr: "10.0.0.1:40000", Name: strings.Repeat("<\x00", 1+i%300), LastInteraction: at(float64(-i))})
	}
	a.Hear(Update{Seen: at(1), Came: many})
	messages, _ := a.Due(at(1))
	if len(messages) != 2 {
		t.Fatalf("%d messages", len(messages))
	}
	for _, b := range messages {
		var m Message
		if err := json.Unmarshal(b, &m); err != nil || len(b) > MaxMessage || len(b) < MaxMessage*9/10 {
			t.Errorf("%d bytes, %v", len(b), err)
		}
		if m.Connections != 10_000 || len(m.Clients)+m.Omitted != 10_000 || m.Clients[0].ID != 0 {
			t.Errorf("%d connections, %d told, %d omitted", m.Connections, len(m.Clients), m.Omitted)
		}
	}
}
