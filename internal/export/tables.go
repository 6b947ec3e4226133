package export

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"redistop/internal/history"
	"redistop/internal/stats"
)

// A Source gives what was kept in a period, a row at a time. history.Store is one.
type Source interface {
	EachPoint(ctx context.Context, from, to time.Time, each func(history.Point) error) error
	EachSession(ctx context.Context, from, to time.Time, each func(history.ServerSession) error) error
	EachFinding(ctx context.Context, from, to time.Time, each func(history.ServerFinding) error) error
	EachChange(ctx context.Context, from, to time.Time, each func(server string, c stats.Change) error) error
}

// A Period says what to export.
type Period struct {
	From, To time.Time
	Servers  []string // none: all
}

func (p Period) wants(server string) bool {
	return len(p.Servers) == 0 || slices.Contains(p.Servers, server)
}

// A Kind is a table and how its rows come out of a Source.
type Kind struct {
	Table
	Rows func(ctx context.Context, from Source, p Period, each func(Row) error) error
}

// Kinds is everything that can be exported.
func Kinds() []Kind {
	return []Kind{
		{Table{"snapshots", pointColumns()}, points},
		{Table{"sessions", sessionColumns}, sessions},
		{Table{"findings", findingColumns}, findings},
		{Table{"changes", changeColumns}, changes},
	}
}

// Names are those of the kinds.
func Names() []string {
	var names []string
	for _, k := range Kinds() {
		names = append(names, k.Name)
	}
	return names
}

// KindOf is the kind with this name.
func KindOf(name string) (Kind, error) {
	for _, k := range Kinds() {
		if k.Name == name {
			return k, nil
		}
	}
	return Kind{}, fmt.Errorf("find kind %q: there is none", name)
}

// pointColumns are when and of what a row is, then each series as its mean, its least and its greatest value.
func pointColumns() []column {
	columns := []column{{"server", text, false}, {"time", moment, false}, {"tier", text, false}, {"snapshots", integer, false}}
	for _, name := range history.SeriesNames() {
		columns = append(columns, column{name, decimal, true}, column{name + "_min", decimal, true}, column{name + "_max", decimal, true})
	}
	return append(columns, column{"commands", object, true})
}

// commandJSON is an entry of the column commands.
type commandJSON struct {
	Name           string               `json:"name"`
	CallsPerSecond float64              `json:"calls_per_second"`
	UsecPerCall    stats.Maybe[float64] `json:"usec_per_call,omitzero"`
}

func points(ctx context.Context, from Source, p Period, each func(Row) error) error {
	return from.EachPoint(ctx, p.From, p.To, func(one history.Point) error {
		if !p.wants(one.Server) {
			return nil
		}
		row := Row{one.Server, one.Time, one.Tier, one.N}
		for i := range one.Mean {
			row = append(row, orNil(one.Mean[i]), orNil(one.Min[i]), orNil(one.Max[i]))
		}
		var commands []commandJSON
		for _, c := range one.Commands {
			commands = append(commands, commandJSON(c))
		}
		return eachWith(row, commands, each)
	})
}

// eachWith adds a last column in JSON, nil where list is empty.
func eachWith[T any](row Row, list []T, each func(Row) error) error {
	if len(list) == 0 {
		return each(append(row, nil))
	}
	body, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("encode row: %w", err)
	}
	return each(append(row, body))
}

var sessionColumns = []column{
	{"server", text, false}, {"id", integer, false}, {"run_id", text, true}, {"addr", text, false}, {"ip", text, true}, {"name", text, true}, {"user", text, true},
	{"library", text, true}, {"db", integer, false}, {"internal", truth, false}, {"online_since", moment, false}, {"last_interaction", moment, false},
	{"last_seen", moment, false}, {"offline_at", moment, true}, {"reason", text, true}, {"reason_likely", truth, false}, {"last_command", text, true},
	{"commands", integer, true}, {"input_bytes", integer, true}, {"output_bytes", integer, true},
}

func sessions(ctx context.Context, from Source, p Period, each func(Row) error) error {
	return from.EachSession(ctx, p.From, p.To, func(s history.ServerSession) error {
		if !p.wants(s.Server) {
			return nil
		}
		return each(Row{
			s.Server, s.ID, some(s.RunID), s.Addr, some(s.IP), some(s.Name), some(s.User), some(s.Library), int64(s.DB), s.Internal,
			s.OnlineSince, s.LastInteraction, s.LastSeen, moments(s.OfflineAt), some(string(s.Reason)), s.ReasonLikely, some(s.LastCommand),
			orNil(s.Commands), orNil(s.InputBytes), orNil(s.OutputBytes),
		})
	})
}

var findingColumns = []column{
	{"server", text, false}, {"rule", text, false}, {"subject", text, true}, {"severity", text, false}, {"confidence", text, false}, {"title", text, false},
	{"first_seen", moment, false}, {"last_seen", moment, false}, {"resolved", moment, true}, {"finding", object, false},
}

func findings(ctx context.Context, from Source, p Period, each func(Row) error) error {
	return from.EachFinding(ctx, p.From, p.To, func(f history.ServerFinding) error {
		if !p.wants(f.Server) {
			return nil
		}
		whole, err := json.Marshal(f.Finding)
		if err != nil {
			return fmt.Errorf("encode row: %w", err)
		}
		return each(Row{
			f.Server, f.Rule, some(f.Subject), string(f.Severity), string(f.Confidence), f.Title, f.FirstSeen, f.LastSeen, moments(f.Resolved), whole,
		})
	})
}

var changeColumns = []column{{"server", text, false}, {"time", moment, false}, {"kind", text, false}, {"what", text, false}, {"before", text, true}, {"after", text, true}}

func changes(ctx context.Context, from Source, p Period, each func(Row) error) error {
	return from.EachChange(ctx, p.From, p.To, func(server string, c stats.Change) error {
		if !p.wants(server) {
			return nil
		}
		return each(Row{server, c.Time, string(c.Kind), c.What, some(c.Before), some(c.After)})
	})
}

// orNil is a fact, or nil where it is not known.
func orNil[T cmp.Ordered](m stats.Maybe[T]) any {
	if v, ok := m.Get(); ok {
		return v
	}
	return nil
}

// some is a text, or nil where there is none.
func some(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// moments is a time, or nil where there is none.
func moments(at *time.Time) any {
	if at == nil {
		return nil
	}
	return *at
}
