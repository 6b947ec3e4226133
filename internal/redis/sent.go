package redis

// Sent counts one command that the observer itself sent.
type Sent struct {
	Name  string // as in commandstats of 7.0+: "info", "client|list"
	Calls int64
}

// Lookups counts keys that were looked up, as the server's keyspace_hits and keyspace_misses count them.
type Lookups struct{ Hits, Misses int64 }

// Plus is the sum of both.
func (l Lookups) Plus(m Lookups) Lookups { return Lookups{l.Hits + m.Hits, l.Misses + m.Misses} }
