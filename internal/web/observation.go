package web

import (
	"encoding/json"
	"time"

	"redistop/internal/stats"
)

// An Observation is the latest facts of one server in a few hundred bytes. What is not known is absent.
type Observation struct {
	Server        string               `json:"server"` // the name that it is watched by
	Addr          string               `json:"addr"`
	Number        int64                `json:"number"` // of this server's Snapshots since the start: a gap between two events is what was left out; 0: none yet
	Time          time.Time            `json:"time"`
	State         stats.LinkState      `json:"state"`
	Since         time.Time            `json:"since"`             // of State
	Message       string               `json:"message,omitempty"` // why State is not up
	Stale         bool                 `json:"stale,omitempty"`   // the facts are the last known ones, rates are absent
	Flavor        string               `json:"flavor,omitempty"`
	Version       string               `json:"version,omitempty"`
	Role          string               `json:"role,omitempty"`
	UptimeSeconds stats.Maybe[int64]   `json:"uptime_seconds,omitzero"`
	Commands      stats.Maybe[float64] `json:"commands_per_second,omitzero"`
	P99Usec       stats.Maybe[float64] `json:"p99_usec,omitzero"`    // over all commands since it was last asked, without the time that they waited
	MainThread    stats.Maybe[float64] `json:"main_thread,omitzero"` // of one core, 0..1; near 1 it is saturated
	InputBytes    stats.Maybe[float64] `json:"input_bytes_per_second,omitzero"`
	OutputBytes   stats.Maybe[float64] `json:"output_bytes_per_second,omitzero"`
	HitRatio      stats.Maybe[float64] `json:"hit_ratio,omitzero"` // of the interval
	Evicted       stats.Maybe[float64] `json:"evicted_per_second,omitzero"`
	Errors        stats.Maybe[float64] `json:"errors_per_second,omitzero"`
	UsedBytes     stats.Maybe[int64]   `json:"used_bytes,omitzero"`
	MaxBytes      stats.Maybe[int64]   `json:"max_bytes,omitzero"` // absent: no limit
	RSSBytes      stats.Maybe[int64]   `json:"rss_bytes,omitzero"`
	Clients       stats.Maybe[int64]   `json:"clients,omitzero"`
	Blocked       stats.Maybe[int64]   `json:"blocked,omitzero"`
	Keys          stats.Maybe[int64]   `json:"keys,omitzero"`               // in all databases
	Findings      FindingCounts        `json:"findings"`                    // that stand; that the server does not answer is one
	Worst         *WorstFinding        `json:"worst,omitempty"`             // the most severe finding that stands
	ObserverShare stats.Maybe[float64] `json:"observer_cpu_share,omitzero"` // what watching costs, of the main thread
}

// FindingCounts is how many findings stand.
type FindingCounts struct {
	Critical int `json:"critical"`
	Warning  int `json:"warning"`
	Info     int `json:"info"`
}

// WorstFinding is a finding in one line.
type WorstFinding struct {
	Rule     string         `json:"rule"`
	Severity stats.Severity `json:"severity"`
	Title    string         `json:"title"`
}

// LastObservation is the latest facts of all servers.
type LastObservation struct {
	Servers []json.RawMessage `json:"servers"` // an Observation each, in the order in which they were named
}

func lastObservation(g *generation) LastObservation {
	all := LastObservation{Servers: make([]json.RawMessage, 0, len(g.moments))}
	for _, m := range g.moments {
		if m.observation != nil {
			all.Servers = append(all.Servers, m.observation)
		}
	}
	return all
}

// observe picks the facts of a moment.
func observe(m *moment) Observation {
	s := m.snapshot
	o := Observation{
		Server: m.Name, Addr: m.Addr, Number: m.number, Time: s.Time,
		State: s.Link.State, Since: s.Link.Since, Message: s.Link.Message, Stale: s.Stale,
		Flavor: s.Server.Flavor, Version: s.Server.Version, Role: s.Server.Role, UptimeSeconds: s.Server.UptimeSeconds,
		Commands: s.Throughput.CommandsPerSecond, P99Usec: s.Throughput.P99Usec, MainThread: s.CPU.MainThread,
		InputBytes: s.Throughput.InputBytesPerSecond, OutputBytes: s.Throughput.OutputBytesPerSecond,
		HitRatio: s.Throughput.HitRatio, Evicted: s.Throughput.EvictedPerSecond, Errors: s.Throughput.ErrorsPerSecond,
		UsedBytes: s.Memory.Used, MaxBytes: s.Memory.Max, RSSBytes: s.Memory.RSS,
		Clients: s.Connected.Clients, Blocked: s.Connected.Blocked, Keys: keys(s),
		ObserverShare: s.Observer.ServerCPUShare,
	}
	for _, f := range m.standing() {
		if f.Resolved == nil {
			o.count(f)
		}
	}
	return o
}

// count takes in one finding that stands; the first of the highest severity is the worst. That the server does not answer comes first.
func (o *Observation) count(f stats.Finding) {
	switch f.Severity {
	case stats.Critical:
		o.Findings.Critical++
	case stats.Warning:
		o.Findings.Warning++
	default:
		o.Findings.Info++
	}
	if o.Worst == nil || f.Severity.Rank() > o.Worst.Severity.Rank() {
		o.Worst = &WorstFinding{Rule: f.Rule, Severity: f.Severity, Title: f.Title}
	}
}

// keys is the number of keys in all databases; absent before the server was seen, which has no Keyspace
// when it is empty.
func keys(s *stats.Snapshot) stats.Maybe[int64] {
	if s.Server.Version == "" || s.Persistence.Loading {
		return stats.Maybe[int64]{}
	}
	var n int64
	for _, row := range s.Keyspace {
		n += row.Keys
	}
	return stats.Some(n)
}
