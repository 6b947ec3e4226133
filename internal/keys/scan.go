package keys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"strconv"
	"time"

	"redistop/internal/redis"
	"redistop/internal/server"
)

// ErrReply says that a reply has a shape that no known server gives it, ErrNoScan that the server has no
// SCAN.
var (
	ErrReply  = errors.New("unexpected reply")
	ErrNoScan = errors.New("the server has no SCAN (Redis 2.8 brought it), or it was renamed or disabled")
)

const (
	firstCount = 100
	tightCount = 10 // where the server has no room for long replies
	maxCount   = 2000
)

// Search says which keys a Scan visits.
type Search struct {
	Pattern string // as in KEYS; "" or "*": all
	Type    string // string, list, set, zset, hash, stream, or what a module calls its own; "": all
	DB      int
	From    Place
	Rate    int // keys that are looked at in a second, at most; 0: no limit but the budget
}

// A Scan visits the keys that match. A key that is there from its beginning to its end is visited; one
// that comes or goes meanwhile may be or not. None is visited twice (see seen for the one exception).
type Scan struct {
	tool    *server.Tool
	search  Search
	step    *server.Step
	seen    *seen
	place   Place // of the step that is next
	last    Place // of the step that was returned last
	keys    []string
	done    bool
	began   time.Time
	visits  float64 // keys that COUNT asked for, to keep the rate
	highest float64 // part of the keys that is behind us
	start   float64 // part that was behind the place where it began
}

// NewScan begins a scan, or goes on with one at search.From.
func NewScan(tool *server.Tool, search Search) (*Scan, error) {
	if search.Pattern == "*" {
		search.Pattern = ""
	}
	runID, _ := tool.Info().Text("run_id")
	if _, one := Literal(search.Pattern); !tool.Has("scan") && (!one || search.Pattern == "") {
		return nil, ErrNoScan
	}
	here := Place{Search: searchMark(search.DB, search.Pattern, search.Type), Server: serverMark(runID)}
	from := search.From
	if !from.Start() {
		switch {
		case from.Search != here.Search:
			return nil, fmt.Errorf("go on: %w", ErrOtherScan)
		case from.Server != here.Server:
			return nil, fmt.Errorf("go on: %w", ErrOtherServer)
		}
		here = from
	}
	first := firstCount
	if tool.Room() < server.ReplyRoom {
		first = tightCount
	}
	s := &Scan{tool: tool, search: search, step: tool.Step("scan", first, maxCount), seen: newSeen(), place: here, last: here, began: time.Now()}
	s.start = s.behind(here.Cursor)
	s.highest = s.start
	return s, nil
}

// Next returns the keys of one more step, possibly none, and io.EOF after the last. The slice is
// valid until the next call. After another error the scan still stands where it stood.
func (s *Scan) Next(ctx context.Context) ([]string, error) {
	if s.done {
		return nil, io.EOF
	}
	if key, ok := Literal(s.search.Pattern); ok && s.search.Pattern != "" {
		return s.one(ctx, key)
	}
	if err := s.keepRate(ctx); err != nil {
		return nil, err
	}
	if s.place.Skip > 0 {
		s.step.Ask(s.place.Count)
	}
	count := s.step.Size()
	v, err := s.tool.Ask(ctx, s.command(count)...)
	if err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	cursor, keys, size, err := scanReply(v)
	if err != nil {
		return nil, err
	}
	s.step.Saw(size, s.tool.Room())
	s.visits += float64(count)
	if keys, err = s.ofType(ctx, keys); err != nil {
		return nil, err
	}
	keys = s.seen.only(keys)
	s.last, s.keys = s.place, keys
	s.last.Skip, s.last.Mark, s.last.Count = 0, 0, count
	if skip := s.place.Skip; skip > 0 && skip <= len(keys) && markOf(keys[:skip]) == s.place.Mark {
		keys = keys[skip:]
		s.last.Skip = skip
	}
	s.place.Cursor, s.place.Skip, s.place.Count, s.place.Mark = cursor, 0, 0, 0
	s.done = cursor == 0
	s.highest = max(s.highest, s.behind(cursor))
	return keys, nil
}

// command is SCAN from where it stands.
func (s *Scan) command(count int) []string {
	args := []string{"SCAN", strconv.FormatUint(s.place.Cursor, 10)}
	if s.search.Pattern != "" {
		args = append(args, "MATCH", s.search.Pattern)
	}
	args = append(args, "COUNT", strconv.Itoa(count))
	if s.search.Type != "" && s.scanTypes() {
		args = append(args, "TYPE", s.search.Type)
	}
	return args
}

// scanTypes: SCAN knows TYPE since 6.0.
func (s *Scan) scanTypes() bool {
	i := s.tool.Info()
	return i.Flavor() != "redis" || i.VersionAtLeast(6, 0)
}

// ofType asks for the type of each key where SCAN cannot.
func (s *Scan) ofType(ctx context.Context, keys []string) ([]string, error) {
	if s.search.Type == "" || s.scanTypes() || len(keys) == 0 {
		return keys, nil
	}
	types, err := askEach(ctx, s.tool, keys, "TYPE")
	if err != nil {
		return nil, err
	}
	var kept []string
	for i, v := range types {
		if v.Text == s.search.Type {
			kept = append(kept, keys[i])
		}
	}
	return kept, nil
}

// one is the whole scan for a pattern that only its own text matches.
func (s *Scan) one(ctx context.Context, key string) ([]string, error) {
	v, err := s.tool.Ask(ctx, "TYPE", key)
	if err != nil {
		return nil, fmt.Errorf("ask type: %w", err)
	}
	s.done, s.highest, s.visits = true, 1, 1
	if v.Text == "none" || s.search.Type != "" && v.Text != s.search.Type {
		return nil, nil
	}
	s.keys = []string{key}
	return s.keys, nil
}

func (s *Scan) keepRate(ctx context.Context) error {
	if s.search.Rate <= 0 {
		return nil
	}
	s.step.Ask(min(s.step.Size(), max(1, s.search.Rate/10)))
	due := time.Duration(s.visits / float64(s.search.Rate) * float64(time.Second))
	if wait := due - time.Since(s.began); wait > 0 {
		return server.Sleep(ctx, wait)
	}
	return nil
}

// Place is where a later scan can go on: behind the step that was returned last.
func (s *Scan) Place() Place { return s.place }

// PlaceAfter is where a later scan can go on when only so many keys of the last step were handled.
func (s *Scan) PlaceAfter(handled int) Place {
	skipped := s.last.Skip
	if skipped+handled >= len(s.keys) {
		return s.place
	}
	p := s.last
	p.Skip = skipped + handled
	p.Mark = markOf(s.keys[:p.Skip])
	if p.Skip == 0 {
		p.Count, p.Mark = 0, 0
	}
	return p
}

// Done says whether the whole keyspace has been visited.
func (s *Scan) Done() bool { return s.done }

// Twice is how many keys came again and were left out.
func (s *Scan) Twice() int64 { return s.seen.dropped }

// Progress is how far a scan has come.
type Progress struct {
	Part   float64            // of all keys: 0 to 1
	Looked float64            // keys looked at since this scan began, estimated until it is done
	Total  redis.Maybe[int64] // keys in the database when it began
}

// Progress estimates how far the scan has come: the cursor tells, since it counts through the hashes.
func (s *Scan) Progress() Progress {
	p := Progress{Part: s.highest, Total: s.Total()}
	if s.done {
		p.Part = 1
	}
	p.Looked = s.visits
	if n, ok := p.Total.Get(); ok {
		p.Looked = (p.Part - s.start) * float64(n)
	}
	return p
}

// Total is how many keys the database had when the tool last asked; unknown where INFO is not permitted.
func (s *Scan) Total() redis.Maybe[int64] { return total(s.tool.Info(), s.search.DB) }

func total(info *redis.Info, db int) redis.Maybe[int64] {
	if _, ok := info.Text("redis_version"); !ok {
		return redis.Maybe[int64]{}
	}
	for _, k := range info.Keyspace {
		if k.DB == db {
			return redis.Some(k.Keys)
		}
	}
	return redis.Some[int64](0)
}

// behind is the part of the table in front of a cursor: its bits count from the lowest, which is the
// first half, to the highest. A cluster's node that keeps a table for each slot has the slot there
// instead: what was asked for has to tell.
func (s *Scan) behind(cursor uint64) float64 {
	if s.done {
		return 1
	}
	if s.tool.Info().Int("cluster_enabled").Or(0) == 1 {
		n, ok := s.Total().Get()
		if !ok || n == 0 {
			return 0
		}
		return min(0.99, s.visits/float64(n))
	}
	return float64(bits.Reverse64(cursor)) / (1 << 63) / 2
}

// scanReply reads the reply of SCAN; size is about how many bytes it had.
func scanReply(v redis.Value) (cursor uint64, keys []string, size int64, err error) {
	if len(v.Elems) != 2 || v.Elems[1].Kind != redis.KindArray {
		return 0, nil, 0, fmt.Errorf("scan: %w", ErrReply)
	}
	if cursor, err = strconv.ParseUint(v.Elems[0].Text, 10, 64); err != nil {
		return 0, nil, 0, fmt.Errorf("scan: %w: cursor", ErrReply)
	}
	keys = make([]string, len(v.Elems[1].Elems))
	for i, e := range v.Elems[1].Elems {
		keys[i] = e.Text
		size += int64(len(e.Text)) + 16
	}
	return cursor, keys, size, nil
}

// askEach asks the same of every key. Beside an error stand the replies that came before it.
func askEach(ctx context.Context, tool *server.Tool, keys []string, command ...string) ([]redis.Value, error) {
	commands := make([][]string, len(keys))
	for i, k := range keys {
		commands[i] = append(append(make([]string, 0, len(command)+1), command...), k)
	}
	values, err := tool.AskAll(ctx, commands)
	if err != nil {
		return values, fmt.Errorf("ask about keys: %w", err)
	}
	return values, nil
}

// Literal is the one key that a pattern without wildcards means; false when it has some.
func Literal(pattern string) (string, bool) {
	var key []byte
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '*', '?', '[':
			return "", false
		case '\\':
			if i+1 < len(pattern) {
				i++
			}
			key = append(key, pattern[i])
		default:
			key = append(key, c)
		}
	}
	return string(key), true
}
