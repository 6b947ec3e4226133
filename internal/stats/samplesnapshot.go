package stats

// Sampled is what the figures from samples stand on. Its zero value says that there are none.
type Sampled struct {
	Mode     SamplingMode `json:"mode"`
	Windows  int          `json:"windows"`            // that the estimates are made of
	Seconds  float64      `json:"seconds"`            // their length together
	Span     float64      `json:"span_seconds"`       // from the first one to the end of the last: the estimates are averages over this time
	Commands int64        `json:"commands"`           // seen in them
	Scripted int64        `json:"scripted,omitempty"` // of Commands, called by scripts and functions
	Complete bool         `json:"complete,omitempty"` // every command that MONITOR shows was seen: the figures are exact
	// VisibleCommandsPerSecond is the rate of what MONITOR shows, which the shares are of: by the server's
	// counters, without ADMIN commands and the observer's own; by the windows where the counters are unknown.
	VisibleCommandsPerSecond Maybe[float64] `json:"visible_commands_per_second,omitzero"`
	Error                    Maybe[float64] `json:"error,omitzero"` // half-width of its 95 % interval; absent where it is exact

	estimator *estimator // nil like SampleRow.windows
	excess    float64    // of what windows saw over what the counters tell, see estimator.excess
}

// KeyRow is a pattern of keys or a single key, by the commands that name it. A command with several
// keys counts once for each pattern among them, so that the shares may add up to more than 1.
type KeyRow struct {
	Pattern           string         `json:"pattern"`     // "user:*:profile", or the key itself; safe to print
	DB                Maybe[int]     `json:"db,omitzero"` // of a single key
	CommandsPerSecond Maybe[float64] `json:"commands_per_second,omitzero"`
	Share             Maybe[float64] `json:"share,omitzero"`  // of the visible commands, 0..1
	Reads             Maybe[float64] `json:"reads,omitzero"`  // commands a second that only read keys
	Writes            Maybe[float64] `json:"writes,omitzero"` // commands a second that may write keys; the rest (EVAL, WATCH) does neither by itself
	TopCommand        string         `json:"top_command,omitempty"`
	Clients           []string       `json:"clients,omitempty"` // IPs, at most 8, most commands first
	Seen              int64          `json:"seen"`              // commands in the samples
	Estimated         bool           `json:"estimated,omitempty"`
	Error             Maybe[float64] `json:"error,omitzero"` // half-width of the 95 % interval of CommandsPerSecond
}

// Part is a command, a pattern or a client as a part of something.
type Part struct {
	Name              string         `json:"name"`
	Unknown           bool           `json:"unknown,omitempty"` // Name is not known
	CommandsPerSecond Maybe[float64] `json:"commands_per_second,omitzero"`
	Share             Maybe[float64] `json:"share,omitzero"` // of that something, 0..1
	Seen              int64          `json:"seen"`           // commands in the samples
	Estimated         bool           `json:"estimated,omitempty"`
	Error             Maybe[float64] `json:"error,omitzero"` // half-width of the 95 % interval of CommandsPerSecond
}

// SampleRow is who sent which command to which keys.
type SampleRow struct {
	Identity
	Command           string         `json:"command"`
	Pattern           string         `json:"pattern,omitempty"` // "" without a key; safe to print
	Script            bool           `json:"script,omitempty"`  // called by a script or function of that client
	Further           bool           `json:"further,omitempty"` // a further pattern of a command that another row counts already
	CommandsPerSecond Maybe[float64] `json:"commands_per_second,omitzero"`
	Share             Maybe[float64] `json:"share,omitzero"` // of the visible commands, 0..1
	Seen              int64          `json:"seen"`           // commands in the samples
	Estimated         bool           `json:"estimated,omitempty"`
	Error             Maybe[float64] `json:"error,omitzero"` // half-width of the 95 % interval of CommandsPerSecond

	windows *series // of counts, window by window; nil in a Snapshot that was thinned or read back from JSON
}
