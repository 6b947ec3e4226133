package stats

import "time"

// SamplingMode says how the command stream is seen.
type SamplingMode string

// The modes.
const (
	ModePoll    SamplingMode = "poll"    // not at all: the counters only
	ModeSample  SamplingMode = "sample"  // MONITOR in short windows at random moments
	ModeMonitor SamplingMode = "monitor" // MONITOR all the time
)

// Sampling is how the commands of a Reading's Tally were seen, since the Reading before.
type Sampling struct {
	Mode     SamplingMode // "" is ModePoll
	Complete bool         // every command that MONITOR shows was seen: the windows adjoin, nothing was dropped
	Duty     float64      // share of the time that MONITOR was on, 0..1
	Dropped  int64        // lines that came and were not counted, because a queue was full
	Paused   string       // one line: why there are no windows at present; "" while there are
	Until    time.Time    // when ModeMonitor ends by itself; zero in other modes
	Price    Price
	// Slack says that the server had time left inside the windows too, so that what they saw was not less for being
	// watched: where its counters tell otherwise, they met too few bursts, or too many.
	Slack   bool
	Counted Counted // for a Summary, which has no Readings beside it

	Stopped   string    // one line: why a guard ended the latest ModeMonitor early; "" when none did
	StoppedAt time.Time // zero when none did
}

// Counted is how many commands MONITOR would have shown in Elapsed, by the server's counters; Elapsed 0:
// unknown. Part says that the Tally has only a part of them, such as what passed a filter, and that Commands
// is scaled to that.
type Counted struct {
	Commands int64
	Elapsed  time.Duration
	Part     bool
}

// Price is what the windows cost the server, as far as it can be known.
type Price struct {
	ServerCPUShare  Maybe[float64] `json:"server_cpu_share,omitzero"` // of the main thread, 0..1
	ThroughputShare Maybe[float64] `json:"throughput_share,omitzero"` // commands that could not run, 0..1 of those that would have
	LatencyUsec     Maybe[float64] `json:"latency_usec,omitzero"`     // that a command waited longer in a window
}

// known says whether anything is.
func (p Price) known() bool {
	return p.ServerCPUShare.Known() || p.ThroughputShare.Known() || p.LatencyUsec.Known()
}
