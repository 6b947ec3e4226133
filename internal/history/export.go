package history

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"redistop/internal/stats"
)

// A Point is one row of a server's series, as an export reads it.
type Point struct {
	Server         string
	Tier           string // raw, 1m, 10m, 1h
	Time           time.Time
	N              int64                  // Snapshots in it
	Mean, Min, Max []stats.Maybe[float64] // in the order of SeriesNames
	Commands       []CommandRate
}

// A CommandRate is a command of a Point.
type CommandRate struct {
	Name           string
	CallsPerSecond float64
	UsecPerCall    stats.Maybe[float64]
}

// exportedOnce rows are read at a time, so that an export holds no lock and no old state of the file for long.
const exportedOnce = 2000

// EachPoint gives the points of from..to, server by server in the order of time: each time once, from the finest
// tier that still has it. It ends with the first error of each.
func (s *Store) EachPoint(ctx context.Context, from, to time.Time, each func(Point) error) error {
	return s.export(ctx, "points", func(db *database) error {
		servers, err := db.serverNames(ctx)
		if err != nil {
			return err
		}
		for _, server := range servers {
			if err := db.eachPoint(ctx, server, from.UnixMilli(), to.UnixMilli(), each); err != nil {
				return err
			}
		}
		return nil
	})
}

// export asks once all is written; without that it would leave out what is only in memory.
func (s *Store) export(ctx context.Context, what string, f func(*database) error) error {
	waiting, err := s.askFor(ctx, forever, f)
	if err == nil && len(waiting) > 0 {
		err = fmt.Errorf("%w: %s", ErrAway, s.Status().Why)
	}
	if err != nil {
		return fmt.Errorf("export %s: %w", what, err)
	}
	return nil
}

// Servers are the names of those that anything is kept of, in their order.
func (s *Store) Servers(ctx context.Context) (names []string, err error) {
	err = s.export(ctx, "servers", func(db *database) error {
		names, err = db.serverNames(ctx)
		return err
	})
	return names, err
}

func (d *database) serverNames(ctx context.Context) ([]string, error) {
	rows, err := d.read.QueryContext(ctx, "SELECT name FROM server ORDER BY name")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

func (d *database) eachPoint(ctx context.Context, server string, from, to int64, each func(Point) error) error {
	ends := make([]int64, len(tiers)) // of each tier's part, not included
	end := to + 1
	for t := range tiers {
		ends[t] = end
		oldest, err := d.oldest(ctx, server, tiers[t])
		if err != nil {
			return err
		}
		if oldest.Valid {
			end = min(end, oldest.Int64)
		}
	}
	for t := len(tiers) - 1; t >= 0; t-- {
		last := ends[t] - max(1, tiers[t].step) // a bucket that reaches into the finer part is told there
		if err := d.pagesOfPoints(ctx, server, tiers[t], from, last, each); err != nil {
			return err
		}
	}
	return nil
}

func (d *database) oldest(ctx context.Context, server string, t tier) (at sql.NullInt64, err error) {
	table, where := "raw_point", conditions{}
	where.servers([]string{server})
	if t.step > 0 {
		table = "rolled_point"
		where.and("t.step = ?", t.step/1000)
	}
	err = d.read.QueryRowContext(ctx, d.dialect.query("SELECT MIN(t.at) FROM "+table+" t"+where.text()), where.args...).Scan(&at)
	return at, err
}

func (d *database) pagesOfPoints(ctx context.Context, server string, t tier, from, to int64, each func(Point) error) error {
	for from <= to {
		var page []point
		err := d.points(ctx, d.read, server, t, from, to, allIndexes(), exportedOnce, func(p *point) error {
			page = append(page, *p)
			return nil
		})
		if err != nil {
			return err
		}
		for i := range page {
			if err := each(exported(server, t, &page[i])); err != nil {
				return err
			}
		}
		if len(page) < exportedOnce {
			return nil
		}
		from = page[len(page)-1].at + 1
	}
	return nil
}

func exported(server string, t tier, p *point) Point {
	e := Point{Server: server, Tier: t.name, Time: moment(p.at), N: p.n}
	for i := range p.mean {
		e.Mean, e.Min, e.Max = append(e.Mean, known(p.mean[i])), append(e.Min, known(p.least(i))), append(e.Max, known(p.most(i)))
	}
	for _, c := range p.commands {
		e.Commands = append(e.Commands, CommandRate{c.name, c.calls, known(c.usec)})
	}
	return e
}

// EachSession gives the sessions that were there at some time within from..to, by process of a server and id.
func (s *Store) EachSession(ctx context.Context, from, to time.Time, each func(ServerSession) error) error {
	return s.export(ctx, "sessions", func(db *database) error {
		var run, id int64 = -1, -1
		for {
			page, next, err := db.exportSessions(ctx, from.UnixMilli(), to.UnixMilli(), run, id)
			if err != nil {
				return err
			}
			for _, one := range page {
				if err := each(one); err != nil {
					return err
				}
			}
			if len(page) < exportedOnce {
				return nil
			}
			run, id = next, page[len(page)-1].ID
		}
	})
}

// exportSessions reads the page behind (run, id) and returns the run of its last row.
func (d *database) exportSessions(ctx context.Context, from, to, run, id int64) (page []ServerSession, last int64, err error) {
	where := conditions{}
	where.and("(t.offline_at IS NULL OR t.offline_at >= ?)", from)
	where.and("t.online_since <= ?", to)
	where.and("(t.run, t.id) > (?, ?)", run, id)
	rows, err := d.read.QueryContext(ctx, d.dialect.query("SELECT "+sessionColumns+sessionTables+where.text()+" ORDER BY t.run, t.id LIMIT ?"), append(where.args, exportedOnce)...)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		one, run, err := scanSession(rows, nil)
		if err != nil {
			return nil, 0, err
		}
		page, last = append(page, one), run
	}
	return page, last, rows.Err()
}

// EachFinding gives the findings that lasted at some time within from..to, in the order in which they began.
func (s *Store) EachFinding(ctx context.Context, from, to time.Time, each func(ServerFinding) error) error {
	return s.export(ctx, "findings", func(db *database) error {
		var page []ServerFinding
		for skip := 0; ; skip += exportedOnce {
			page = page[:0]
			where := conditions{}
			where.and("t.first_seen <= ?", to.UnixMilli())
			where.and("t.last_seen >= ?", from.UnixMilli())
			err := db.findings(ctx, where, fmt.Sprintf("t.first_seen, t.server, t.rule, t.subject LIMIT %d OFFSET %d", exportedOnce, skip), func(f ServerFinding) error {
				page = append(page, f)
				return nil
			})
			if err != nil {
				return err
			}
			for _, f := range page {
				if err := each(f); err != nil {
					return err
				}
			}
			if len(page) < exportedOnce {
				return nil
			}
		}
	})
}

// EachChange gives the changes of from..to in the order of time.
func (s *Store) EachChange(ctx context.Context, from, to time.Time, each func(server string, c stats.Change) error) error {
	return s.export(ctx, "changes", func(db *database) error {
		var page []serverChange
		for skip := 0; ; skip += exportedOnce {
			page = page[:0]
			where := conditions{}
			where.and("t.at >= ?", from.UnixMilli())
			where.and("t.at <= ?", to.UnixMilli())
			err := db.changes(ctx, where, fmt.Sprintf("t.at, t.server, t.kind, t.what LIMIT %d OFFSET %d", exportedOnce, skip), func(server string, c stats.Change) error {
				page = append(page, serverChange{server: server, Change: c})
				return nil
			})
			if err != nil {
				return err
			}
			for _, c := range page {
				if err := each(c.server, c.Change); err != nil {
					return err
				}
			}
			if len(page) < exportedOnce {
				return nil
			}
		}
	})
}
