package export

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/history"
	"redistop/internal/stats"
)

// kept is a Source of a little of everything, of the servers a and b.
type kept struct{ err error }

func (k kept) EachPoint(_ context.Context, _, _ time.Time, each func(history.Point) error) error {
	for _, server := range []string{"a", "b"} {
		p := history.Point{Server: server, Tier: "1m", Time: at, N: 30}
		for i := range history.SeriesNames() {
			if i%2 == 0 {
				p.Mean, p.Min, p.Max = append(p.Mean, stats.Some(float64(i))), append(p.Min, stats.Some(float64(i)-0.5)), append(p.Max, stats.Some(float64(i)+0.5))
				continue
			}
			p.Mean, p.Min, p.Max = append(p.Mean, stats.Maybe[float64]{}), append(p.Min, stats.Maybe[float64]{}), append(p.Max, stats.Maybe[float64]{})
		}
		if server == "b" {
			p.Commands = []history.CommandRate{{Name: "get", CallsPerSecond: 2.5, UsecPerCall: stats.Some(1.5)}, {Name: "set", CallsPerSecond: 1}}
		}
		if err := each(p); err != nil {
			return err
		}
	}
	return k.err
}

func (k kept) EachSession(_ context.Context, _, _ time.Time, each func(history.ServerSession) error) error {
	ended := at.Add(time.Minute)
	for _, s := range []history.ServerSession{
		{Server: "a", Session: stats.Session{ID: 7, RunID: "r", Addr: "1.2.3.4:5", IP: "1.2.3.4", Name: "=HYPERLINK(1)", User: "u", Library: "lib 1", DB: 2, OnlineSince: at, LastInteraction: at, LastSeen: at,
			OfflineAt: &ended, Reason: stats.OfflineKilled, ReasonLikely: true, LastCommand: "get", Commands: stats.Some(int64(3)), InputBytes: stats.Some(int64(4)), OutputBytes: stats.Some(int64(5))}},
		{Server: "b", Session: stats.Session{ID: 8, Addr: "/s.sock:0", Internal: true, OnlineSince: at, LastInteraction: at, LastSeen: at}},
	} {
		if err := each(s); err != nil {
			return err
		}
	}
	return k.err
}

func (k kept) EachFinding(_ context.Context, _, _ time.Time, each func(history.ServerFinding) error) error {
	return errors.Join(each(history.ServerFinding{Server: "a", Finding: stats.Finding{
		Rule: "no-limit", Severity: stats.Warning, Confidence: stats.Certain, Title: "no maxmemory", FirstSeen: at, LastSeen: at,
	}}), k.err)
}

func (k kept) EachChange(_ context.Context, _, _ time.Time, each func(string, stats.Change) error) error {
	return errors.Join(each("a", stats.Change{Time: at, Kind: stats.ChangeConfig, What: "maxmemory", Before: "0", After: "1"}),
		each("b", stats.Change{Time: at, Kind: stats.ChangeRestart, What: "run_id"}), k.err)
}

func export(t *testing.T, name, format string, p Period) []byte {
	t.Helper()
	kind, err := KindOf(name)
	if err != nil {
		t.Fatal(err)
	}
	var rows []Row
	if err := kind.Rows(t.Context(), kept{}, p, func(r Row) error { rows = append(rows, r); return nil }); err != nil {
		t.Fatal(err)
	}
	return write(t, format, kind.Table, rows...)
}

// TestEveryKindIsExported writes every kind in every format, and reads the Parquet back with a reader that
// shares no code with the writer.
func TestEveryKindIsExported(t *testing.T) {
	for _, kind := range Kinds() {
		lines := map[string]int{}
		for _, format := range Formats {
			lines[format] = strings.Count(string(export(t, kind.Name, format, Period{})), "\n")
		}
		r := readBack(t, export(t, kind.Name, "parquet", Period{}))
		if len(r.Rows) != lines["ndjson"] || len(r.Rows) != lines["csv"]-1 || len(r.Columns) != len(kind.Columns()) {
			t.Errorf("%s: %d rows and %d columns of Parquet, lines %v", kind.Name, len(r.Rows), len(r.Columns), lines)
		}
		var objects []map[string]any
		for line := range strings.Lines(string(export(t, kind.Name, "ndjson", Period{}))) {
			var o map[string]any
			if err := json.Unmarshal([]byte(line), &o); err != nil {
				t.Fatal(err)
			}
			objects = append(objects, o)
		}
		for i, row := range r.Rows {
			for name, value := range row {
				if value == nil {
					delete(row, name)
				}
				if text, ok := objects[i][name].(float64); ok && fmt.Sprint(text) == fmt.Sprint(value) {
					row[name] = text // whole numbers are texts in what the reader prints
				}
			}
			if diff := cmp.Diff(objects[i], row); diff != "" {
				t.Errorf("%s, row %d: %s", kind.Name, i, diff)
			}
		}
	}
}

func TestWhatIsExported(t *testing.T) {
	for name, want := range map[string][]string{
		"snapshots": {`{"server":"a","time":"2026-01-02T03:04:05.678Z","tier":"1m","snapshots":30,"commands_per_second":0,"commands_per_second_min":-0.5,"commands_per_second_max":0.5,"ping_p99_usec":2,`},
		"sessions": {`{"server":"a","id":7,"run_id":"r","addr":"1.2.3.4:5","ip":"1.2.3.4","name":"=HYPERLINK(1)","user":"u","library":"lib 1","db":2,"internal":false,` +
			`"online_since":"2026-01-02T03:04:05.678Z","last_interaction":"2026-01-02T03:04:05.678Z","last_seen":"2026-01-02T03:04:05.678Z","offline_at":"2026-01-02T03:05:05.678Z",` +
			`"reason":"killed","reason_likely":true,"last_command":"get","commands":3,"input_bytes":4,"output_bytes":5}`},
		"findings": {`{"server":"a","rule":"no-limit","severity":"warning","confidence":"certain","title":"no maxmemory","first_seen":"2026-01-02T03:04:05.678Z","last_seen":"2026-01-02T03:04:05.678Z","finding":{"rule":"no-limit",`},
		"changes":  {`{"server":"a","time":"2026-01-02T03:04:05.678Z","kind":"config","what":"maxmemory","before":"0","after":"1"}`},
	} {
		got := string(export(t, name, "ndjson", Period{Servers: []string{"a"}}))
		if strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, want[0]) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if got := string(export(t, "snapshots", "ndjson", Period{Servers: []string{"b"}})); !strings.HasSuffix(got, `"commands":[{"name":"get","calls_per_second":2.5,"usec_per_call":1.5},{"name":"set","calls_per_second":1}]}`+"\n") {
		t.Errorf("commands: %s", got)
	}
	if got := string(export(t, "sessions", "csv", Period{})); !strings.Contains(got, ",'=HYPERLINK(1),") {
		t.Errorf("a formula: %s", got)
	}
}

func TestFailuresAreTold(t *testing.T) {
	away := errors.New("away")
	for _, kind := range Kinds() {
		if err := kind.Rows(t.Context(), kept{away}, Period{}, func(Row) error { return nil }); !errors.Is(err, away) {
			t.Errorf("%s: %v", kind.Name, err)
		}
		full := errors.New("disk full")
		if err := kind.Rows(t.Context(), kept{}, Period{}, func(Row) error { return full }); !errors.Is(err, full) {
			t.Errorf("%s: %v", kind.Name, err)
		}
	}
	if _, err := KindOf("secrets"); err == nil {
		t.Error("a kind that is none is found")
	}
}
