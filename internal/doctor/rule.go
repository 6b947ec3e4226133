package doctor

import "redistop/internal/stats"

// A Rule is one thing that can be wrong. Its texts make docs/rules.md.
type Rule struct {
	ID    string // "blocking-command": stable, in JSON and configuration files
	Title string // a few words: "A command that blocks everybody else"
	Group string // a heading of the rules page: Commands, Connections, Memory ...

	What string // what is wrong, a sentence or two
	Why  string // why it hurts
	How  string // how we know: which commands' replies, and what they cannot tell
	Do   string // what to do

	Limits []Limit

	// Behind names rules whose findings explain this one's: while one of them stands at the same
	// severity or above, this one is only for information, so that the cause is named and not its symptoms.
	Behind []string

	// Always says that the rule is also asked while the server does not answer; it looks at Window.Link then.
	Always bool

	// Check returns what is wrong at present. The doctor fills in Rule, FirstSeen, LastSeen; Check
	// leaves them. It is called once a Snapshot, and must be cheap when nothing is wrong.
	Check func(*Window) []stats.Finding
}

// A Limit is a threshold of a rule.
type Limit struct {
	Name    string  // "time_share", with its unit where the name does not say: "_seconds", "_usec", "_bytes"
	Default float64 // shares are 0..1
	Why     string  // the reason for this value
}
