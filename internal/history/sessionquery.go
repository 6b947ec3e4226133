package history

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"redistop/internal/stats"
)

// sessionSorts are what sessions can be sorted by; never NULL, so that pages follow on each other.
var sessionSorts = map[string]string{
	"online_since":     "t.online_since",
	"last_interaction": "t.last_interaction",
	"last_seen":        "t.last_seen",
	"offline_at":       "COALESCE(t.offline_at, 9223372036854775807)", // those online after all that are not
	"addr":             "t.addr",
	"name":             "COALESCE(t.name, '')",
	"user":             "COALESCE(t.user_name, '')",
	"library":          "COALESCE(t.library, '')",
	"last_command":     "COALESCE(t.last_command, '')",
	"reason":           "COALESCE(t.reason, '')",
	"server":           "s.name",
	"db":               "t.db",
	"id":               "t.id",
	"commands":         "COALESCE(t.commands, -1)",
	"input_bytes":      "COALESCE(t.input_bytes, -1)",
	"output_bytes":     "COALESCE(t.output_bytes, -1)",
}

// SessionSorts are what a SessionQuery can be sorted by.
func SessionSorts() []string {
	names := make([]string, 0, len(sessionSorts))
	for name := range sessionSorts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Errors of a wrong SessionQuery.
var (
	ErrUnknownSort  = errors.New("unknown sort")
	ErrUnknownState = errors.New("unknown state")
	ErrWrongCursor  = errors.New("not a cursor of this question")
)

// sessionColumns are in the order of sessionReader.
const sessionColumns = `s.name, COALESCE(s.seen, 0), t.run, r.run_id, t.id, t.addr, t.ip, COALESCE(t.name, ''), COALESCE(t.user_name, ''), COALESCE(t.library, ''),
	t.db, t.internal, t.online_since, t.last_interaction, t.last_seen, t.offline_at, COALESCE(t.reason, ''), t.reason_likely,
	COALESCE(t.last_command, ''), t.commands, t.input_bytes, t.output_bytes`

const sessionTables = " FROM session t JOIN server s ON s.id = t.server JOIN run r ON r.id = t.run"

// scanSession reads one row; place is where its page goes on.
func scanSession(rows *sql.Rows, key any) (one ServerSession, run int64, err error) {
	var seen, since, interaction, last int64
	var ip sql.NullString
	var internal, likely int
	var offline, commands, input, output sql.NullInt64
	s := &one.Session
	into := []any{
		&one.Server, &seen, &run, &s.RunID, &s.ID, &s.Addr, &ip, &s.Name, &s.User, &s.Library, &s.DB, &internal, &since,
		&interaction, &last, &offline, &s.Reason, &likely, &s.LastCommand, &commands, &input, &output,
	}
	if key != nil {
		into = append(into, key)
	}
	if err := rows.Scan(into...); err != nil {
		return one, 0, err
	}
	s.IP = ip.String
	if !ip.Valid {
		s.IP = hostOf(s.Addr)
	}
	if offline.Valid {
		at := moment(offline.Int64)
		s.OfflineAt = &at
	} else {
		last = max(last, seen) // those online were seen in every look
	}
	s.Internal, s.ReasonLikely = internal != 0, likely != 0
	s.OnlineSince, s.LastInteraction, s.LastSeen = moment(since), moment(interaction), moment(last)
	s.Commands, s.InputBytes, s.OutputBytes = maybe(commands), maybe(input), maybe(output)
	return one, run, nil
}

func maybe(v sql.NullInt64) stats.Maybe[int64] {
	if !v.Valid {
		return stats.Maybe[int64]{}
	}
	return stats.Some(v.Int64)
}

// online reads every session that is online.
func (d *database) online(ctx context.Context, servers []string, each func(string, stats.Session)) error {
	where := conditions{}
	where.servers(servers)
	where.and("t.offline_at IS NULL")
	rows, err := d.read.QueryContext(ctx, d.dialect.query("SELECT "+sessionColumns+sessionTables+where.text()), where.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		one, _, err := scanSession(rows, nil)
		if err != nil {
			return err
		}
		each(one.Server, one.Session)
	}
	return rows.Err()
}

// A cursor says after which row a page goes on.
type cursor struct {
	Sort string          `json:"s"`
	Key  json.RawMessage `json:"k"`
	Run  int64           `json:"r"`
	ID   int64           `json:"i"`
}

// key is a number or a text.
func (c cursor) key() (any, error) {
	var number int64
	if json.Unmarshal(c.Key, &number) == nil {
		return number, nil
	}
	var text string
	err := json.Unmarshal(c.Key, &text)
	return text, err
}

func (c cursor) encode() string {
	b, err := json.Marshal(c)
	if err != nil {
		return "" // numbers and texts always have a JSON form
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func decodeCursor(text, sort string) (c cursor, err error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil || c.Sort != sort {
		return c, ErrWrongCursor
	}
	return c, nil
}

// A sessionPlan is a SessionQuery that was understood.
type sessionPlan struct {
	SessionQuery
	sort, column string
	down         bool
	limit        int
	after        *cursor
}

func (s *Store) planSessions(q SessionQuery) (p sessionPlan, err error) {
	p = sessionPlan{SessionQuery: q, limit: limited(q.Limit, 200), sort: q.Sort}
	p.From, p.To = span(q.From, q.To, s.now(), time.Hour)
	if p.sort == "" {
		p.sort = "-last_interaction"
	}
	name, down := strings.CutPrefix(p.sort, "-")
	p.down = down
	var there bool
	if p.column, there = sessionSorts[name]; !there {
		return p, fmt.Errorf("%w %q; there are: %s", ErrUnknownSort, name, strings.Join(SessionSorts(), ", "))
	}
	if p.State != "" && p.State != StateOnline && p.State != StateOffline {
		return p, fmt.Errorf("%w %q; there are: %s, %s", ErrUnknownState, p.State, StateOnline, StateOffline)
	}
	if q.After != "" {
		c, err := decodeCursor(q.After, p.sort)
		if err != nil {
			return p, err
		}
		p.after = &c
	}
	return p, nil
}

func (p sessionPlan) where() conditions {
	where := conditions{}
	where.servers(p.Servers)
	switch p.State {
	case StateOnline:
		where.and("t.offline_at IS NULL")
	case StateOffline:
		where.and("t.offline_at >= ?", p.From.UnixMilli())
		where.and("t.offline_at <= ?", p.To.UnixMilli())
	default:
		where.and("(t.offline_at IS NULL OR t.offline_at >= ?)", p.From.UnixMilli())
	}
	where.and("t.online_since <= ?", p.To.UnixMilli())
	if !p.Moved.IsZero() {
		where.and("(t.last_interaction >= ? OR t.offline_at >= ?)", p.Moved.UnixMilli(), p.Moved.UnixMilli())
	}
	if p.Filter != "" {
		like := "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(strings.ToLower(clean(p.Filter))) + "%"
		where.and(`LOWER(t.addr || ' ' || COALESCE(t.name, '') || ' ' || COALESCE(t.user_name, '') || ' ' ||
			COALESCE(t.library, '') || ' ' || COALESCE(t.last_command, '')) LIKE ? ESCAPE '\'`, like)
	}
	return where
}

// fits is where for a session that is not written yet.
func (p sessionPlan) fits(server string, s stats.Session) bool {
	if !wanted(p.Servers, server) || s.OnlineSince.After(p.To) {
		return false
	}
	gone := s.OfflineAt != nil
	switch {
	case p.State == StateOnline && gone, p.State == StateOffline && !gone:
		return false
	case gone && s.OfflineAt.Before(p.From), p.State == StateOffline && s.OfflineAt.After(p.To):
		return false
	case s.LastInteraction.Before(p.Moved) && (!gone || s.OfflineAt.Before(p.Moved)):
		return false
	}
	all := strings.ToLower(strings.Join([]string{s.Addr, s.Name, s.User, s.Library, s.LastCommand}, " "))
	return strings.Contains(all, strings.ToLower(p.Filter))
}

// Sessions are connections that were there at some time within the time asked for. What waits because nothing can
// be written stands before all else on the first page, and is not sorted in.
func (s *Store) Sessions(ctx context.Context, q SessionQuery) (SessionPage, error) {
	p, err := s.planSessions(q)
	if err != nil {
		return SessionPage{}, fmt.Errorf("read sessions: %w", err)
	}
	var page SessionPage
	waiting, err := s.ask(ctx, func(db *database) error {
		page = SessionPage{}
		if err := db.sessionPage(ctx, p, &page); err != nil {
			return err
		}
		return db.aroundSessions(ctx, p, &page)
	})
	if err != nil {
		return SessionPage{}, fmt.Errorf("read sessions: %w", err)
	}
	for _, w := range waiting {
		page.waiting(w, p)
	}
	return page, nil
}

func (d *database) sessionPage(ctx context.Context, p sessionPlan, page *SessionPage) error {
	where := p.where()
	if err := d.read.QueryRowContext(ctx, d.dialect.query("SELECT COUNT(*) FROM session t"+where.text()), where.args...).Scan(&page.Matched); err != nil {
		return err
	}
	order, beyond := " ASC", ">"
	if p.down {
		order, beyond = " DESC", "<"
	}
	if p.after != nil {
		key, err := p.after.key()
		if err != nil {
			return ErrWrongCursor
		}
		where.and("("+p.column+", t.run, t.id) "+beyond+" (?, ?, ?)", key, p.after.Run, p.after.ID)
	}
	query := "SELECT " + sessionColumns + ", " + p.column + sessionTables + where.text() +
		" ORDER BY " + p.column + order + ", t.run" + order + ", t.id" + order + " LIMIT ?"
	rows, err := d.read.QueryContext(ctx, d.dialect.query(query), append(where.args, p.limit+1)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var last cursor
	for rows.Next() {
		var key any
		one, run, err := scanSession(rows, &key)
		if err != nil {
			return err
		}
		if len(page.Sessions) == p.limit {
			page.Next = last.encode()
			break
		}
		page.Sessions = append(page.Sessions, one)
		if b, isBytes := key.([]byte); isBytes {
			key = string(b)
		}
		encoded, err := json.Marshal(key)
		if err != nil {
			return err
		}
		last = cursor{p.sort, encoded, run, one.ID}
	}
	return rows.Err()
}

// aroundSessions reads what stands beside the rows: those that nobody saw, and how far back all this reaches.
func (d *database) aroundSessions(ctx context.Context, p sessionPlan, page *SessionPage) error {
	asked := conditions{}
	asked.in("name", p.Servers)
	var since sql.NullInt64
	if err := d.read.QueryRowContext(ctx, d.dialect.query("SELECT MIN(since) FROM server"+asked.text()), asked.args...).Scan(&since); err != nil {
		return err
	}
	if since.Valid {
		at := moment(since.Int64)
		page.Since = &at
	}
	where := conditions{}
	where.servers(p.Servers)
	part := max(int64(time.Minute/time.Millisecond), niceStep(int64(p.To.Sub(p.From).Seconds()/usualSteps))*1000)
	where.and("t.at >= ?", floor(p.From.UnixMilli(), part))
	where.and("t.at <= ?", p.To.UnixMilli())
	rows, err := d.read.QueryContext(ctx, d.dialect.query("SELECT s.name, t.at / ? AS part, SUM(t.n) FROM short_lived t JOIN server s ON s.id = t.server"+
		where.text()+" GROUP BY 1, 2 ORDER BY 2 DESC, 1 LIMIT 10000"), append([]any{part}, where.args...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var one ShortLived
		var at int64
		if err := rows.Scan(&one.Server, &at, &one.Count); err != nil {
			return err
		}
		one.Time = moment(at * part)
		page.ShortLived = append(page.ShortLived, one)
	}
	return rows.Err()
}

// waiting puts in what could not be written.
func (page *SessionPage) waiting(w *queue, p sessionPlan) {
	var fresh []ServerSession
	for key, session := range w.sessions {
		before := len(page.Sessions)
		page.Sessions = slices.DeleteFunc(page.Sessions, func(old ServerSession) bool {
			return old.Server == key.server && old.RunID == key.run && old.ID == key.id
		})
		page.Matched -= int64(before - len(page.Sessions))
		if !p.fits(key.server, session) {
			continue
		}
		page.Matched++
		if p.after == nil && len(fresh) < p.limit {
			fresh = append(fresh, ServerSession{key.server, session})
		}
	}
	slices.SortFunc(fresh, func(a, b ServerSession) int { return b.LastInteraction.Compare(a.LastInteraction) })
	page.Sessions = append(fresh, page.Sessions...)
	for key, n := range w.short {
		if wanted(p.Servers, key.server) && !moment(key.minute).Before(p.From) && !moment(key.minute).After(p.To) {
			page.ShortLived = append(page.ShortLived, ShortLived{key.server, moment(key.minute), n})
		}
	}
}
