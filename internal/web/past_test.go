package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"redistop/internal/history"
	"redistop/internal/presence"
	"redistop/internal/stats"
)

// pastNow is the present of tests of the past.
func pastNow() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }

// eventful is a Past in which servers a and b have seen much of what can be seen.
func eventful(t *testing.T) *Past {
	t.Helper()
	store, err := history.Open(t.Context(), ":memory:", history.Options{Now: pastNow})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	now := pastNow()
	for _, server := range []string{"a", "b"} {
		for i := 10; i > 0; i-- {
			s := complete()
			s.Time = now.Add(-time.Duration(i) * 10 * time.Second)
			s.Connected.Clients = stats.Some(int64(100 + i))
			s.Findings[0].FirstSeen, s.Findings[0].LastSeen = now.Add(-2*time.Minute), s.Time
			s.Config = map[string]string{"maxmemory": fmt.Sprint(i / 5)}
			if i == 1 {
				s = down(s)
				s.Findings = nil
			}
			store.Snapshot(server, s)
		}
		ended := now.Add(-30 * time.Second)
		one := stats.Session{ID: 7, RunID: "r", Addr: "10.0.0.1:5000", IP: "10.0.0.1", Name: "<b>worker</b>", OnlineSince: now.Add(-3 * time.Hour), LastInteraction: now.Add(-2 * time.Hour), LastSeen: now}
		two := stats.Session{ID: 8, RunID: "r", Addr: "10.0.0.2:5000", IP: "10.0.0.2", OnlineSince: now.Add(-time.Minute), LastInteraction: now.Add(-40 * time.Second), LastSeen: now.Add(-40 * time.Second)}
		marks := []presence.Mark{{By: presence.ByName, Key: "<b>worker</b>", Hour: now.Add(-2 * time.Hour), LastSpoke: now.Add(-2 * time.Hour), Sessions: 1}}
		store.Presence(server, presence.Update{Time: now.Add(-50 * time.Second), Seen: now.Add(-50 * time.Second), Came: []stats.Session{one, two}, Marks: marks})
		two.OfflineAt, two.Reason = &ended, stats.OfflineKilled
		store.Presence(server, presence.Update{Time: ended, Seen: ended, Gone: []stats.Session{two}, ShortLived: 3})
		store.Action(server, stats.Change{Time: now.Add(-time.Minute), Kind: stats.ChangeAction, What: "client killed", After: "10.0.0.9:1"})
	}
	return &Past{Figures: store, People: store, Events: store, Status: store.Status}
}

// watchers is a Server with a past of the servers a and b.
func watchers(t *testing.T) *Server {
	t.Helper()
	_, s := serving(Options{Past: eventful(t), Now: pastNow}, recorded(t, "valkey-9.1.2")[1], recorded(t, "redis-7.0.15")[1])
	return s
}

func TestFiguresOfThePast(t *testing.T) {
	s := watchers(t)
	got := decode[struct {
		Server      string
		StepSeconds float64 `json:"step_seconds"`
		Tier        string
		Times       []int64
		Series      map[string]map[string][]*float64
		Pending     int64 `json:"pending_since"`
	}](t, get(s, "/api/v1/servers/a/snapshots?from=-2m&step=10s&series=clients&series=up"))
	if got.Server != "a" || got.StepSeconds != 10 || got.Tier != "raw" || len(got.Series) != 2 || len(got.Times) < 12 {
		t.Fatalf("%+v", got)
	}
	known := map[int64]float64{}
	for i, at := range got.Times {
		if v := got.Series["clients"]["mean"][i]; v != nil {
			known[at] = *v
		}
	}
	for i := int64(2); i <= 10; i++ {
		if at := pastNow().Unix() - 10*i; known[at] != float64(100+i) {
			t.Errorf("%d s ago there were %v clients, want %d", 10*i, known[at], 100+i)
		}
	}
	if len(known) != 9 { // nothing is known before the watching, and while the server is down
		t.Errorf("known at %d times: %v", len(known), known)
	}
}

func TestSessionsOfThePast(t *testing.T) {
	s := watchers(t)
	list := decode[SessionList](t, get(s, "/api/v1/servers/a/sessions"))
	if len(list.Sessions) != 2 || list.Matched != 2 || len(list.ShortLived) != 1 || list.ShortLived[0].Count != 3 || list.Since == nil || len(list.Limits) < 3 {
		t.Errorf("%+v", list)
	}
	list = decode[SessionList](t, get(s, "/api/v1/sessions?state=offline"))
	if len(list.Sessions) != 2 || list.Sessions[0].Reason != stats.OfflineKilled || list.Sessions[0].Server == list.Sessions[1].Server {
		t.Errorf("%+v", list.Sessions)
	}
	body := text(t, get(s, "/api/v1/sessions?filter=WORKER&server=b"))
	if strings.Contains(body, "<b>") || !strings.Contains(body, `worker`) || !strings.Contains(body, `"matched":1`) {
		t.Errorf("a name is not text: %s", body)
	}

	// Page by page there is everything, and nothing twice.
	seen := map[string]int{}
	after, pages := "", 0
	for {
		page := decode[SessionList](t, get(s, "/api/v1/sessions?limit=1&sort=online_since"+after))
		for _, one := range page.Sessions {
			seen[fmt.Sprint(one.Server, one.ID)]++
		}
		if pages++; page.Next == "" || pages > 9 {
			break
		}
		after = "&after=" + page.Next
	}
	if len(seen) != 4 || pages > 5 {
		t.Errorf("%d pages: %v", pages, seen)
	}
	if res := get(s, "/api/v1/sessions?after=nonsense"); res.StatusCode != http.StatusBadRequest || !strings.Contains(text(t, res), "parameter after") {
		t.Errorf("a wrong cursor: %d", res.StatusCode)
	}
}

// TestSessionsTellWhatIsNew holds that who has the sessions can ask for those that moved, and that each which is
// online says how busy it is, as its server's latest Snapshot does.
func TestSessionsTellWhatIsNew(t *testing.T) {
	b, s := serving(Options{Past: eventful(t), Now: pastNow}, recorded(t, "valkey-9.1.2")[1])
	busy := *recorded(t, "valkey-9.1.2")[1]
	busy.Connections = []stats.ConnectionRow{
		{ID: 7, Addr: "10.0.0.1:5000", CommandsPerSecond: stats.Some(49.5), Estimated: true, Error: stats.Some(1.5)},
		{ID: 8, Addr: "10.0.0.2:5000", CommandsPerSecond: stats.Some(3.0)},
	}
	ids := func(query string) (ids []int64) {
		for _, one := range decode[SessionList](t, get(s, "/api/v1/servers/a/sessions"+query)).Sessions {
			ids = append(ids, one.ID)
		}
		return ids
	}
	for _, tt := range []struct {
		query string
		want  []int64
	}{
		{"", []int64{8, 7}},
		{"?moved=-31s", []int64{8}},
		{"?moved=-29s", nil},
		{"?moved=-3h", []int64{8, 7}},
	} {
		if got := ids(tt.query); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %v, want %v", tt.query, got, tt.want)
		}
	}

	rate := func() (online, gone stats.Maybe[float64], margin stats.Maybe[float64]) {
		list := decode[SessionList](t, get(s, "/api/v1/sessions?sort=id")).Sessions
		return list[0].CommandsPerSecond, list[1].CommandsPerSecond, list[0].Error
	}
	b.Publish(0, &busy)
	if online, gone, margin := rate(); online != stats.Some(49.5) || gone.Known() || margin != stats.Some(1.5) {
		t.Errorf("the one that is online: %v ±%v, the one that is gone: %v", online, margin, gone)
	}
	reused := busy
	reused.Connections = []stats.ConnectionRow{{ID: 7, Addr: "10.0.0.9:1", CommandsPerSecond: stats.Some(1.0)}}
	b.Publish(0, &reused)
	if online, _, _ := rate(); online.Known() {
		t.Errorf("the rate of another connection with this id: %v", online)
	}
	b.Publish(0, down(&busy))
	if online, _, _ := rate(); online.Known() {
		t.Errorf("a rate of a server that is down: %v", online)
	}
}

func TestActivity(t *testing.T) {
	s := watchers(t)
	list := decode[ActivityList](t, get(s, "/api/v1/activity?by=name&server=a"))
	var worker *ActivityGroupRow
	for i := range list.Rows {
		if list.Rows[i].Key == "<b>worker</b>" {
			worker = &list.Rows[i]
		}
	}
	if worker == nil || worker.Server != "a" || !worker.Silent || worker.Online != 1 || len(worker.Hours) != 1 || list.Silent != 1 || list.WithinSeconds != 86400 {
		t.Errorf("%+v", list)
	}
	if began := pastNow().Add(-30 * time.Second); !list.Since.Equal(began) {
		t.Errorf("known since %s; watched since %s", list.Since, began)
	}
	if list := decode[ActivityList](t, get(s, "/api/v1/activity?within=1m")); !list.Since.Equal(pastNow().Add(-30 * time.Second)) {
		t.Errorf("a minute back, since %s", list.Since)
	}
}

func TestChangesOfThePast(t *testing.T) {
	s := watchers(t)
	all := decode[ChangeList](t, get(s, "/api/v1/servers/a/changes"))
	kinds := map[stats.ChangeKind]int{}
	for i, c := range all.Changes {
		if kinds[c.Kind]++; i > 0 && c.Time.After(all.Changes[i-1].Time) {
			t.Errorf("change %d is newer than the one before", i)
		}
	}
	for _, kind := range []stats.ChangeKind{stats.ChangeAction, stats.ChangeConfig, stats.ChangeState, stats.ChangeFinding} {
		if kinds[kind] == 0 {
			t.Errorf("no change of the kind %s in %+v", kind, all.Changes)
		}
	}
	some := decode[ChangeList](t, get(s, "/api/v1/servers/a/changes?kind=config&limit=1"))
	if len(some.Changes) != 1 || some.Changes[0].What != "maxmemory" {
		t.Errorf("%+v", some.Changes)
	}
}

// TestFindingsOfThePast holds that one of the store, which is gone, stands beside those of the present, and none
// twice.
func TestFindingsOfThePast(t *testing.T) {
	now := complete()
	now.Findings[0].Rule, now.Findings[0].FirstSeen, now.Findings[0].LastSeen = "no-limit", pastNow().Add(-time.Minute), pastNow()
	past := eventful(t)
	past.Events.(*history.Store).Snapshot("a", now)
	_, s := serving(Options{Past: past, Now: pastNow}, now)
	count := func(query string) (n int, rules string) {
		for _, f := range decode[FindingList](t, get(s, "/api/v1/findings"+query)).Findings {
			n, rules = n+1, rules+" "+f.Rule
		}
		return n, rules
	}
	for query, want := range map[string]string{
		"": "1 no-limit", "?from=-1h": "2 no-limit x", "?from=-1h&resolved=false": "1 no-limit", "?from=-1h&severity=critical": "0",
		"?from=-2d&to=-1d": "0", "?from=-1h&to=-90s": "1 x",
	} {
		if n, rules := count(query); fmt.Sprint(n, rules) != want {
			t.Errorf("%q: %d%s, want %s", query, n, rules, want)
		}
	}
}

// TestAnswersOfThePastAreNotStale holds that an ETag is of the content.
func TestAnswersOfThePastAreNotStale(t *testing.T) {
	past := eventful(t)
	_, s := serving(Options{Past: past, Now: pastNow}, complete())
	for i, path := range []string{"/api/v1/servers/a/changes", "/api/v1/servers/a/sessions"} {
		first := get(s, path)
		tag := first.Header.Get("ETag")
		if again := get(s, path, "If-None-Match", tag); again.StatusCode != http.StatusNotModified || tag == "" || first.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %d for %q", path, again.StatusCode, tag)
		}
		store := past.Events.(*history.Store)
		store.Action("a", stats.Change{Time: pastNow().Add(-time.Second), Kind: stats.ChangeAction, What: path})
		store.Presence("a", presence.Update{Time: pastNow(), Seen: pastNow(), Came: []stats.Session{{ID: int64(9 + i), RunID: "r", Addr: "x:1", OnlineSince: pastNow(), LastInteraction: pastNow(), LastSeen: pastNow()}}})
		if again := get(s, path, "If-None-Match", tag); again.StatusCode != http.StatusOK {
			t.Errorf("%s: %d though it changed", path, again.StatusCode)
		}
	}
}

// slowPast answers when it is told to, or when its time is up.
type slowPast struct {
	*Past
	release chan struct{}
	err     error
}

func (p *slowPast) Changes(ctx context.Context, q history.ChangeQuery) ([]stats.Change, error) {
	select {
	case <-p.release:
		return nil, p.err
	case <-ctx.Done():
		return nil, fmt.Errorf("read changes: %w", ctx.Err())
	}
}

func (p *slowPast) Findings(context.Context, history.FindingQuery) ([]history.ServerFinding, error) {
	return nil, errors.New("disk I/O error at /secret/place")
}

// TestSlowQuestions holds that questions to a slow past are bounded in number and time, and do not keep the present
// from being told.
func TestSlowQuestions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowPast{release: make(chan struct{})}
		_, s := serving(Options{Past: &Past{Events: slow}, Now: pastNow}, complete())
		var asking sync.WaitGroup
		var mu sync.Mutex
		took := map[string]int{} // by status and seconds
		for range mostAsking + 3 {
			asking.Go(func() {
				begun := time.Now()
				res := get(s, "/api/v1/servers/a/changes")
				mu.Lock()
				defer mu.Unlock()
				var p Problem
				json.Unmarshal([]byte(text(t, res)), &p)
				took[fmt.Sprint(res.StatusCode, p.Code, " ", time.Since(begun), p.Detail[:min(8, len(p.Detail))])]++
			})
		}
		synctest.Wait()
		if res := get(s, "/api/v1/last_observation"); res.StatusCode != http.StatusOK {
			t.Errorf("the present is not told: %d", res.StatusCode)
		}
		asking.Wait()
		want := fmt.Sprint(map[string]int{"503busy 5stoo many": 3, "503busy 10sthe answ": mostAsking})
		if got := fmt.Sprint(took); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		close(slow.release)
		if res := get(s, "/api/v1/servers/a/changes"); res.StatusCode != http.StatusOK {
			t.Errorf("no place is free again: %d", res.StatusCode)
		}
	})
}

func TestAPastThatFails(t *testing.T) {
	_, s := serving(Options{Past: &Past{Events: &slowPast{}}, Now: pastNow}, complete())
	res := get(s, "/api/v1/findings?from=-1h")
	if body := text(t, res); res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, codeNoHistory) || strings.Contains(body, "secret") {
		t.Errorf("%d: %s", res.StatusCode, body)
	}
	r := httptest.NewRequest(http.MethodGet, "/api/v1/servers/a/changes", nil)
	ctx, cancel := context.WithCancel(r.Context())
	cancel()
	w := httptest.NewRecorder()
	r.Host = "localhost"
	s.ServeHTTP(w, r.WithContext(ctx))
	if len(s.asking) != 0 {
		t.Error("who went away keeps a place")
	}
}

func TestAbout(t *testing.T) {
	past := eventful(t)
	_, s := serving(Options{Version: "1.2", Past: past, Running: Running{Interval: 2 * time.Second, Publishing: true}, Now: pastNow}, complete())
	about := decode[About](t, get(s, "/api/v1/about"))
	if about.Version != "1.2" || about.IntervalSeconds != 2 || !about.Publishing || about.History.State != "on" || about.History.FlushSeconds != 5 ||
		about.History.Store == "" || about.History.Kept == nil || about.History.Kept.Raw != 7200 || about.History.Kept.Hour != 365*86400 {
		t.Errorf("%+v, %+v", about, about.History)
	}
	past.Status = func() history.Status {
		return history.Status{State: history.Failing, Why: "the disk is full", Lost: history.Lost{Points: 3}}
	}
	if h := decode[About](t, get(s, "/api/v1/about")).History; h.State != "failing" || h.Why != "the disk is full" || h.Lost == nil || h.Lost.Points != 3 {
		t.Errorf("%+v", h)
	}
}

func TestParseTime(t *testing.T) {
	now := pastNow()
	for given, want := range map[string]string{
		"now": "2026-03-04T12:00:00Z", "-15m": "2026-03-04T11:45:00Z", "-1h30m": "2026-03-04T10:30:00Z", "-7d": "2026-02-25T12:00:00Z", "-1y": "2025-03-04T12:00:00Z",
		"0": "1970-01-01T00:00:00Z", "1772625600": "2026-03-04T12:00:00Z", "1772625600.5": "2026-03-04T12:00:00.5Z", "2026-03-04T13:00:00+01:00": "2026-03-04T12:00:00Z",
		"": "", "yesterday": "", "-": "", "-5": "", "-m": "", "15m": "", "-11y": "", "-99999999999999999999d": "", "1e300": "", "NaN": "", "-1.5h": "", "1969-01-01T00:00:00Z": "", "2026-03-04": "", "-10y1s": "",
	} {
		got, err := ParseTime(given, now)
		if want == "" && err == nil || want != "" && (err != nil || got.Format(time.RFC3339Nano) != want) {
			t.Errorf("%q: %v, %v; want %q", given, got, err, want)
		}
	}
}

// What is too long is not told to be no time.
func TestTooLongAgo(t *testing.T) {
	for _, given := range []string{"100y", "11y", "9y99w", "-20y"} {
		_, err := ParseSpan(given)
		if given[0] == '-' {
			_, err = ParseTime(given, time.Now())
		}
		if err == nil || err.Error() != "longer than 10 years" {
			t.Errorf("%s: %v", given, err)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"now", "-15m", "-1h30m", "1772625600.5", "2026-03-04T13:00:00+01:00", "-9223372036854775807y"} {
		f.Add(s)
	}
	now := pastNow()
	f.Fuzz(func(t *testing.T, s string) {
		at, err := ParseTime(s, now)
		if err != nil {
			return
		}
		if strings.HasPrefix(s, "-") && (at.After(now) || now.Sub(at) > longestSpan) {
			t.Errorf("%q is %v", s, at)
		}
		if _, err := json.Marshal(at); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	})
}
