package stats

// health is the last of each reply that a Reading brings now and then only. What is in it is never
// changed: Snapshots share it.
type health struct {
	config map[string]string
	events []LatencyEvent
	access Access
	denied []DeniedRow
	host   Host
}

// foldHealth shows what this Reading brought, and of the rest what was known before.
func (a *Aggregate) foldHealth(r Reading, s *Snapshot) {
	h := &a.health
	if r.Config != nil {
		h.config = r.Config
	}
	if r.Events != nil {
		h.events = r.Events
	}
	if r.Access != nil {
		h.access = *r.Access
	}
	if r.Denied != nil {
		h.denied = r.Denied
	}
	if r.Host != nil {
		h.host = *r.Host
	}
	s.Config, s.LatencyEvents, s.Access, s.Denied, s.Host = h.config, h.events, h.access, h.denied, h.host
	s.Latency = r.Latency
}
