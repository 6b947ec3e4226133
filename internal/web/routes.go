package web

import (
	_ "embed"
	"net/http"
)

// A route is one path that is served. The list is what the mux, the OpenAPI document and its test are
// made of.
type route struct {
	path    string
	method  string // http.MethodPost; "" is GET, and HEAD
	summary string
	body    any // a value of the type that is taken as JSON; nil: none is
	query   []parameter
	produce string // content type
	answer  any    // a value of the type that is sent as JSON; nil for other content
	events  []any  // values of the types that are sent as events
	open    bool   // answers without a login, and whatever the rate
	enters  bool   // is asked without a login, being one itself
	acts    bool   // is an action: see Options.Actions
	compute bool   // work is done for each request: see Options.Rate
	serve   func(*Server, http.ResponseWriter, *http.Request)
}

// A parameter may follow the path.
type parameter struct {
	name, about string
	kind        string   // JSON's word: string, integer, boolean
	values      []string // that are allowed; nil: any
	repeats     bool
}

// routes is everything that is served.
func routes() []route { return append(presentRoutes(), pastRoutes()...) }

// presentRoutes are those that answer from memory.
func presentRoutes() []route {
	return []route{
		{path: "/api/v1/servers", summary: "The servers that are watched", produce: jsonType, answer: ServerList{}, serve: (*Server).servers},
		{path: "/api/v1/servers/{name}/snapshot", summary: "Everything that is known of one server: the same object as redistop --json prints",
			produce: jsonType, answer: snapshotAnswer, serve: (*Server).snapshot},
		{path: "/api/v1/servers/{name}/clients", summary: "The connections of one server", produce: jsonType, answer: ClientList{},
			query: []parameter{
				{name: "filter", kind: "string", about: "Only those whose address, name, user, library or last command has this text in it, in any case."},
				{name: "sort", kind: "string", values: sortNames(), about: "By this field, smallest first; with a minus in front, largest first. What is not known comes last. Without it, the busiest first."},
				{name: "limit", kind: "integer", about: "At most this many, 1 to 10000; without it, 100."},
			}, compute: true, serve: (*Server).clients},
		{path: "/api/v1/findings", summary: "What hurts the servers, the most severe first; with from or to, also what did then", produce: jsonType, answer: FindingList{},
			query: append([]parameter{
				anyServer,
				{name: "severity", kind: "string", values: []string{"info", "warning", "critical"}, about: "Only from this severity on."},
				{name: "resolved", kind: "boolean", about: "Also those that are gone since some minutes; true or false, which is the default. With from or to the default is true, and all that are gone are meant."},
			}, fromTo("a day")...), compute: true, serve: (*Server).findings},
		{path: "/api/v1/last_observation", summary: "The latest facts of all servers, answered from memory", produce: jsonType, answer: LastObservation{},
			serve: (*Server).lastObservation},
		{path: "/api/v1/events", summary: "The facts of the servers as they come, as server-sent events: the latest of each at once, then every new one. " +
			"Who is slow, or comes back with Last-Event-ID, gets the latest of each server that it has not seen.",
			produce: eventType, events: []any{Observation{}, snapshotAnswer},
			query: []parameter{
				anyServer,
				{name: "send", kind: "string", values: []string{"observation", "snapshot"}, about: "What each event holds; an observation unless said otherwise."},
			}, serve: (*Server).events},
		{path: "/api/v1/openapi.json", summary: "This document", produce: jsonType, answer: map[string]any{}, serve: (*Server).openAPI},
		{path: "/api/v1/about", summary: "What this program is and offers, how its history is doing, and the CSRF token that a page needs to change something", produce: jsonType, answer: About{}, serve: (*Server).about},
		{path: "/api/v1/login", method: http.MethodPost, summary: "Log in with a token, or user and password: the session is in the cookie that comes with the answer",
			body: LoginBody{}, produce: jsonType, answer: LoggedIn{}, enters: true, serve: (*Server).login},
		{path: "/api/v1/logout", method: http.MethodPost, summary: "End the session of the cookie", produce: jsonType, answer: LoggedOut{}, serve: (*Server).logout},
		{path: "/api/v1/servers/{name}/clients/kill", method: http.MethodPost, acts: true,
			summary: "Close one connection: the one with this id and this address, so that an id which is by now another's is not hit",
			body:    KillBody{}, produce: jsonType, answer: Killed{}, serve: (*Server).kill},
		{path: "/api/v1/servers/{name}/monitor", method: http.MethodPost, acts: true, summary: "See every command by MONITOR for some seconds, as live shows them",
			body: MonitorBody{}, produce: jsonType, answer: Monitored{}, serve: (*Server).monitor},
		{path: "/api/v1/servers/{name}/live", acts: true, summary: "The latest commands that were seen", produce: jsonType, answer: LiveList{},
			query: []parameter{{name: "after", kind: "integer", about: "Only those after this one; next of the answer before. Without it, those since MONITOR was last asked for, as far as they are kept."}}, serve: (*Server).live},
		{path: "/api/v1/audit", summary: "What was done through this program, and what was refused, the newest first", produce: jsonType, answer: AuditList{},
			query: []parameter{{name: "limit", kind: "integer", about: "At most this many, 1 to 1000; without it, 100."}}, compute: true, serve: (*Server).audit},
		{path: "/metrics", summary: "Metrics for Prometheus; docs/metrics.md lists them", produce: "text/plain", compute: true, serve: (*Server).metrics},
		{path: "/healthz", summary: "Whether this program runs", produce: jsonType, answer: Health{}, open: true, serve: (*Server).healthz},
		{path: "/readyz", summary: "Whether every server has been tried, and so has an answer; 503 until then", produce: jsonType, answer: Health{}, open: true, serve: (*Server).readyz},
		{path: "/", summary: "The page for people, which needs no login itself; where it is not built in, the overview", produce: "text/html", compute: true, serve: (*Server).front},
		{path: "/overview", summary: "An overview for people, without any script", produce: "text/html", compute: true, serve: (*Server).overview},
		{path: "/style.css", summary: "How the overview looks", produce: "text/css", serve: (*Server).style},
	}
}

// openAPIDocument describes the API. The test TestOpenAPIDocument writes it from routes and the types of
// the answers, and holds it against what is really answered.
//
//go:embed openapi.json
var openAPIDocument []byte

func (s *Server) openAPI(w http.ResponseWriter, r *http.Request) {
	send(w, r, jsonType, s.fixedTag, s.openAPIBody)
}
