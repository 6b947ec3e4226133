package history_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/history"
	"redistop/internal/presence"
	"redistop/internal/stats"
)

// TestPages reads 120 sessions by every sort in pages, which must be each session once, in order of the sort.
func TestPages(t *testing.T) {
	eachStore(t, func(t *testing.T, where string) {
		s := openAt(t, where, history.Options{})
		for _, server := range []string{"a", "b"} {
			u := presence.Update{Time: noon, Seen: noon}
			for id := range int64(60) {
				one := sessionOf(id % 40)
				one.ID, one.OnlineSince = id, noon.Add(-time.Duration(id%20)*time.Minute)
				if id%7 == 0 {
					one.Name, one.Commands = "", stats.Maybe[int64]{}
				}
				if id%3 == 0 {
					one = gone(one, noon.Add(-time.Duration(id)*time.Second), stats.OfflineTimeout)
				}
				u.Came = append(u.Came, one)
			}
			s.Presence(server, u)
		}
		for _, sort := range history.SessionSorts() {
			for _, order := range []string{sort, "-" + sort} {
				seen := map[string]bool{}
				var values []string
				q := history.SessionQuery{Sort: order, Limit: 50}
				for pages := 0; pages < 5; pages++ {
					page, err := s.Sessions(t.Context(), q)
					if err != nil || page.Matched != 120 {
						t.Fatalf("%s: %d matched, %v", order, page.Matched, err)
					}
					for _, one := range page.Sessions {
						seen[fmt.Sprint(one.Server, one.ID)] = true
						values = append(values, fmt.Sprintf("%020d", one.OnlineSince.UnixMilli()))
					}
					q.After = page.Next
					if q.After == "" {
						break
					}
				}
				if len(seen) != 120 || len(values) != 120 {
					t.Errorf("%s: %d different of %d", order, len(seen), len(values))
				}
				if order == "-online_since" {
					slices.Reverse(values)
				}
				if sort == "online_since" && !slices.IsSorted(values) {
					t.Errorf("%s: not in order", order)
				}
			}
		}
		for _, q := range []history.SessionQuery{{Sort: "x; DROP TABLE session"}, {State: "x"}, {After: "x"}, {After: "e30", Sort: "id"}} {
			if _, err := s.Sessions(t.Context(), q); err == nil {
				t.Errorf("%+v was answered", q)
			}
		}
	})
}

// TestSessionsAsked holds which of five sessions each question gets.
func TestSessionsAsked(t *testing.T) {
	eachStore(t, func(t *testing.T, where string) {
		s := openAt(t, where, history.Options{})
		online, late, ended, old := sessionOf(1), sessionOf(2), sessionOf(3), sessionOf(4)
		late.OnlineSince, late.Name = noon.Add(-time.Minute), `100%_sure\`
		ended = gone(ended, noon.Add(-30*time.Minute), stats.OfflineKilled)
		ended.LastInteraction = noon.Add(-50 * time.Minute)
		old = gone(old, noon.Add(-5*time.Hour), stats.OfflineKilled)
		old.OnlineSince = noon.Add(-6 * time.Hour)
		s.Presence("a", presence.Update{Time: noon, Seen: noon, Came: []stats.Session{online, late}, Gone: []stats.Session{ended, old}})
		s.Presence("b", presence.Update{Time: noon, Seen: noon, Came: []stats.Session{sessionOf(5)}})
		a := []string{"a"}
		for _, tt := range []struct {
			name string
			q    history.SessionQuery
			want []int64
		}{
			{"the last hour", history.SessionQuery{Servers: a}, []int64{1, 2, 3}},
			{"all servers", history.SessionQuery{}, []int64{1, 2, 3, 5}},
			{"a server that there is not", history.SessionQuery{Servers: []string{"x' OR 1=1 --"}}, nil},
			{"online", history.SessionQuery{Servers: a, State: history.StateOnline}, []int64{1, 2}},
			{"offline", history.SessionQuery{Servers: a, State: history.StateOffline}, []int64{3}},
			{"a day", history.SessionQuery{Servers: a, From: noon.Add(-24 * time.Hour)}, []int64{1, 2, 3, 4}},
			{"long ago", history.SessionQuery{Servers: a, From: noon.Add(-6 * time.Hour), To: noon.Add(-4 * time.Hour)}, []int64{4}},
			{"half an hour ago", history.SessionQuery{Servers: a, From: noon.Add(-40 * time.Minute), To: noon.Add(-20 * time.Minute)}, []int64{1, 3}},
			{"by name with what LIKE knows", history.SessionQuery{Servers: a, Filter: `0%_SURE\`}, []int64{2}},
			{"by address", history.SessionQuery{Servers: a, Filter: "10.0.0.3:"}, []int64{3}},
			{"spoke or went", history.SessionQuery{Servers: a, Moved: noon.Add(-30 * time.Minute)}, []int64{1, 2, 3}},
			{"spoke", history.SessionQuery{Servers: a, Moved: noon.Add(-29 * time.Minute)}, []int64{1, 2}},
			{"nothing moved", history.SessionQuery{Servers: a, Moved: noon}, nil},
		} {
			page, err := s.Sessions(t.Context(), tt.q)
			var got []int64
			for _, one := range page.Sessions {
				got = append(got, one.ID)
			}
			slices.Sort(got)
			if err != nil || !slices.Equal(got, tt.want) || page.Matched != int64(len(tt.want)) {
				t.Errorf("%s: got %v, matched %d, want %v: %v", tt.name, got, page.Matched, tt.want, err)
			}
		}
	})
}

// TestSilent finds who spoke today and is silent now.
func TestSilent(t *testing.T) {
	eachStore(t, func(t *testing.T, where string) {
		s := openAt(t, where, history.Options{})
		mark := func(key string, hours int, spoke time.Duration, sessions int64) presence.Mark {
			return presence.Mark{By: "name", Key: key, Hour: noon.Add(-time.Duration(hours) * time.Hour), FirstSeen: noon.Add(-spoke), LastSpoke: noon.Add(-spoke), Sessions: sessions}
		}
		s.Presence("a", presence.Update{Time: noon, Marks: []presence.Mark{
			mark("cron", 5, 5*time.Hour-time.Minute, 2), mark("cron", 4, 3*time.Hour+time.Minute, 1), mark("cron", 30, 30*time.Hour, 9),
			mark("api", 1, time.Minute, 4), mark("gone", 40, 40*time.Hour, 1),
		}})
		s.Presence("a", presence.Update{Time: noon, Marks: []presence.Mark{mark("api", 1, time.Minute, 3)}}) // of a watcher that began anew
		rows, err := s.Activity(t.Context(), history.ActivityQuery{})
		if err != nil || len(rows) != 2 {
			t.Fatalf("%+v, %v", rows, err)
		}
		api, cron := rows[0], rows[1]
		if api.Key != "api" || api.Silent || api.Sessions != 4 || len(api.Hours) != 1 {
			t.Errorf("api: %+v", api)
		}
		if cron.Key != "cron" || !cron.Silent || cron.Sessions != 3 || len(cron.Hours) != 2 || !cron.FirstSeen.Equal(noon.Add(-30*time.Hour)) {
			t.Errorf("cron: %+v", cron)
		}
	})
}

// TestFirstSeen is to the millisecond or not told, and who did not speak in the time asked for is not listed.
func TestFirstSeen(t *testing.T) {
	eachStore(t, func(t *testing.T, where string) {
		s := openAt(t, where, history.Options{})
		hour := noon.Add(-3 * time.Hour)
		mark := func(key string, at, first, spoke time.Time) presence.Mark {
			return presence.Mark{By: "name", Key: key, Hour: at, FirstSeen: first, LastSpoke: spoke, Sessions: 1}
		}
		begun, last := hour.Add(20*time.Minute+34*time.Second), noon.Add(-time.Minute)
		for i := range 2 { // the second is of a watcher that began anew
			later := time.Duration(i) * time.Minute
			s.Presence("a", presence.Update{Time: noon, Marks: []presence.Mark{
				mark("exact", hour, begun.Add(later), begun.Add(later)), mark("exact", noon.Add(-time.Hour), last.Add(-time.Minute), last),
				mark("of old", hour.Add(-time.Hour), time.Time{}, hour.Add(-time.Minute)), mark("of old", noon.Add(-time.Hour), last, last),
				mark("silent", hour, begun, begun), mark("silent", noon.Add(-time.Hour), noon.Add(-11*time.Minute), noon.Add(-11*time.Minute)),
			}})
			if _, err := s.Activity(t.Context(), history.ActivityQuery{}); err != nil { // it has all that is queued written
				t.Fatal(err)
			}
		}
		online := sessionOf(7) // and silent for longer than is asked for
		online.Name, online.OnlineSince, online.LastInteraction = "silent", begun.Add(-time.Second), noon.Add(-11*time.Minute)
		s.Presence("a", presence.Update{Time: noon, Seen: noon, Came: []stats.Session{online}})
		for _, tt := range []struct {
			within time.Duration
			want   map[string]time.Time
		}{
			{10 * time.Minute, map[string]time.Time{"exact": begun, "of old": {}}},
			{time.Hour, map[string]time.Time{"exact": begun, "of old": {}, "silent": begun.Add(-time.Second)}},
		} {
			rows, err := s.Activity(t.Context(), history.ActivityQuery{By: []string{"name"}, Since: noon.Add(-tt.within)})
			got := map[string]time.Time{}
			for _, r := range rows {
				got[r.Key] = r.FirstSeen
			}
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("within %s: %v %s", tt.within, err, diff)
			}
		}
	})
}

// TestFindingsOverTime opens a finding, lets it grow worse, resolves it, and asks for it and for what changed.
func TestFindingsOverTime(t *testing.T) {
	eachStore(t, func(t *testing.T, where string) {
		s := openAt(t, where, history.Options{})
		begin := noon.Add(-10 * time.Minute)
		for i := range 6 {
			at := begin.Add(time.Duration(i) * time.Minute)
			snap := snapshotAt(at, 1)
			f := stats.Finding{Rule: "r", Subject: "s", Severity: stats.Warning, Title: "it hurts", FirstSeen: begin, LastSeen: at}
			if i >= 2 {
				f.Severity = stats.Critical
			}
			if i >= 4 {
				f.LastSeen = begin.Add(3 * time.Minute)
				f.Resolved = &f.LastSeen
			}
			if i < 5 { // then it is left out
				snap.Findings = []stats.Finding{f}
			}
			s.Snapshot("a", snap)
		}
		found, err := s.Findings(t.Context(), history.FindingQuery{})
		if err != nil || len(found) != 1 || found[0].Resolved == nil || found[0].Severity != stats.Critical || !found[0].LastSeen.Equal(begin.Add(3*time.Minute)) {
			t.Errorf("%+v, %v", found, err)
		}
		if found, err := s.Findings(t.Context(), history.FindingQuery{From: begin.Add(4 * time.Minute), To: noon}); err != nil || len(found) != 0 {
			t.Errorf("after it was over: %+v, %v", found, err)
		}
		changes, err := s.Changes(t.Context(), history.ChangeQuery{Server: "a", Kinds: []stats.ChangeKind{stats.ChangeFinding}})
		var got []string
		for _, c := range changes {
			got = append(got, c.After)
		}
		if want := []string{"resolved", "critical: it hurts", "warning: it hurts"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("changes %q, %v", got, err)
		}
	})
}

// TestQueueIsBounded records without anybody who writes, more than there is room for.
func TestQueueIsBounded(t *testing.T) {
	s, err := history.Open(t.Context(), "postgres://127.0.0.1:1/x?connect_timeout=1&sslmode=disable", history.Options{Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	snap := snapshotAt(noon, 1)
	u := presence.Update{Time: noon}
	for id := range int64(1000) {
		u.Came = append(u.Came, sessionOf(id))
	}
	for i := range 51_000 {
		s.Snapshot("a", snap)
		if i < 110 {
			for j := range u.Came {
				u.Came[j].ID = int64(i*1000 + j)
			}
			s.Presence("a", u)
		}
	}
	st := s.Status()
	if st.Lost.Points != 1_000 || st.Lost.Sessions != 10_000 || st.State != history.Failing || st.Waiting > 160_000 {
		t.Errorf("%+v", st)
	}
	if _, err := s.Range(t.Context(), history.RangeQuery{Server: "a", From: noon.Add(-time.Hour), To: noon}); !errors.Is(err, history.ErrAway) {
		t.Errorf("asked: %v", err)
	}
}
