package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"redistop/internal/stats"
)

// How MostBytes is divided in SQLite: three quarters for the file, which SQLite itself holds it to, the rest for the
// write-ahead log beside it. Of the file's part the rows may fill high; then the oldest go until they fill low.
const (
	fileShare = 3.0 / 4
	high      = 0.85
	low       = 0.75
)

// pages is how many the file may have.
func (o Options) pages() int64 { return int64(float64(o.MostBytes) * fileShare / pageSize) }

// journal is how large the write-ahead log may be.
func (o Options) journal() int64 { return o.MostBytes / 4 }

// rows is how many may be written in one transaction: each of them may change a page of its table and two of
// indexes, and all changed pages stand in the log, half of which a transaction may fill.
func (o Options) rows() int { return int(max(10, min(10_000, o.journal()/2/(3*pageSize)))) }

// A class is rows that go together when room is needed: the oldest first, but none younger than its floor.
type class struct {
	age
	bytes int64 // of a row, about
	floor time.Duration
}

// sparable are what is dropped for room, in this order; of those in one list the largest.
func (k Keep) sparable() [][]class {
	a := k.ages()
	return [][]class{
		{{a[ageRaw], rawBytes, 10 * time.Minute}, {a[ageSession], sessionBytes, 10 * time.Minute}},
		{{a[ageMinute], rolledBytes, time.Hour}, {a[ageMark], 80, 2 * time.Hour}, {a[ageShort], 30, time.Hour}},
		{{a[ageTen], rolledBytes, 6 * time.Hour}, {a[ageFinding], 1600, time.Hour}, {a[ageChange], 130, time.Hour}},
		{{a[ageHour], rolledBytes, 24 * time.Hour}, {a[ageRaw], rawBytes, 0}, {a[ageSession], sessionBytes, 0}},
	}
}

// Bytes of the rows that there are most of, as SQLite stores them.
const (
	rawBytes     = 500
	rolledBytes  = 1000
	sessionBytes = 150
)

// bound measures the store, and drops the oldest where it is too large.
func (s *Store) bound(ctx context.Context, db *database) error {
	bytes, used, err := s.measure(ctx, db)
	if err != nil {
		return fmt.Errorf("measure history: %w", err)
	}
	s.mu.Lock()
	s.bytes = stats.Some(bytes)
	s.mu.Unlock()
	if float64(used) > high*s.room(db) {
		if err := s.trim(ctx, db); err != nil {
			return fmt.Errorf("make room in history: %w", err)
		}
	}
	return db.giveBack(ctx, s.options)
}

// room is how many bytes rows may fill.
func (s *Store) room(db *database) float64 {
	if db.dialect == &postgresDialect {
		return float64(s.options.MostBytes)
	}
	return float64(s.options.pages() * pageSize)
}

// measure is how many bytes the store has on the disk, and how many of them are in use.
func (s *Store) measure(ctx context.Context, db *database) (bytes, used int64, err error) {
	if db.dialect == &postgresDialect {
		return s.measurePostgres(ctx, db)
	}
	var pages, free int64
	if err := db.write.QueryRowContext(ctx, "PRAGMA page_count").Scan(&pages); err != nil {
		return 0, 0, err
	}
	if err := db.write.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&free); err != nil {
		return 0, 0, err
	}
	return pages*pageSize + db.journalSize(), (pages - free) * pageSize, nil
}

// measurePostgres counts rows only where the tables are so large that it matters: what was deleted stays in their
// files for rows to come.
func (s *Store) measurePostgres(ctx context.Context, db *database) (bytes, used int64, err error) {
	const size = "SELECT COALESCE(SUM(pg_total_relation_size(oid)), 0) FROM pg_class WHERE relnamespace = 'redistop'::regnamespace AND relkind = 'r'"
	if err := db.write.QueryRowContext(ctx, size).Scan(&bytes); err != nil {
		return 0, 0, err
	}
	if float64(bytes) <= high*s.room(db) {
		return bytes, bytes, nil
	}
	counted := map[string]bool{}
	for _, list := range s.options.Keep.sparable() {
		for _, c := range list {
			if counted[c.table+c.where] {
				continue
			}
			counted[c.table+c.where] = true
			n, err := db.count(ctx, c)
			if err != nil {
				return 0, 0, err
			}
			used += n * c.bytes * 3 / 2 // a row has a longer head there, and an index
		}
	}
	return bytes, used, nil
}

func (d *database) count(ctx context.Context, c class) (n int64, err error) {
	err = d.write.QueryRowContext(ctx, d.dialect.query("SELECT COUNT(*) FROM "+c.table+c.only()), endOfTime).Scan(&n)
	return n, err
}

// endOfTime is after every row.
const endOfTime = 1<<62 - 1

func (c class) only() string { return " WHERE " + c.where }

// journalSize is of the write-ahead log.
func (d *database) journalSize() int64 {
	if d.path == "" {
		return 0
	}
	info, err := os.Stat(d.path + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}

// errNoRoom says that there is nothing left that could be dropped.
var errNoRoom = errors.New("what must be kept fills the size that --store-size allows")

// trim drops the oldest rows until those left fill low. Who calls has the token.
func (s *Store) trim(ctx context.Context, db *database) error {
	now := s.now()
	for _, list := range s.options.Keep.sparable() {
		for {
			_, used, err := s.measure(ctx, db)
			if err != nil {
				return err
			}
			if float64(used) <= low*s.room(db) {
				return db.vacuum(ctx)
			}
			largest, from, err := db.largest(ctx, list, now)
			if err != nil {
				return err
			}
			if largest == nil {
				break // all at their floors
			}
			until := now.Add(-largest.floor).UnixMilli()
			cut := min(until, from+max(time.Minute.Milliseconds(), (until-from)/10))
			if err := db.dropAll(ctx, largest.age, cut, s.options.rows()); err != nil {
				return err
			}
		}
	}
	_, used, err := s.measure(ctx, db)
	if err == nil && float64(used) > high*s.room(db) {
		err = errNoRoom
	}
	return err
}

// largest is the class of a list that fills most, among those that have rows older than their floor, and when its oldest row is of.
func (d *database) largest(ctx context.Context, list []class, now time.Time) (largest *class, oldest int64, err error) {
	var most int64
	for i := range list {
		c := &list[i]
		var from sql.NullInt64
		if err := d.write.QueryRowContext(ctx, d.dialect.query("SELECT MIN("+c.column+") FROM "+c.table+c.only()), endOfTime).Scan(&from); err != nil {
			return nil, 0, err
		}
		if !from.Valid || from.Int64 >= now.Add(-c.floor).UnixMilli() {
			continue
		}
		n, err := d.count(ctx, *c)
		if err != nil {
			return nil, 0, err
		}
		if largest == nil || n*c.bytes > most {
			largest, most, oldest = c, n*c.bytes, from.Int64
		}
	}
	return largest, oldest, nil
}

// checkpoint empties the write-ahead log into the file when it is half full, so that a transaction has room in it.
func (d *database) checkpoint(ctx context.Context) error {
	if d.path == "" || d.journalSize() <= d.journal/2 {
		return nil
	}
	var busy, inLog, moved int64
	if err := d.write.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &inLog, &moved); err != nil {
		return err
	}
	if d.journalSize() > d.journal/2 {
		return errors.New("another program reads the file of history without an end, so that its log cannot be emptied")
	}
	return nil
}

// giveBack returns free pages of SQLite's file to the disk, some at a time.
func (d *database) giveBack(ctx context.Context, o Options) error {
	if d.dialect == &postgresDialect {
		return nil
	}
	if err := d.checkpoint(ctx); err != nil {
		return err
	}
	var pages, free int64
	if err := d.write.QueryRowContext(ctx, "PRAGMA page_count").Scan(&pages); err != nil {
		return err
	}
	if err := d.write.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&free); err != nil {
		return err
	}
	if free <= max(64, pages/10) {
		return nil
	}
	rows, err := d.write.QueryContext(ctx, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", min(free, o.journal()/(8*pageSize))))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() { // each step is a page
	}
	return rows.Err()
}

// vacuum makes the room of dropped rows free for others in PostgreSQL; in SQLite it is free already.
func (d *database) vacuum(ctx context.Context) error {
	if d.dialect != &postgresDialect {
		return nil
	}
	_, err := d.write.ExecContext(ctx, "VACUUM raw_point, rolled_point, session, mark, short_lived, finding, change")
	return err
}
