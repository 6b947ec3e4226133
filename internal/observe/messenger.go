package observe

import (
	"context"
	"errors"
	"sync"
	"time"

	"redistop/internal/messaging"
	"redistop/internal/redis"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// A messenger looks at streams, queues and channels beside the polls, on a connection of its own and within a
// part of the budget, while the server answers questions. Its methods may be called from any goroutine; run is
// called once.
type messenger struct {
	target  server.Target
	budget  float64
	spare   *spare
	sights  *sights
	every   func() time.Duration
	changed chan struct{} // welcome was changed; capacity 1

	mu      sync.Mutex
	welcome bool             // guarded by mu, as is all below: the server answers questions at present
	id      int64            // of the connection; 0: there is none
	barred  bool             // latest says that nothing may be asked, which stays true
	sent    map[string]int64 // since it was taken
	looked  redis.Lookups    // the same
	awaited []messaging.Wait // immutable: at present
	latest  *stats.Messaging // immutable; nil: not looked yet
	survey  *stats.KeySurvey // immutable; nil: no keys were looked at yet
}

const (
	// messagingShare is the part of the budget for looking at messages; the polls have the rest.
	messagingShare = 0.25
	// firstSearchPart and searchPart are the parts of the time for the search.
	firstSearchPart, searchPart = 0.8, 0.4
	// staleAfter is when what was seen last is not told any more: the connection is lost, and does not come back.
	staleAfter = time.Minute
	// barredRest is how long a user who may ask nothing of it is left alone.
	barredRest = 5 * time.Minute
)

// errBarred says that the user may ask about no stream, queue or channel.
var errBarred = errors.New("no right to look at messages")

func newMessenger(c Config, spare *spare, sights *sights, every func() time.Duration) *messenger {
	return &messenger{target: c.Target, budget: messagingShare * c.Budget, spare: spare, sights: sights, every: every,
		changed: make(chan struct{}, 1), sent: map[string]int64{}}
}

// tell lets the messenger know how the observer stands to the server.
func (m *messenger) tell(state stats.LinkState) {
	m.mu.Lock()
	m.welcome = state == stats.Up
	m.mu.Unlock()
	select {
	case m.changed <- struct{}{}:
	default:
	}
}

// run looks until the context ends.
func (m *messenger) run(ctx context.Context) {
	var last *messaging.Watcher // whose connection was lost: the next one goes on where it stood
	for failures := 0; m.awaitWelcome(ctx); {
		w, err := messaging.Open(ctx, messaging.Options{Target: m.target, Budget: m.budget, Every: m.every(), Booked: m.book, After: last})
		looked := false
		if err == nil {
			last = w
			looked, err = m.work(ctx, w)
		}
		if failures++; looked {
			failures = 1
		}
		wait := Backoff(stats.Down, failures)
		switch {
		case errors.Is(err, server.ErrDenied): // every attempt is an entry in the server's ACL LOG
			wait = Backoff(stats.Denied, failures)
		case errors.Is(err, errBarred):
			wait = barredRest
		}
		if !sleep(ctx, wait) {
			return
		}
	}
}

// awaitWelcome waits until the server answers questions; it says false when the context ended.
func (m *messenger) awaitWelcome(ctx context.Context) bool {
	for {
		m.mu.Lock()
		welcome := m.welcome
		m.mu.Unlock()
		if welcome {
			return ctx.Err() == nil
		}
		select {
		case <-m.changed:
		case <-ctx.Done():
			return false
		}
	}
}

// work looks on one connection until it is lost. looked says that it ever was of use.
func (m *messenger) work(ctx context.Context, w *messaging.Watcher) (looked bool, err error) {
	m.holds(w.Tool().ID())
	defer func() {
		w.Close()
		m.holds(0)
	}()
	for m.awaitWelcome(ctx) {
		begun := time.Now()
		every := m.every()
		// What is known has its turn whatever the search takes, which is longest before anything is known: then it may have
		// what the polls leave of the budget.
		part, budget := searchPart, m.budget
		if w.Passes() == 0 {
			part, budget = firstSearchPart, max(m.budget, m.spare.left())
		}
		w.Tool().Allow(budget)
		if err := w.Sight(ctx, m.sights.take()); err != nil {
			return looked, err
		}
		if _, err := w.Search(ctx, begun.Add(time.Duration(part*float64(every)))); err != nil {
			return looked, err
		}
		w.Follow(m.awaitedNow())
		turns, err := w.Poll(ctx, begun.Add(every))
		if err != nil {
			return looked, err
		}
		if turns { // the time that is left
			if _, err := w.Search(ctx, begun.Add(every)); err != nil {
				return looked, err
			}
		}
		looked = true
		m.keep(w)
		if !w.Able() {
			return looked, errBarred
		}
		if !sleep(ctx, time.Until(begun.Add(every))) {
			break
		}
	}
	return looked, ctx.Err()
}

// awaits takes what connections wait for at present: those keys are looked at too.
func (m *messenger) awaits(list []messaging.Wait) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.awaited = list
}

func (m *messenger) awaitedNow() []messaging.Wait {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.awaited
}

func (m *messenger) holds(id int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.id = id
}

// keep takes what is known now.
func (m *messenger) keep(w *messaging.Watcher) {
	told, survey := w.Told(), w.Survey()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.latest, m.survey, m.barred = told, survey, !w.Able()
}

// book counts what was sent, while it is being sent: a search takes most of an interval.
func (m *messenger) book(sent []redis.Sent, looked redis.Lookups) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range sent {
		m.sent[s.Name] += s.Calls
	}
	m.looked = m.looked.Plus(looked)
}

// attach puts what is known, and what it took, into a Reading.
func (m *messenger) attach(r *stats.Reading) {
	m.spare.note(r)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.latest != nil && (m.barred || time.Since(m.latest.Time) < max(staleAfter, 5*m.every())) {
		r.Messaging = m.latest
	}
	r.Survey = m.survey
	if m.id != 0 {
		r.OwnIDs = append(r.OwnIDs[:len(r.OwnIDs):len(r.OwnIDs)], m.id)
	}
	r.Sent = appendSent(r.Sent, m.sent)
	r.Looked, m.looked = r.Looked.Plus(m.looked), redis.Lookups{}
}
