package history

import (
	"context"
	"database/sql"
	"math"
	"strings"
)

// querier is a database or a transaction of it.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// A tier is points of one width.
type tier struct {
	name string
	step int64 // milliseconds; 0: raw
}

// tiers from the finest on; each but the first is rolled up from the one before it.
var tiers = []tier{{"raw", 0}, {"1m", 60_000}, {"10m", 600_000}, {"1h", 3_600_000}}

var (
	rawInsert    = newRawInsert()
	rolledInsert = newRolledInsert()
)

func newRawInsert() insert {
	i := insert{table: "raw_point", columns: append([]string{"server", "at", "commands"}, SeriesNames()...)}
	i.conflict = "(server, at) DO UPDATE SET " + excluded(i.columns[2:])
	return i
}

func newRolledInsert() insert {
	i := insert{table: "rolled_point", columns: []string{"server", "step", "at", "n", "counts", "commands"}}
	for _, name := range SeriesNames() {
		i.columns = append(i.columns, name, name+"_min", name+"_max")
	}
	// A bucket that is rolled up again after part of what is in it was dropped does not lose that part.
	i.conflict = "(server, step, at) DO UPDATE SET " + excluded(i.columns[3:]) + " WHERE excluded.n >= rolled_point.n"
	return i
}

func excluded(columns []string) string {
	sets := make([]string, len(columns))
	for i, c := range columns {
		sets[i] = c + " = excluded." + c
	}
	return strings.Join(sets, ", ")
}

func (w *writer) points(ctx context.Context, all []serverPoint) error {
	type key struct{ server, at int64 }
	rows := make([][]any, 0, len(all))
	place := map[key]int{} // PostgreSQL refuses to bring one row up to date twice in a statement
	for i := range all {
		p := &all[i]
		server, err := w.server(ctx, p.server)
		if err != nil {
			return err
		}
		row := make([]any, 0, 3+len(p.mean))
		row = append(row, server, p.at, text(p.encodeCommands()))
		for _, v := range p.mean {
			row = append(row, figure(v))
		}
		if at, twice := place[key{server, p.at}]; twice {
			rows[at] = row
			continue
		}
		place[key{server, p.at}] = len(rows)
		rows = append(rows, row)
	}
	return w.insert(ctx, rawInsert, rows)
}

func figure(v float64) any {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return v
}

func (w *writer) rolled(ctx context.Context, server int64, step int64, all []point) error {
	rows := make([][]any, 0, len(all))
	for i := range all {
		p := &all[i]
		row := []any{server, step / 1000, p.at, p.n, p.counts(), text(p.encodeCommands())}
		for k, v := range p.mean {
			least, most := p.least(k), p.most(k)
			row = append(row, figure(v), unless(v, least), unless(v, most))
		}
		rows = append(rows, row)
	}
	return w.insert(ctx, rolledInsert, rows)
}

// unless is NULL where v says nothing beyond mean.
func unless(mean, v float64) any {
	if v == mean {
		return nil
	}
	return figure(v)
}

// allIndexes are of every series.
func allIndexes() []int {
	all := make([]int, len(allSeries))
	for i := range all {
		all[i] = i
	}
	return all
}

// points reads the first of a tier that begin in from..to (both included), in the order of time. Of the series only
// those wanted are read, the others are unknown. The point is each's to use until it returns.
func (d *database) points(ctx context.Context, on querier, server string, t tier, from, to int64, want []int, most int, each func(*point) error) error {
	query, columns := pointsQuery(t, want)
	where := conditions{}
	where.servers([]string{server})
	if t.step > 0 {
		where.and("t.step = ?", t.step/1000)
	}
	where.and("t.at >= ?", from)
	where.and("t.at <= ?", to)
	rows, err := on.QueryContext(ctx, d.dialect.query(query+where.text()+" ORDER BY t.at LIMIT ?"), append(where.args, most)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	r := newPointReader(t, want, columns)
	for rows.Next() {
		if err := rows.Scan(r.into...); err != nil {
			return err
		}
		if err := each(r.point()); err != nil {
			return err
		}
	}
	return rows.Err()
}

func pointsQuery(t tier, want []int) (query string, columns int) {
	names := []string{"t.at", "t.commands"}
	table := "raw_point"
	if t.step > 0 {
		names, table = append(names, "t.n", "t.counts"), "rolled_point"
	}
	for _, i := range want {
		name := "t." + allSeries[i].name
		names = append(names, name)
		if t.step > 0 {
			names = append(names, name+"_min", name+"_max")
		}
	}
	return "SELECT " + strings.Join(names, ", ") + " FROM " + table + " t", len(names)
}

// A pointReader turns rows into points.
type pointReader struct {
	rolled   bool
	want     []int
	at, n    int64
	counts   []byte
	commands sql.NullString
	values   []sql.NullFloat64
	into     []any
}

func newPointReader(t tier, want []int, columns int) *pointReader {
	r := &pointReader{rolled: t.step > 0, want: want, n: 1}
	r.into = append(make([]any, 0, columns), &r.at, &r.commands)
	width := 1
	if r.rolled {
		r.into, width = append(r.into, &r.n, &r.counts), 3
	}
	r.values = make([]sql.NullFloat64, width*len(want))
	for i := range r.values {
		r.into = append(r.into, &r.values[i])
	}
	return r
}

func (r *pointReader) point() *point {
	p := &point{at: r.at, n: r.n, mean: unknowns()}
	if r.commands.Valid {
		p.commands, p.known = decodeCommands(r.commands.String), p.n
	}
	if !r.rolled {
		for i, series := range r.want {
			p.mean[series] = valueOf(r.values[i])
		}
		return p
	}
	p.min, p.max = unknowns(), unknowns()
	for i, series := range r.want {
		p.mean[series], p.min[series], p.max[series] = valueOf(r.values[3*i]), valueOf(r.values[3*i+1]), valueOf(r.values[3*i+2])
	}
	p.setCounts(r.counts)
	return p
}

func unknowns() []float64 {
	values := make([]float64, len(allSeries))
	for i := range values {
		values[i] = math.NaN()
	}
	return values
}

func valueOf(v sql.NullFloat64) float64 {
	if !v.Valid {
		return math.NaN()
	}
	return v.Float64
}
