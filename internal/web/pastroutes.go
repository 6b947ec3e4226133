package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"redistop/internal/history"
	"redistop/internal/stats"
)

// What is asked for where a request does not say.
const (
	usualRange  = time.Hour
	usualEvents = 24 * time.Hour
	usualWithin = 24 * time.Hour
	longestText = 256 // bytes of a filter
	fewListed   = 200
	mostListed  = 10_000
	fewChanges  = 500
	mostChanges = 10_000
	// mostSteps bounds the values of each series of an answer.
	mostSteps = 5_000
)

// fromTo are the parameters of a period.
func fromTo(usual string) []parameter {
	return []parameter{
		{name: "from", kind: "string", about: "From then on: RFC 3339, seconds since 1970, or a time ago such as -15m, -24h or -7d. Without it, " + usual + " before to."},
		{name: "to", kind: "string", about: "Until then, in the same forms, or now, which is the default."},
	}
}

var anyServer = parameter{name: "server", kind: "string", repeats: true, about: "Only of this server; may be repeated. Without it, of all."}

// sessionParameters are those of both routes to sessions.
func sessionParameters() []parameter {
	return append(fromTo("an hour"),
		parameter{name: "state", kind: "string", values: []string{history.StateOnline, history.StateOffline, stateUnknown}, about: "Only those that are still there, only those that ended in the time asked for, or only those that had not ended when their server, which does not answer now, last did."},
		parameter{name: "moved", kind: "string", about: "Only those that came, spoke or went since then, which is given as from is: what is new to who has the others."},
		parameter{name: "filter", kind: "string", about: "Only those whose address, name, user, library or last command has this text in it, in any case."},
		parameter{name: "sort", kind: "string", values: bothWays(history.SessionSorts()), about: "By this field, smallest first; with a minus in front, largest first. Without it, who spoke last comes first."},
		parameter{name: "limit", kind: "integer", about: "At most this many, 1 to 10000; without it, 200."},
		parameter{name: "after", kind: "string", about: "The value of next in the answer before, with everything else as it was: the page after that."})
}

func bothWays(names []string) []string {
	var both []string
	for _, name := range names {
		both = append(both, name, "-"+name)
	}
	return both
}

// pastRoutes are those that answer from what was kept.
func pastRoutes() []route {
	return []route{
		{path: "/api/v1/servers/{name}/snapshots", summary: "The figures of one server over time, for charts", produce: jsonType, answer: SnapshotRange{},
			query: append(fromTo("an hour"),
				parameter{name: "step", kind: "string", about: "Between two values, such as 10s or 5m, so that there are at most 5000. Without it, so that there are about 400."},
				parameter{name: "series", kind: "string", repeats: true, values: history.SeriesNames(), about: "Only this series; may be repeated. Without it, all."}),
			compute: true, serve: (*Server).snapshots},
		{path: "/api/v1/servers/{name}/sessions", summary: "The connections that were online at some time, those that are gone included", produce: jsonType, answer: SessionList{},
			query: sessionParameters(), compute: true, serve: (*Server).serverSessions},
		{path: "/api/v1/sessions", summary: "The same of all servers", produce: jsonType, answer: SessionList{},
			query: append([]parameter{anyServer}, sessionParameters()...), compute: true, serve: (*Server).allSessions},
		{path: "/api/v1/activity", summary: "Which names, addresses and users were there and spoke, and when; who spoke last comes first", produce: jsonType, answer: ActivityList{},
			query: []parameter{
				{name: "within", kind: "string", about: "So far back: a time such as 24h or 7d, a minute to 31 days. Without it, 24h."},
				{name: "by", kind: "string", repeats: true, values: groupings, about: "Only by this; may be repeated. Without it, by all three."},
				anyServer,
			}, compute: true, serve: (*Server).activity},
		{path: "/api/v1/servers/{name}/changes", summary: "What is otherwise than before: the state of the link, restarts, configuration, role, replicas, users, findings and what was done through us", produce: jsonType, answer: ChangeList{},
			query: append(fromTo("a day"),
				parameter{name: "kind", kind: "string", repeats: true, values: changeKinds, about: "Only of this kind; may be repeated."},
				parameter{name: "limit", kind: "integer", about: "At most this many, the newest, 1 to 10000; without it, 500."}),
			compute: true, serve: (*Server).changes},
	}
}

// changeKinds are the values of the parameter kind.
var changeKinds = []string{
	string(stats.ChangeState), string(stats.ChangeRestart), string(stats.ChangeVersion), string(stats.ChangeRole), string(stats.ChangeConfig),
	string(stats.ChangeReplica), string(stats.ChangeFinding), string(stats.ChangeAction), string(stats.ChangeUsers), string(stats.ChangeWatched),
}

// SnapshotRange is the answer of /api/v1/servers/{name}/snapshots.
type SnapshotRange struct {
	Server       string                  `json:"server"`
	From         time.Time               `json:"from"`
	To           time.Time               `json:"to"`
	StepSeconds  float64                 `json:"step_seconds"`
	Tier         string                  `json:"tier"`                    // how fine what the most of it was read from is: raw, 1m, 10m, 1h
	Times        []int64                 `json:"times"`                   // when each step begins, in seconds since 1970
	Series       map[string]history.Band `json:"series"`                  // by name
	Commands     []history.CommandBand   `json:"commands"`                // those with the most calls, at most 8
	PendingSince *int64                  `json:"pending_since,omitempty"` // of the newest Snapshot in it that is not on the disk yet, in seconds since 1970
}

func (s *Server) snapshots(w http.ResponseWriter, r *http.Request) {
	m, query, ok := s.namedQuery(w, r)
	if !ok {
		return
	}
	from, to, err := period(query, usualRange, s.options.Now())
	step := time.Duration(0)
	if text := query.Get("step"); err == nil && text != "" {
		if step, err = ParseSpan(text); err == nil && (step < time.Second || to.Sub(from)/step > mostSteps) {
			err = fmt.Errorf("parameter step: below 1s, or so short that there are more than %d values", mostSteps)
		} else if err != nil {
			err = fmt.Errorf("parameter step: %w", err)
		}
	}
	if err != nil {
		badRequest(w, err)
		return
	}
	kept, ok := askPast(s, w, r, func(ctx context.Context, p *Past) (history.Range, error) {
		return p.Figures.Range(ctx, history.RangeQuery{Server: m.Name, From: from, To: to, Step: step, Series: query["series"]})
	})
	if !ok {
		return
	}
	answer := SnapshotRange{
		Server: m.Name, From: kept.From, To: kept.To, StepSeconds: kept.Step.Seconds(), Tier: kept.Tier,
		Times: orEmpty(kept.Times), Series: kept.Series, Commands: orEmpty(kept.Commands),
	}
	if answer.Series == nil {
		answer.Series = map[string]history.Band{}
	}
	if kept.Pending != nil {
		at := kept.Pending.Unix()
		answer.PendingSince = &at
	}
	sendPast(w, r, answer)
}

// ChangeList is the answer of /api/v1/servers/{name}/changes.
type ChangeList struct {
	Server  string         `json:"server"`
	Changes []stats.Change `json:"changes"` // the newest first
}

func (s *Server) changes(w http.ResponseWriter, r *http.Request) {
	m, query, ok := s.namedQuery(w, r)
	if !ok {
		return
	}
	from, to, err := period(query, usualEvents, s.options.Now())
	limit := 0
	if err == nil {
		limit, err = wholeNumber(query, "limit", fewChanges, mostChanges)
	}
	if err != nil {
		badRequest(w, err)
		return
	}
	var kinds []stats.ChangeKind
	for _, kind := range query["kind"] {
		kinds = append(kinds, stats.ChangeKind(kind))
	}
	if all, ok := askPast(s, w, r, func(ctx context.Context, p *Past) ([]stats.Change, error) {
		return p.Events.Changes(ctx, history.ChangeQuery{Server: m.Name, From: from, To: to, Kinds: kinds, Limit: limit})
	}); ok {
		sendPast(w, r, ChangeList{Server: m.Name, Changes: orEmpty(all)})
	}
}

// pastFindings are the findings of a period: those that the store has, as the latest Snapshots know them.
func (s *Server) pastFindings(w http.ResponseWriter, r *http.Request, moments []*moment, query url.Values) {
	from, to, err := period(query, usualEvents, s.options.Now())
	if err != nil {
		badRequest(w, err)
		return
	}
	kept, ok := askPast(s, w, r, func(ctx context.Context, p *Past) ([]history.ServerFinding, error) {
		return p.Events.Findings(ctx, history.FindingQuery{Servers: serverNames(moments), From: from, To: to})
	})
	if !ok {
		return
	}
	severity, resolved := stats.Severity(query.Get("severity")), query.Get("resolved") != "false"
	sendPast(w, r, FindingList{Findings: joinFindings(moments, kept, from, to, func(f ServerFinding) bool {
		return f.Severity.Rank() >= severity.Rank() && (resolved || f.Resolved == nil)
	})})
}

// joinFindings are those of the latest Snapshots and those of the store, none twice. What the store has and the
// latest Snapshot of that server has not is gone.
func joinFindings(moments []*moment, kept []history.ServerFinding, from, to time.Time, wanted func(ServerFinding) bool) []ServerFinding {
	type identity struct {
		server, rule, subject string
		first                 int64 // the store's times are whole milliseconds
	}
	of := func(f ServerFinding) identity { return identity{f.Server, f.Rule, f.Subject, f.FirstSeen.UnixMilli()} }
	found, present, seen := []ServerFinding{}, map[identity]bool{}, map[string]bool{}
	add := func(f ServerFinding) {
		if !f.FirstSeen.After(to) && !f.LastSeen.Before(from) && wanted(f) {
			found = append(found, f)
		}
	}
	for _, f := range collectFindings(moments, stats.Info, true) {
		present[of(f)] = true
		add(f)
	}
	for _, m := range moments {
		seen[m.Name] = m.number > 0
	}
	for _, one := range kept {
		f := ServerFinding(one)
		if present[of(f)] {
			continue
		}
		if f.Resolved == nil && seen[f.Server] {
			last := f.LastSeen
			f.Resolved = &last
		}
		add(f)
	}
	sortFindings(found)
	return found
}

// namedQuery is the server in the path and the parameters, or the answer that one is wrong.
func (s *Server) namedQuery(w http.ResponseWriter, r *http.Request) (*moment, url.Values, bool) {
	m, ok := s.named(w, r)
	if !ok {
		return nil, nil, false
	}
	query, ok := s.query(w, r)
	return m, query, ok
}

func badRequest(w http.ResponseWriter, err error) {
	problem(w, http.StatusBadRequest, codeBadRequest, err.Error(), "/api/v1/openapi.json lists the parameters")
}

func serverNames(moments []*moment) []string {
	names := make([]string, len(moments))
	for i, m := range moments {
		names[i] = m.Name
	}
	return names
}

// orEmpty is a list that is [] in JSON where there is nothing in it.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// longText says that a text to look for is longer than any name.
func longText(text string) bool { return len(text) > longestText || strings.ContainsRune(text, 0) }

// unique is a list without what it has twice.
func unique(list []string) []string {
	list = slices.Sorted(slices.Values(list))
	return slices.Compact(list)
}
