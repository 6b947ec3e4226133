package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"redistop/internal/stats"
)

// ServerList is the answer of /api/v1/servers.
type ServerList struct {
	Servers []ServerRow `json:"servers"`
}

// ServerRow is a server that is watched.
type ServerRow struct {
	Name     string          `json:"name"`
	Addr     string          `json:"addr"`
	State    stats.LinkState `json:"state"`
	Since    time.Time       `json:"since"`             // of State
	Message  string          `json:"message,omitempty"` // why State is not up
	Flavor   string          `json:"flavor,omitempty"`
	Version  string          `json:"version,omitempty"`
	Role     string          `json:"role,omitempty"`
	Snapshot string          `json:"snapshot"` // the path of its latest Snapshot
}

// FindingList is the answer of /api/v1/findings.
type FindingList struct {
	Findings []ServerFinding `json:"findings"` // those that stand first, by severity; of one severity servers that do not answer, then the oldest
}

// ServerFinding is a finding and whose it is.
type ServerFinding struct {
	Server string `json:"server"`
	stats.Finding
}

// Health is the answer of /healthz and /readyz.
type Health struct {
	OK bool `json:"ok"`
}

// snapshotAnswer stands for the Snapshot in the list of routes.
var snapshotAnswer = stats.Snapshot{}

func (s *Server) servers(w http.ResponseWriter, r *http.Request) {
	g := s.board.now()
	list := ServerList{Servers: make([]ServerRow, len(g.moments))}
	for i, m := range g.moments {
		link, who := m.snapshot.Link, m.snapshot.Server
		list.Servers[i] = ServerRow{
			Name: m.Name, Addr: m.Addr, State: link.State, Since: link.Since, Message: link.Message,
			Flavor: who.Flavor, Version: who.Version, Role: who.Role,
			Snapshot: "/api/v1/servers/" + url.PathEscape(m.Name) + "/snapshot",
		}
	}
	sendValue(w, r, s.board.tag(g.seq), list)
}

func (s *Server) snapshot(w http.ResponseWriter, r *http.Request) {
	if m, ok := s.named(w, r); ok {
		send(w, r, jsonType, s.board.tag(m.seq), m.full)
	}
}

func (s *Server) lastObservation(w http.ResponseWriter, r *http.Request) {
	g := s.board.now()
	send(w, r, jsonType, s.board.tag(g.seq), g.last)
}

func (s *Server) healthz(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	writeHealth(w, true)
}

func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	writeHealth(w, !slices.ContainsFunc(s.board.now().moments, func(m *moment) bool {
		return m.snapshot.Link.State == stats.Connecting
	}))
}

func writeHealth(w http.ResponseWriter, ok bool) {
	w.Header().Set("Content-Type", jsonType)
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	w.Write([]byte(`{"ok":` + strconv.FormatBool(ok) + "}\n"))
}

func (s *Server) findings(w http.ResponseWriter, r *http.Request) {
	query, ok := s.query(w, r)
	if !ok {
		return
	}
	g := s.board.now()
	moments, ok := s.chosen(w, g, query)
	if !ok {
		return
	}
	if query.Has("from") || query.Has("to") {
		s.pastFindings(w, r, moments, query)
		return
	}
	from := stats.Severity(query.Get("severity"))
	resolved := query.Get("resolved") == "true"
	sendValue(w, r, s.board.tag(g.seq), FindingList{Findings: collectFindings(moments, from, resolved)})
}

// collectFindings are the findings of some servers from a severity on.
func collectFindings(moments []*moment, from stats.Severity, resolved bool) []ServerFinding {
	found := []ServerFinding{}
	for _, m := range moments {
		for _, f := range m.standing() {
			if f.Severity.Rank() >= from.Rank() && (resolved || f.Resolved == nil) {
				found = append(found, ServerFinding{m.Name, f})
			}
		}
	}
	sortFindings(found)
	return found
}

func sortFindings(found []ServerFinding) {
	slices.SortStableFunc(found, func(a, b ServerFinding) int {
		return cmp.Or(
			cmp.Compare(gone(a), gone(b)),
			cmp.Compare(b.Severity.Rank(), a.Severity.Rank()),
			cmp.Compare(told(a), told(b)),
			a.FirstSeen.Compare(b.FirstSeen))
	})
}

// told puts what is known of now before what a server told before it went out.
func told(f ServerFinding) int {
	if f.Rule == Unreachable {
		return 0
	}
	return 1
}

func gone(f ServerFinding) int {
	if f.Resolved != nil {
		return 1
	}
	return 0
}

// named is the moment of the server in the path, or the answer that there is none.
func (s *Server) named(w http.ResponseWriter, r *http.Request) (*moment, bool) {
	m, ok := s.board.now().find(r.PathValue("name"))
	if !ok {
		noServer(w)
	}
	return m, ok
}

// chosen are the servers that a query names, all where it names none, or the answer that one is not here.
func (s *Server) chosen(w http.ResponseWriter, g *generation, query url.Values) ([]*moment, bool) {
	names := query["server"]
	if len(names) == 0 {
		return g.moments, true
	}
	var moments []*moment
	for _, name := range names {
		m, ok := g.find(name)
		if !ok {
			noServer(w)
			return nil, false
		}
		if !slices.Contains(moments, m) {
			moments = append(moments, m)
		}
	}
	return moments, true
}

func noServer(w http.ResponseWriter) {
	problem(w, http.StatusNotFound, codeNotFound, "no server of this name is watched", "/api/v1/servers lists them")
}
