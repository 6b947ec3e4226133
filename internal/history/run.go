package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"
)

// lastFlush bounds the writing after the end of Run's context.
const lastFlush = 5 * time.Second

// Run writes until ctx ends, and then once more what is queued; it closes the database. It returns the error of that last writing.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(s.options.Flush)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			s.end(s.now())
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
			defer cancel()
			if err := s.Close(last); err != nil {
				return fmt.Errorf("write the last of history: %w", err)
			}
			return nil
		case <-tick.C:
			if s.flush(ctx, forever) == nil {
				s.keep(ctx)
			}
		}
	}
}

const forever time.Duration = 1<<63 - 1

var errBusy = errors.New("another is writing")

// enter takes the token, which leave gives back.
func (s *Store) enter(ctx context.Context, patience time.Duration) error {
	select {
	case s.writing <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case s.writing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return errBusy
	}
}

func (s *Store) leave() { <-s.writing }

// flush writes what is queued. Who comes while another writes waits for that one.
func (s *Store) flush(ctx context.Context, patience time.Duration) error {
	if err := s.enter(ctx, patience); err != nil {
		return err
	}
	defer s.leave()
	err := s.flushAlone(ctx)
	if err != nil && ctx.Err() == nil {
		s.failed(writing, err)
	}
	return err
}

// flushAlone is flush for who has the token.
func (s *Store) flushAlone(ctx context.Context) error {
	db, err := s.database(ctx)
	if err != nil {
		return err
	}
	q := s.take()
	if q == nil {
		if s.isFailing() { // nothing to write tells nothing of whether one could
			return s.probe(ctx, db)
		}
		return nil
	}
	err = s.writeQueue(ctx, db, q)
	s.landed(q, err)
	s.suspect(err)
	return err
}

// suspect notes that the file is damaged, if that is the error.
func (s *Store) suspect(err error) {
	if isDamage(err) {
		s.mu.Lock()
		s.damaged = true
		s.mu.Unlock()
	}
}

// writeQueue writes a queue part by part. A part that was written is not harmed when all are written again.
func (s *Store) writeQueue(ctx context.Context, db *database, q *queue) error {
	for part := range q.parts(s.options.rows()) {
		write := func() error {
			return db.transaction(ctx, func(tx *sql.Tx) error {
				w := &writer{db: db, tx: tx, company: s.company}
				return w.all(ctx, part)
			})
		}
		err := write()
		if isFull(err) && s.trim(ctx, db) == nil {
			err = write()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// take hands over what is queued; nil: nothing.
func (s *Store) take() *queue {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue.empty() {
		return nil
	}
	s.flying, s.queue = s.queue, newQueue()
	return s.flying
}

// landed ends the writing of a queue. What could not be written is queued again.
func (s *Store) landed(q *queue, err error) {
	s.mu.Lock()
	s.flying = nil
	if err != nil {
		s.queue.under(q, &s.lost)
	}
	s.mu.Unlock()
	if err != nil {
		return
	}
	for i := range q.points {
		s.stain(q.points[i].server, q.points[i].at)
	}
	s.worked(writing)
}

// probe writes something of no consequence.
func (s *Store) probe(ctx context.Context, db *database) error {
	err := db.transaction(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE migration SET at = at WHERE version = 1")
		return err
	})
	if err == nil {
		s.worked(writing)
	}
	return err
}

// database is the open one; it is opened anew after it was away or found damaged.
func (s *Store) database(ctx context.Context) (*database, error) {
	s.mu.Lock()
	db, damaged := s.db, s.damaged
	s.mu.Unlock()
	if db != nil && !damaged {
		return db, nil
	}
	if db != nil {
		s.mu.Lock()
		s.db = nil
		s.mu.Unlock()
		_ = db.close() // of a damaged file: that it cannot be closed well is no news
		if err := s.aside(db); err != nil {
			return nil, err
		}
	}
	db, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.db, s.damaged = db, false
	if damaged {
		for _, w := range s.servers {
			w.lacking = true
		}
	}
	s.mu.Unlock()
	return db, s.look(ctx)
}

// aside renames a damaged file, unless another process has done so already and begun a new one.
func (s *Store) aside(db *database) error {
	if db.path == "" {
		return nil
	}
	now, err := os.Stat(db.path)
	if err != nil || !os.SameFile(now, db.file) {
		return nil
	}
	return s.asideWith(db.path, errDamaged)
}

var errDamaged = errors.New("the file is damaged")

// asideWith renames a damaged file and what belongs to it. Nothing is deleted: a person may save what is left.
func (s *Store) asideWith(path string, why error) error {
	if isPostgres(path) || path == memoryStore {
		return why
	}
	to := path + ".corrupt-" + s.now().UTC().Format("20060102T150405.000Z")
	if err := os.Rename(path, to); err != nil {
		return fmt.Errorf("set the damaged history aside: %w", err)
	}
	for _, part := range []string{"-wal", "-shm"} {
		if err := os.Rename(path+part, to+part); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("set the damaged history aside: %w", err)
		}
	}
	s.mu.Lock()
	s.setAside = to
	s.mu.Unlock()
	s.options.Report(fmt.Errorf("history was damaged and is now %s, a new one is begun: %w", to, why))
	return nil
}
