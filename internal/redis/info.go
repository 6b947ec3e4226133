package redis

// Info is one INFO reply, parsed. It is immutable after ParseInfo.
type Info struct {
	fields map[string]string

	Commands []CommandStat          // in the reply's order
	Errors   []ErrorStat            // in the reply's order
	Latency  map[string]LatencyStat // by command
	Keyspace []KeyspaceDB           // ascending DB
	Replicas []Replica              // slave0 first
}

// ErrorStat is one errorstat_ line: replies whose first word is Code (6.2+).
type ErrorStat struct {
	Code  string
	Count int64
}
