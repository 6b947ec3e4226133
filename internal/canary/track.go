package canary

import (
	"time"

	"redistop/internal/sketch"
	"redistop/internal/stats"
)

// state is what is known of one message.
type state uint8

const (
	unused   state = iota
	tried          // under way to the server, or its answer was lost
	inFlight       // the server has taken it
	received
	lost
	unsure  // tried, no answer, and not received for long
	refused // the server did not take it
)

// slot is one message in the window.
type slot struct {
	number int64
	begun  time.Duration // since the track's start, when it was sent first
	heard  time.Duration // of the receiver's listening, when the server took it
	state  state
}

// A track counts what becomes of messages. The latest of them are remembered in a window of fixed size; what falls out of it
// while under way is lost. A message is lost when the receiver has listened for the patience since the server took it: while
// nobody listens nothing is judged. One that comes after all is received, and not lost any more.
// It takes the time as an argument and is not safe for concurrent use.
type track struct {
	start     time.Time
	patience  time.Duration
	window    []slot
	next      int64 // number of the next message
	oldest    int64 // all before are settled
	highest   int64 // received
	listening bool
	since     time.Time     // listening, or not
	listened  time.Duration // before that
	pace      time.Duration // between two messages
	quiet     time.Duration // since the track's start, when the latest arrived, or the first was sent
	gap       time.Duration // the longest time without one
	ended     bool          // no more are sent
	counts    stats.Probe   // the counters alone
	latency   sketch.Quantiles
}

// newTrack remembers so many messages.
func newTrack(now time.Time, window int, pace, patience time.Duration) *track {
	return &track{start: now, since: now, pace: pace, patience: patience, window: make([]slot, window), next: 1, oldest: 1}
}

// at is the slot of a number, nil when the window has forgotten it.
func (t *track) at(number int64) *slot {
	s := &t.window[number%int64(len(t.window))]
	if s.number != number || s.state == unused {
		return nil
	}
	return s
}

// heardUntil is how long the receiver has listened altogether.
func (t *track) heardUntil(now time.Time) time.Duration {
	if !t.listening {
		return t.listened
	}
	return t.listened + now.Sub(t.since)
}

// listen says that the receiver listens from now on, or does not.
func (t *track) listen(on bool, now time.Time) {
	t.listened = t.heardUntil(now)
	t.listening, t.since = on, now
}

// begin is for a message that is about to be sent for the first time. It returns its number.
func (t *track) begin(now time.Time) int64 {
	number := t.next
	s := &t.window[number%int64(len(t.window))]
	t.give(s)
	if number == 1 {
		t.quiet = now.Sub(t.start)
	}
	t.next++
	*s = slot{number: number, begun: now.Sub(t.start), heard: t.heardUntil(now), state: tried}
	return number
}

// give gives a message up that was not received.
func (t *track) give(s *slot) {
	switch s.state {
	case inFlight:
		s.state = lost
		t.counts.Lost++
	case tried:
		s.state = unsure
		t.counts.Unsure++
	}
}

// took says that the server has taken a message.
func (t *track) took(number int64, now time.Time) {
	s := t.at(number)
	if s == nil || s.state != tried {
		return // it was received before the answer came
	}
	t.counts.Sent++
	s.state, s.heard = inFlight, t.heardUntil(now)
}

// refuse says that the server has not taken it.
func (t *track) refuse(number int64) {
	if s := t.at(number); s != nil && s.state == tried {
		s.state = refused
	}
}

// receive says that a message has arrived.
func (t *track) receive(m message, now time.Time) {
	if m.number >= t.next {
		return // not one of this run
	}
	s := t.at(m.number)
	if s == nil || s.state == received { // what the window has forgotten was received or given up, a while ago
		t.counts.Duplicated++
		return
	}
	switch s.state {
	case tried, refused:
		t.counts.Sent++
	case unsure:
		t.counts.Unsure--
		t.counts.Sent++
	case lost:
		t.counts.Lost--
	}
	s.state = received
	t.counts.Received++
	if m.number < t.highest {
		t.counts.Reordered++
	}
	t.highest = max(t.highest, m.number)
	t.gap, t.quiet = t.silence(now), now.Sub(t.start)
	t.latency.Add(uint64(max(0, (now.Sub(t.start) - s.begun).Microseconds())))
}

// settle gives up what was waited for too long. held is the message that the sender is still about to send again; 0: none.
func (t *track) settle(now time.Time, held int64) {
	t.oldest = max(t.oldest, t.next-int64(len(t.window)))
	heard := t.heardUntil(now)
	for ; t.oldest < t.next && t.oldest != held; t.oldest++ {
		s := t.at(t.oldest)
		waits := s.state == inFlight || s.state == tried
		if waits && heard-s.heard < t.patience {
			return
		}
		t.give(s)
	}
}

// silence is the longest time without an arrival until now.
func (t *track) silence(now time.Time) time.Duration {
	if t.ended || t.next == 1 {
		return t.gap
	}
	return max(t.gap, now.Sub(t.start)-t.quiet)
}

// end says that no more messages are sent: that none arrives is no gap from now on.
func (t *track) end(now time.Time) { t.gap, t.ended = t.silence(now), true }

// unread is how many messages the server has taken and the receiver has not got, behind the last that it got.
func (t *track) unread() int64 {
	var n int64
	for number := max(t.highest+1, t.next-int64(len(t.window))); number < t.next; number++ {
		if s := t.at(number); s != nil && (s.state == inFlight || s.state == lost) {
			n++
		}
	}
	return n
}

// room says whether another message can be remembered without giving up one that is under way.
func (t *track) room() bool { return t.waiting() < int64(len(t.window))/2 }

// waiting is how many messages the server has taken and nobody has received.
func (t *track) waiting() int64 { return t.counts.Sent - t.counts.Received - t.counts.Lost }

// The least messages that tell a quantile.
const (
	leastP99  = 100
	leastP999 = 1000
)

// probe is what was counted until now.
func (t *track) probe(now time.Time) stats.Probe {
	p := t.counts
	p.InFlight, p.Listening = t.waiting(), t.listening
	quantile := func(q float64, least uint64) stats.Maybe[float64] {
		if v, ok := t.latency.Quantile(q); ok && t.latency.Count() >= least {
			return stats.Some(float64(v))
		}
		return stats.Maybe[float64]{}
	}
	p.P50Usec, p.P99Usec, p.P999Usec = quantile(0.5, 1), quantile(0.99, leastP99), quantile(0.999, leastP999)
	if t.latency.Count() > 0 {
		p.MaxUsec = stats.Some(float64(t.latency.Max()))
	}
	if t.next > 1 {
		p.GapUsec = stats.Some(float64(max(0, t.silence(now)-t.pace).Microseconds()))
	}
	return p
}
