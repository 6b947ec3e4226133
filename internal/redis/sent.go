package redis

// Sent counts one command that the observer itself sent.
type Sent struct {
	Name  string // as in commandstats of 7.0+: "info", "client|list"
	Calls int64
}
