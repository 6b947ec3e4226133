package history_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"redistop/internal/history"
	"redistop/internal/presence"
	"redistop/internal/stats"
)

// TestViews asks as a person would, by SQL: each view has a row, its times are times, and points has every series thrice.
func TestViews(t *testing.T) {
	eachStore(t, func(t *testing.T, where string) {
		if where == ":memory:" {
			t.Skip("memory is not for others")
		}
		c := &clock{at: noon}
		s := openAt(t, where, history.Options{Now: c.now})
		snap := snapshotAt(noon, 7)
		snap.Findings = []stats.Finding{{Rule: "r", Severity: stats.Info, Title: "it hurts", FirstSeen: noon, LastSeen: noon}}
		s.Snapshot("a", snap)
		s.Presence("a", presence.Update{Time: noon, Seen: noon, Came: []stats.Session{sessionOf(1)}, Marks: []presence.Mark{{By: "name", Key: "api", Hour: noon, LastSpoke: noon, Sessions: 1}}})
		if _, err := ask(t, s); err != nil {
			t.Fatal(err)
		}
		c.set(noon.Add(2 * time.Minute))
		s.Upkeep(t.Context())
		db, schema := openPlainly(t, where)
		for view, column := range map[string]string{"points": "time", "sessions": "online_since", "activity": "hour", "findings": "last_seen", "changes": "time"} {
			var server, at string
			if err := db.QueryRow("SELECT server, "+column+" FROM "+schema+view+" ORDER BY 2 LIMIT 1").Scan(&server, &at); err != nil || server != "a" || !strings.HasPrefix(at, "2026-03-01T1") {
				t.Errorf("%s: %q %q %v", view, server, at, err)
			}
		}
		for _, tier := range []string{"raw", "1m"} {
			var mean, least, most float64
			var n int
			err := db.QueryRow("SELECT commands_per_second, commands_per_second_min, commands_per_second_max, n FROM "+schema+"points WHERE tier = '"+tier+"'").Scan(&mean, &least, &most, &n)
			if err != nil || mean != 7 || least != 7 || most != 7 || n != 1 {
				t.Errorf("%s: %v %v %v, n %d, %v", tier, mean, least, most, n, err)
			}
		}
		rows, err := db.Query("SELECT * FROM " + schema + "points")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		columns, err := rows.Columns()
		have := strings.Join(columns, " ") + " "
		for _, name := range history.SeriesNames() {
			for _, suffix := range []string{"", "_min", "_max"} {
				if !strings.Contains(have, " "+name+suffix+" ") {
					t.Errorf("points has no column %s, %v", name+suffix, err)
				}
			}
		}
	})
}

// openPlainly opens a store as another program would.
func openPlainly(t *testing.T, where string) (db *sql.DB, schema string) {
	t.Helper()
	driver := "sqlite"
	if strings.HasPrefix(where, "postgres") {
		driver, schema = "pgx", "redistop."
	}
	db, err := sql.Open(driver, where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db, schema
}
