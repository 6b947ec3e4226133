package stats

// Unit is what a series' numbers count.
type Unit string

// The units.
const (
	Count          Unit = "count"
	PerSecond      Unit = "per_second"
	Bytes          Unit = "bytes"
	BytesPerSecond Unit = "bytes_per_second"
	Share          Unit = "share" // 0..1
	Cores          Unit = "cores" // 1 is one processor
	Usec           Unit = "usec"
)

// SeriesDef is one figure that a graph can show over time.
type SeriesDef struct {
	Name  string // stable, for flags and JSON
	Title string // for a person
	Unit  Unit
	Value func(*Snapshot) Maybe[float64]
}

// Indexes into Series and Point.Values. Most people ask for the first.
const (
	SeriesCommands = iota
	SeriesInput
	SeriesOutput
	SeriesMemory
	SeriesRSS
	SeriesClients
	SeriesBlocked
	SeriesHitRatio
	SeriesEvicted
	SeriesExpired
	SeriesCPU
	SeriesMainThread
	SeriesP99
	SeriesErrors
	SeriesCount // how many there are
)

var seriesDefs = [SeriesCount]SeriesDef{
	SeriesCommands:   {"commands", "commands/s", PerSecond, func(s *Snapshot) Maybe[float64] { return s.Throughput.CommandsPerSecond }},
	SeriesInput:      {"input", "network in", BytesPerSecond, func(s *Snapshot) Maybe[float64] { return s.Throughput.InputBytesPerSecond }},
	SeriesOutput:     {"output", "network out", BytesPerSecond, func(s *Snapshot) Maybe[float64] { return s.Throughput.OutputBytesPerSecond }},
	SeriesMemory:     {"memory", "used memory", Bytes, func(s *Snapshot) Maybe[float64] { return s.gauge(s.Memory.Used) }},
	SeriesRSS:        {"rss", "resident memory", Bytes, func(s *Snapshot) Maybe[float64] { return s.gauge(s.Memory.RSS) }},
	SeriesClients:    {"clients", "clients", Count, func(s *Snapshot) Maybe[float64] { return s.gauge(s.Connected.Clients) }},
	SeriesBlocked:    {"blocked", "blocked clients", Count, func(s *Snapshot) Maybe[float64] { return s.gauge(s.Connected.Blocked) }},
	SeriesHitRatio:   {"hit-ratio", "hit ratio", Share, func(s *Snapshot) Maybe[float64] { return s.Throughput.HitRatio }},
	SeriesEvicted:    {"evicted", "evictions/s", PerSecond, func(s *Snapshot) Maybe[float64] { return s.Throughput.EvictedPerSecond }},
	SeriesExpired:    {"expired", "expirations/s", PerSecond, func(s *Snapshot) Maybe[float64] { return s.Throughput.ExpiredPerSecond }},
	SeriesCPU:        {"cpu", "CPU", Cores, func(s *Snapshot) Maybe[float64] { return s.CPU.Total }},
	SeriesMainThread: {"main-thread", "CPU, main thread", Cores, func(s *Snapshot) Maybe[float64] { return s.CPU.MainThread }},
	SeriesP99:        {"p99", "p99 latency", Usec, func(s *Snapshot) Maybe[float64] { return s.Throughput.P99Usec }},
	SeriesErrors:     {"errors", "errors/s", PerSecond, func(s *Snapshot) Maybe[float64] { return s.Throughput.ErrorsPerSecond }},
}

// Series are all series in the order in which a person steps through them.
func Series() [SeriesCount]SeriesDef { return seriesDefs }

// gauge is a fact that holds for a moment: unknown while the server does not answer.
func (s *Snapshot) gauge(fact Maybe[int64]) Maybe[float64] {
	v, ok := fact.Get()
	return maybe(float64(v), ok && !s.Stale)
}
