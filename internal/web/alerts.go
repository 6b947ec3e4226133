package web

import (
	"context"
	"sync/atomic"
	"time"

	"redistop/internal/stats"
)

// What an Alert says of a finding.
const (
	Opened   = "opened"   // it stands now
	Worsened = "worsened" // its severity has risen
	Resolved = "resolved" // it is gone
)

const (
	// quiet is how long a finding that was told and is gone is not told again, so that one which comes
	// and goes does not ring all day. If it still stands after that time, it is told then.
	quiet = 10 * time.Minute
	// tooLong is how long a server may be silent before a webhook is told.
	tooLong = 30 * time.Second
	// mostWaiting bounds the messages that wait for the receiver; the oldest gives way.
	mostWaiting = 256
	// mostKnown bounds the findings whose story is kept.
	mostKnown = 10_000
)

// An Alert is one message to a webhook.
type Alert struct {
	Text    string        `json:"text"` // a line for people; in the form that Slack and those who copy it take
	Event   string        `json:"event"`
	Server  string        `json:"server"`
	Addr    string        `json:"addr"`
	Time    time.Time     `json:"time"` // of the Snapshot that showed it
	Finding stats.Finding `json:"finding"`
}

// Alerts follows a Board and tells a webhook which findings open, worsen and resolve. What it has told is
// kept in memory alone: after a start, what stands is told anew.
type Alerts struct {
	board *Board
	hook  *Webhook
	from  stats.Severity // the least that is told

	known map[alertKey]*story // owned by the goroutine of follow

	waiting                    chan Alert
	delivered, failed, dropped atomic.Int64
}

// alertKey tells one finding from another.
type alertKey struct{ server, rule, subject string }

// story is what was told of a finding.
type story struct {
	finding stats.Finding // as last seen
	told    int           // rank of the highest severity that was told; -1: nothing is, or its end is told too
	opened  time.Time     // when it was last told that it opened
	seen    time.Time
}

// NewAlerts tells hook of findings from a severity on.
func NewAlerts(b *Board, hook *Webhook, from stats.Severity) *Alerts {
	return &Alerts{board: b, hook: hook, from: from, known: map[alertKey]*story{}, waiting: make(chan Alert, mostWaiting)}
}

// Run follows the Board until ctx ends. Messages that then wait are lost.
func (a *Alerts) Run(ctx context.Context) {
	sent := make(chan struct{})
	go func() { defer close(sent); a.deliver(ctx) }()
	a.follow(ctx)
	<-sent
}

func (a *Alerts) follow(ctx context.Context) {
	var seen uint64
	for {
		g := a.board.now()
		for _, m := range g.moments {
			if m.seq <= seen {
				continue
			}
			for _, alert := range a.note(m) {
				a.queue(alert)
			}
		}
		seen = g.seq
		select {
		case <-g.after:
		case <-ctx.Done():
			return
		}
	}
}

// note takes in the findings of a moment and returns what is to be told. While the server does not answer,
// nothing is known to be gone.
func (a *Alerts) note(m *moment) []Alert {
	now := m.snapshot.Time
	var tell []Alert
	standing := map[alertKey]bool{}
	for _, f := range append(silence(m.snapshot, tooLong), m.snapshot.Findings...) {
		if f.Resolved != nil {
			continue
		}
		key := alertKey{m.Name, f.Rule, f.Subject}
		standing[key] = true
		s := a.known[key]
		if s == nil {
			if f.Severity.Rank() < a.from.Rank() || len(a.known) >= mostKnown {
				continue
			}
			s = &story{told: -1}
			a.known[key] = s
		}
		s.finding, s.seen = f, now
		if event := s.next(f, a.from, now); event != "" {
			tell = append(tell, newAlert(event, m, f))
		}
	}
	for key, s := range a.known {
		if key.server != m.Name || standing[key] || m.snapshot.Stale {
			continue
		}
		if s.told >= 0 {
			s.told = -1
			at := s.seen
			s.finding.Resolved = &at
			tell = append(tell, newAlert(Resolved, m, s.finding))
		}
		if now.Sub(s.opened) > quiet {
			delete(a.known, key)
		}
	}
	return tell
}

// next is what is to be told of a finding that stands.
func (s *story) next(f stats.Finding, from stats.Severity, now time.Time) string {
	rank := f.Severity.Rank()
	switch {
	case rank < from.Rank():
	case s.told < 0 && (s.opened.IsZero() || now.Sub(s.opened) >= quiet):
		s.told, s.opened = rank, now
		return Opened
	case s.told >= 0 && rank > s.told:
		s.told = rank
		return Worsened
	}
	return ""
}

func newAlert(event string, m *moment, f stats.Finding) Alert {
	return Alert{Text: alertText(event, m.Name, f), Event: event, Server: m.Name, Addr: m.Addr, Time: m.snapshot.Time, Finding: f}
}

// queue lets an Alert wait for its delivery; the oldest gives way when there are too many.
func (a *Alerts) queue(alert Alert) {
	for {
		select {
		case a.waiting <- alert:
			return
		default:
		}
		select {
		case <-a.waiting:
			a.dropped.Add(1)
		default:
		}
	}
}

// deliver sends what waits, one after the other.
func (a *Alerts) deliver(ctx context.Context) {
	for {
		select {
		case alert := <-a.waiting:
			switch err := a.hook.Send(ctx, alert); {
			case err == nil:
				a.delivered.Add(1)
			case ctx.Err() == nil:
				a.failed.Add(1)
				a.hook.complain(err)
			}
		case <-ctx.Done():
			return
		}
	}
}
