package web

import "redistop/internal/stats"

// mostCanaries is one of each kind.
const mostCanaries = 3

// canaryMetrics are what became of test messages, where --canary sends some. The counts begin anew with redistop.
var canaryMetrics = []metric{
	{name: "redistop_canary_sent_total", kind: counter, labels: []string{"kind"}, most: mostCanaries, help: "Test messages that the server took, by pubsub, list or stream.", of: perCanary(func(p *stats.Probe) int64 { return p.Sent })},
	{name: "redistop_canary_received_total", kind: counter, labels: []string{"kind"}, most: mostCanaries, help: "Those of them that arrived, each counted once.", of: perCanary(func(p *stats.Probe) int64 { return p.Received })},
	{name: "redistop_canary_lost", kind: gauge, labels: []string{"kind"}, most: mostCanaries, help: "Those that were taken and not received, though somebody listened; fewer again when one comes after all.", of: perCanary(func(p *stats.Probe) int64 { return p.Lost })},
	{name: "redistop_canary_duplicated_total", kind: counter, labels: []string{"kind"}, most: mostCanaries, help: "Times that one arrived again.", of: perCanary(func(p *stats.Probe) int64 { return p.Duplicated })},
	{name: "redistop_canary_reordered_total", kind: counter, labels: []string{"kind"}, most: mostCanaries, help: "Those that arrived behind one that was sent later.", of: perCanary(func(p *stats.Probe) int64 { return p.Reordered })},
	{name: "redistop_canary_in_flight", kind: gauge, labels: []string{"kind"}, most: mostCanaries, help: "Those that were taken and are not decided yet.", of: perCanary(func(p *stats.Probe) int64 { return p.InFlight })},
	{name: "redistop_canary_gap_seconds", kind: gauge, labels: []string{"kind"}, most: mostCanaries, help: "The longest time since the start for which none arrived though one was due.", of: perCanaryTime(func(p *stats.Probe) stats.Maybe[float64] { return p.GapUsec })},
	{name: "redistop_canary_silent", kind: gauge, labels: []string{"kind"}, most: mostCanaries, help: "1 while nobody answers it: a stalled server, or a network that drops what is sent.", of: perCanary(func(p *stats.Probe) int64 { return int64(one(!p.SilentAt.IsZero())) })},
	{name: "redistop_canary_errors_total", kind: counter, labels: []string{"kind"}, most: mostCanaries, help: "Attempts to send, to read or to connect that failed.", of: perCanary(func(p *stats.Probe) int64 { return p.Errors })},
	{name: "redistop_canary_broken", kind: gauge, labels: []string{"kind"}, most: mostCanaries, help: "1 where a list or a stream has lost messages, which it must not.", of: perCanary(func(p *stats.Probe) int64 { return int64(one(p.Broken)) })},
	{name: "redistop_canary_p50_seconds", kind: gauge, labels: []string{"kind"}, most: mostCanaries, help: "Median of the time from sending to receiving, since the start.", of: perCanaryTime(func(p *stats.Probe) stats.Maybe[float64] { return p.P50Usec })},
	{name: "redistop_canary_p99_seconds", kind: gauge, labels: []string{"kind"}, most: mostCanaries, help: "99th percentile of it; absent with fewer than 100 messages.", of: perCanaryTime(func(p *stats.Probe) stats.Maybe[float64] { return p.P99Usec })},
	{name: "redistop_canary_max_seconds", kind: gauge, labels: []string{"kind"}, most: mostCanaries, help: "The longest of it, which an outage makes long.", of: perCanaryTime(func(p *stats.Probe) stats.Maybe[float64] { return p.MaxUsec })},
}

func perCanary(count func(*stats.Probe) int64) func(*moment, emit) {
	return func(m *moment, emit emit) {
		for i := range m.snapshot.Canary {
			p := &m.snapshot.Canary[i]
			emit(float64(count(p)), p.Kind)
		}
	}
}

func perCanaryTime(fact func(*stats.Probe) stats.Maybe[float64]) func(*moment, emit) {
	return func(m *moment, emit emit) {
		for i := range m.snapshot.Canary {
			if v, ok := fact(&m.snapshot.Canary[i]).Get(); ok {
				emit(v/1e6, m.snapshot.Canary[i].Kind)
			}
		}
	}
}
