package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"redistop/internal/stats"
)

// Keep is how long each thing is kept.
type Keep struct {
	Raw, Minute, TenMinutes, Hour time.Duration // points as they came, and rolled up
	Sessions                      time.Duration // after their end; marks of activity as long
	Findings                      time.Duration // after they were last seen; changes as long
}

// UsualKeep is what is kept where nothing else is asked for.
func UsualKeep() Keep {
	const day = 24 * time.Hour
	return Keep{Raw: 2 * time.Hour, Minute: 2 * day, TenMinutes: 30 * day, Hour: 365 * day, Sessions: 30 * day, Findings: 30 * day}
}

// Options of a Store; what is zero gets its usual value.
type Options struct {
	Flush     time.Duration    // how often what is queued is written: what a killed process loses at most; 5 s
	Keep      Keep             // each field that is zero: UsualKeep
	MostBytes int64            // on the disk, 1 GiB; 4 MiB at least
	ReadOnly  bool             // the store must be there; nothing is recorded
	Report    func(error)      // told once when something begins to fail, and of a damaged file that was set aside; nil: nobody
	Mended    func(string)     // told in words that what Report told of is over; nil: nobody
	Now       func() time.Time // time.Now
}

func (o Options) withDefaults() Options {
	o.Flush = orUsual(o.Flush, 5*time.Second)
	usual := UsualKeep()
	o.Keep = Keep{
		orUsual(o.Keep.Raw, usual.Raw), orUsual(o.Keep.Minute, usual.Minute), orUsual(o.Keep.TenMinutes, usual.TenMinutes),
		orUsual(o.Keep.Hour, usual.Hour), orUsual(o.Keep.Sessions, usual.Sessions), orUsual(o.Keep.Findings, usual.Findings),
	}
	o.MostBytes = max(orUsual(o.MostBytes, 1<<30), 4<<20)
	if o.Report == nil {
		o.Report = func(error) {}
	}
	if o.Mended == nil {
		o.Mended = func(string) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func orUsual[T time.Duration | int64](v, usual T) T {
	if v <= 0 {
		return usual
	}
	return v
}

// ErrAway says that the database cannot be asked at present; Status says why.
var ErrAway = errors.New("history is away")

// A Store keeps history in one database.
type Store struct {
	where   string // as Open was told, perhaps with a password
	options Options
	writing chan struct{} // holds one token: who has it may write, and owns dirty, upkeep and company

	dirty   map[bucket]bool // rolled up anew the next time
	upkeep  upkeep
	company *company

	mu         sync.Mutex // guards all below
	db         *database  // nil while not open
	queue      *queue     // what came since the last writing
	flying     *queue     // what is being written
	servers    map[string]*watched
	lost       Lost
	lostBefore Lost     // when it began to fail
	failing    [2]error // by trouble; nil while all is well
	since      time.Time
	flushed    time.Time
	bytes      stats.Maybe[int64]
	setAside   string
	damaged    bool // a reader found the file damaged
}

// Status is how a Store is doing.
type Status struct {
	State     string             `json:"state"`           // on, failing
	Why       string             `json:"why,omitempty"`   // it fails
	Since     *time.Time         `json:"since,omitempty"` // it fails
	Kind      string             `json:"store"`           // sqlite, postgres, memory
	Where     string             `json:"where"`           // without a password
	Bytes     stats.Maybe[int64] `json:"bytes,omitzero"`  // on the disk
	MostBytes int64              `json:"most_bytes"`
	Flush     time.Duration      `json:"-"`
	Keep      Keep               `json:"-"`
	Flushed   *time.Time         `json:"flushed,omitempty"` // when it was last written
	Waiting   int                `json:"waiting,omitempty"` // things that are not written yet
	Lost      Lost               `json:"lost,omitzero"`
	SetAside  string             `json:"set_aside,omitempty"` // where a damaged file is now
}

// The states of a Store.
const (
	On      = "on"
	Failing = "failing"
)

// Open opens the store at a file path, ":memory:" or a postgres:// URL, and makes it where it is not there. An
// error is of what cannot mend itself: a wrong address, a store of a newer redistop, a file of another program. Where the database is merely
// away, or the disk is full, the Store is returned failing, and Run tries again.
func Open(ctx context.Context, where string, o Options) (*Store, error) {
	s := &Store{
		where: where, options: o.withDefaults(), writing: make(chan struct{}, 1), dirty: map[bucket]bool{},
		queue: newQueue(), servers: map[string]*watched{},
	}
	s.company = newCompany(s.now())
	db, err := s.connect(ctx)
	switch {
	case err == nil:
		s.db = db
		if err := s.look(ctx); err != nil {
			s.failed(keeping, err)
		}
	case errors.Is(err, ErrNewer) || errors.Is(err, ErrForeign) || s.options.ReadOnly || ctx.Err() != nil || misused(err):
		return nil, fmt.Errorf("open history: %w", err)
	default:
		s.failed(writing, err)
	}
	return s, nil
}

// connect opens the database; a damaged file is set aside and a new one begun.
func (s *Store) connect(ctx context.Context) (*database, error) {
	db, err := open(ctx, s.where, s.options)
	if err == nil || !isDamage(err) || s.options.ReadOnly {
		return db, err
	}
	if err := s.asideWith(s.where, err); err != nil {
		return nil, err
	}
	return open(ctx, s.where, s.options)
}

// Close ends a Store that Run does not run. What is queued is written first.
func (s *Store) Close(ctx context.Context) error {
	var err error
	if !s.options.ReadOnly {
		err = s.flush(ctx, forever)
	}
	s.mu.Lock()
	db := s.db
	s.db = nil
	s.mu.Unlock()
	if db != nil {
		err = errors.Join(err, db.close())
	}
	return err
}

func (s *Store) now() time.Time { return s.options.Now() }

// trouble is what fails: each has its own episodes.
type trouble int

const (
	writing trouble = iota // of what is queued
	keeping                // rolling up, dropping what is old
)

// failed begins or goes on with an episode of trouble; only its beginning is reported.
func (s *Store) failed(what trouble, err error) {
	err = plain(err)
	s.mu.Lock()
	begins := s.failing[what] == nil
	if s.failing == ([2]error{}) {
		s.since, s.lostBefore = s.now(), s.lost
	}
	s.failing[what] = err
	s.mu.Unlock()
	if begins {
		s.options.Report(fmt.Errorf("%s: %w", [2]string{"history is not written at present", "history is not kept in order at present"}[what], err))
	}
}

// worked ends an episode of trouble, which is told as its beginning was.
func (s *Store) worked(what trouble) {
	s.mu.Lock()
	ends := s.failing[what] != nil
	s.failing[what] = nil
	if what == writing {
		s.flushed = s.now()
	}
	lost := s.lost.all() - s.lostBefore.all()
	s.mu.Unlock()
	switch {
	case !ends:
	case what == keeping:
		s.options.Mended("history is kept in order again")
	case lost > 0:
		s.options.Mended(fmt.Sprintf("history is written again; of what came meanwhile %d things found no room in memory", lost))
	default:
		s.options.Mended("history is written again, with what came meanwhile")
	}
}

// Status says how the Store is doing.
func (s *Store) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Status{
		State: On, Kind: kindOf(s.where), Where: withoutPassword(s.where), Bytes: s.bytes, MostBytes: s.options.MostBytes,
		Flush: s.options.Flush, Keep: s.options.Keep, Waiting: s.queue.size(), Lost: s.lost, SetAside: s.setAside,
	}
	if s.flying != nil {
		st.Waiting += s.flying.size()
	}
	if why := cmp.Or(s.failing[writing], s.failing[keeping]); why != nil {
		since := s.since
		st.State, st.Why, st.Since = Failing, whyOf(why), &since
	}
	if !s.flushed.IsZero() {
		flushed := s.flushed
		st.Flushed = &flushed
	}
	return st
}

func kindOf(where string) string {
	switch {
	case isPostgres(where):
		return "postgres"
	case where == memoryStore:
		return "memory"
	}
	return "sqlite"
}

// withoutPassword is an address as it may be shown.
func withoutPassword(where string) string {
	if !isPostgres(where) {
		return where
	}
	u, err := url.Parse(where)
	if err != nil {
		return "postgres://"
	}
	u.RawQuery = "" // may hold a password too
	return u.Redacted()
}

// patience is how long a question waits for who writes, before it is answered with what is in memory merged in.
const patience = 500 * time.Millisecond

// ask answers a question from the database after all that is queued was written to it, and returns what was not:
// of one thing the later queue holds, and some of it may be in the database already.
func (s *Store) ask(ctx context.Context, question func(*database) error) ([]*queue, error) {
	return s.askFor(ctx, patience, question)
}

func (s *Store) askFor(ctx context.Context, patience time.Duration, question func(*database) error) ([]*queue, error) {
	var waiting []*queue
	if !s.options.ReadOnly && (s.isFailing() || s.flush(ctx, patience) != nil) {
		waiting = s.waiting()
	}
	s.mu.Lock()
	db, why := s.db, s.failing[writing]
	s.mu.Unlock()
	if db == nil {
		return nil, fmt.Errorf("%w: %s", ErrAway, whyOf(why))
	}
	err := question(db)
	s.suspect(err)
	return waiting, err
}

// isFailing says that what is queued could not be written the last time.
func (s *Store) isFailing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failing[writing] != nil
}

// waiting is a copy of what is not written, the older first.
func (s *Store) waiting() []*queue {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*queue
	if s.flying != nil {
		all = append(all, s.flying.clone())
	}
	return append(all, s.queue.clone())
}
