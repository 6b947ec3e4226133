package doctor

import (
	"redistop/internal/redis"
	"redistop/internal/stats"
)

var outputLimitDisconnections = Rule{
	ID:    "output-limit-disconnections",
	Title: "The server cuts off clients for their buffers",
	Group: "Connections",
	What:  "Clients were closed because their output or query buffer went beyond its limit, or all buffers together beyond maxmemory-clients.",
	Why:   "A subscriber loses messages, a replica begins anew, a job ends in the middle; most come back and do the same again.",
	How:   "INFO stats: client_output_buffer_limit_disconnections and client_query_buffer_limit_disconnections (7.4+, Valkey 8.0+), evicted_clients (7.0+). Whom it was the server writes only into its log.",
	Do:    "Let the client read faster or send less at once. Raise client-output-buffer-limit for its class only where the memory is there.",
	Limits: []Limit{
		{"clients", 1, "in a minute: each lost something"},
	},
	Behind: []string{"output-buffers", "replica-lag", "clients-eat-memory"},
	Check:  checkCutOff,
}

func checkCutOff(w *Window) []stats.Finding {
	h := func(s *stats.Snapshot) *stats.Housekeeping { return &s.Housekeeping }
	counters := []struct {
		what, field string
		of          func(*stats.Snapshot) stats.Maybe[int64]
	}{
		{"output buffer", "client_output_buffer_limit_disconnections", func(s *stats.Snapshot) stats.Maybe[int64] { return h(s).OutputDisconnections }},
		{"query buffer", "client_query_buffer_limit_disconnections", func(s *stats.Snapshot) stats.Maybe[int64] { return h(s).QueryDisconnections }},
		{"share of maxmemory-clients", "evicted_clients", func(s *stats.Snapshot) stats.Maybe[int64] { return h(s).EvictedClients }},
	}
	f := stats.Finding{
		Severity: stats.Warning, Confidence: stats.Certain,
		Impact: "Subscribers lose messages, replicas begin anew, jobs end in the middle.",
		Remedy: []string{
			"let these clients read faster, or ask for and send less at once",
			"where the memory is there, raise the limit of their class: CONFIG SET client-output-buffer-limit",
		},
		Unknown: []string{"whom it was: the server's log names each (scheduled to be closed ASAP)"},
	}
	var all int64
	for _, c := range counters {
		n, elapsed, ok := w.Growth(Recent, c.of)
		if !ok || float64(n) < w.Limit("clients") {
			continue
		}
		if all += n; f.Title == "" {
			f.Title = plural(n, "client") + pick(n == 1, " was", " were") + " cut off for " + pick(n == 1, "its ", "their ") + c.what + " in " + seconds(elapsed.Seconds())
		}
		f.Evidence = append(f.Evidence, w.evidence("cut off for their "+c.what, plural(n, "client"), "INFO stats ("+c.field+")"))
	}
	if all == 0 {
		return nil
	}
	if v, ok := w.config("client-output-buffer-limit"); ok {
		f.Evidence = append(f.Evidence, moment("client-output-buffer-limit", redis.PrintableCut(v, 160), "CONFIG GET"))
	}
	return []stats.Finding{f}
}
