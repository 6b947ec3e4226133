package usage

import "redistop/internal/stats"

// A Framework is one row of the table: what a program or library leaves in a server.
type Framework struct {
	Name    string        `yaml:"name"`
	Kind    stats.UseKind `yaml:"kind"`
	Checked string        `yaml:"checked"` // run: against a recording of it; source: read only
	Why     string        `yaml:"why"`     // why it was not run
	Unnamed bool          `yaml:"unnamed"` // others write the same: the use is told, not the framework

	Bases []string `yaml:"bases"` // the usual prefixes, with their separator
	Moves string   `yaml:"moves"` // what another prefix may end with; "": it cannot be changed; "*": anything

	Keys      []Row    `yaml:"keys"`
	Channels  []string `yaml:"channels"`  // templates of Pub/Sub channels
	Clients   []string `yaml:"clients"`   // templates of client names
	Libraries []string `yaml:"libraries"` // what stands in a client's lib-name
	Groups    []string `yaml:"groups"`    // names of consumer groups
	Polls     bool     `yaml:"polls"`     // its workers ask now and then and do not wait, so that none is seen waiting
	Oldest    *Oldest  `yaml:"oldest"`    // where the time of the oldest waiting job stands; nil: nowhere

	order    int // in the table
	channels []template
	clients  []template
}

// A Row is one kind of key that a framework writes.
type Row struct {
	Key     string        `yaml:"key"` // a template
	Type    string        `yaml:"type"`
	Role    Role          `yaml:"role"`
	Kind    stats.UseKind `yaml:"kind"`    // "": the framework's
	Weight  Weight        `yaml:"weight"`  // how much the name says
	Queue   string        `yaml:"queue"`   // the queue's name where the key does not hold it
	Follows bool          `yaml:"follows"` // counts only under a prefix where others were seen
	Expires bool          `yaml:"expires"` // counts only where such keys expire: others have such names too
	Always  bool          `yaml:"always"`  // whoever uses the framework has such a key: that there is none speaks against it
	Beside  string        `yaml:"beside"`  // counts only where this key is too: a template of the same parts

	// A queue without jobs has no list. Waits is the list in which the jobs of a queue wait that this key names, a template: by its
	// own name, or where Members is set by the members of the set, which are templates of that.
	Waits   string `yaml:"waits"`
	Members string `yaml:"members"`

	name, beside, member template
}

// Role is what a key is for, in its framework.
type Role string

// The roles. Those of queues come first.
const (
	Waiting   Role = "waiting"
	InFlight  Role = "in-flight"
	Delayed   Role = "delayed"
	Retry     Role = "retry" // failed and to be tried again
	Dead      Role = "dead"  // failed for good
	Completed Role = "completed"
	Payload   Role = "payload" // one job
	Registry  Role = "registry"
	Workers   Role = "workers"
	Control   Role = "control"
	Events    Role = "events"
	Result    Role = "result"
	Stats     Role = "stats"
	Lock      Role = "lock"
	Limit     Role = "limit"
	Session   Role = "session"
	Cached    Role = "cache"
	Other     Role = "other"
)

// roles are all that the table may use.
var roles = []Role{Waiting, InFlight, Delayed, Retry, Dead, Completed, Payload, Registry, Workers, Control, Events, Result, Stats, Lock, Limit, Session, Cached, Other}

// Weight is how much a key's name and type say about who wrote it.
type Weight string

// points of a weight, in halves of what a prefix that was changed is worth. enough of them make a framework:
// one name that only it uses, or two that hardly anybody else uses together.
var points = map[Weight]int{"strong": 6, "medium": 4, "weak": 2}

const (
	enough = 6
	plenty = 12 // nothing else is likely
)
