package stats

import "time"

// Messaging is the streams, queues and channels of a server and whether what is in them moves. Rates are per
// second between the last two looks at the same thing; names are raw.
type Messaging struct {
	Time     time.Time    `json:"time"` // of the latest look
	Streams  []StreamRow  `json:"streams,omitempty"`
	Queues   []QueueRow   `json:"queues,omitempty"`
	Channels []ChannelRow `json:"channels,omitempty"`
	Patterns Maybe[int64] `json:"patterns,omitzero"` // patterns that are subscribed to (PUBSUB NUMPAT)
	// channels that a canary of redistop sends through: in no row of Channels
	CanaryChannels int64           `json:"canary_channels,omitempty"`
	Results        []ResultStreams `json:"result_streams,omitempty"`
	// subscribers that do not read what is sent to them, most waiting first, at most 16; which channels they are subscribed to is not told
	SlowSubscribers     []SlowSubscriber `json:"slow_subscribers,omitempty"`
	SlowSubscribersMore int              `json:"slow_subscribers_more,omitempty"`
	// connections that wait for a job, and nobody knows of which queue: others may have more workers than are counted
	WaitingUnknown Maybe[int64] `json:"waiting_unknown,omitzero"`
	Discovery      Discovery    `json:"discovery"`
	Omitted        int          `json:"omitted,omitempty"` // rows of all three left out to bound memory
	Unknown        []string     `json:"unknown,omitempty"` // what could not be asked, and what would tell
}

// Discovery is how far the search for streams and queues has come.
type Discovery struct {
	Scanned   int64   `json:"scanned"` // keys of this pass
	Keys      int64   `json:"keys"`    // that there are
	Share     float64 `json:"share"`   // 0..1 of this pass
	Passes    int     `json:"passes"`  // finished; 0: there may be streams and queues that are not listed
	Complete  bool    `json:"complete,omitempty"`
	Found     int     `json:"found"`                // streams, lists and sorted sets that are followed: each has its turn, and is listed then
	LongNames int64   `json:"long_names,omitempty"` // keys that are left out, since their names are longer than 16 KiB
	// how long the rest of this pass takes at the pace of the last minute and a half; absent when none is under way, or it is not known yet
	RemainingSeconds Maybe[float64] `json:"remaining_seconds,omitzero"`
	EverySeconds     Maybe[float64] `json:"every_seconds,omitzero"` // between two looks at the same key, when slower than the interval
}

// ResultStreams is the streams of one pattern of which a framework keeps one for each job, with its result. The search counts
// them, and none of them is looked at or in Messaging.Streams.
type ResultStreams struct {
	DB        int    `json:"db"`
	Pattern   string `json:"pattern"`
	Framework string `json:"framework"`
	Streams   int64  `json:"streams"`
}

// StreamRow is one stream.
type StreamRow struct {
	DB             int            `json:"db"`
	Key            string         `json:"key"`
	Framework      string         `json:"framework,omitempty"` // that tells in it what happens to its queues; absent: it is no framework's
	Length         int64          `json:"length"`
	Bytes          Maybe[int64]   `json:"bytes,omitzero"`
	FirstID        string         `json:"first_id,omitempty"`
	LastID         string         `json:"last_id,omitempty"`
	FirstTime      *time.Time     `json:"first_time,omitempty"` // of FirstID, where its ids are times
	LastTime       *time.Time     `json:"last_time,omitempty"`
	EntriesAdded   Maybe[int64]   `json:"entries_added,omitzero"` // 7.0+
	AddedPerSecond Maybe[float64] `json:"added_per_second,omitzero"`
	Trimmed        Maybe[bool]    `json:"trimmed,omitzero"` // entries were removed, by trimming or one by one, between the looks so far; absent: too few looks
	Growing        Maybe[bool]    `json:"growing,omitzero"`
	Groups         []GroupRow     `json:"groups,omitempty"`
	Error          string         `json:"error,omitempty"` // why it could not be looked at
}

// GroupRow is a consumer group.
type GroupRow struct {
	Name           string         `json:"name"`
	LastDelivered  string         `json:"last_delivered_id"`
	Lag            Maybe[int64]   `json:"lag,omitzero"`            // entries not delivered yet; absent: not known
	LagNote        string         `json:"lag_note,omitempty"`      // why Lag is not what the server says, or not known: "phantom: the server says 3, but nothing is left behind the trim"
	LagPerSecond   Maybe[float64] `json:"lag_per_second,omitzero"` // growth, negative when it shrinks
	Pending        int64          `json:"pending"`
	HeldUp         int64          `json:"held_up,omitempty"`         // of Pending: what consumers hold that are stuck or dead, so that nobody works on it
	PendingDeleted int64          `json:"pending_deleted,omitempty"` // of Pending, as far as is known: entries that were trimmed from the stream, so that nobody can process them
	OldestPending  string         `json:"oldest_pending_id,omitempty"`
	OldestSeconds  Maybe[float64] `json:"oldest_pending_seconds,omitzero"` // since the oldest pending entry was last delivered
	ReadPerSecond  Maybe[float64] `json:"read_per_second,omitzero"`
	AckedPerSecond Maybe[float64] `json:"acked_per_second,omitzero"`
	DrainSeconds   Maybe[float64] `json:"drain_seconds,omitzero"` // until lag and pending are gone at the present rates, but for HeldUp
	DrainNever     bool           `json:"drain_never,omitempty"`  // at the present rates it never drains, or only HeldUp is left
	Poison         []PendingRow   `json:"poison,omitempty"`       // delivered five times or more and still pending, most deliveries first, at most 8
	PendingPass    *PendingPass   `json:"pending_pass,omitempty"` // how far what is pending was looked through for them; absent: nothing is, or it may not be asked
	Consumers      []ConsumerRow  `json:"consumers,omitempty"`
	ConsumersMore  int            `json:"consumers_more,omitempty"`
}

// PoisonFrom is how often an entry was delivered that is listed as poison: retries are usually three.
const PoisonFrom = 5

// PendingPass is how far what a group has not acknowledged was looked through for entries that were delivered many times. It is done some
// entries a look, from the oldest on, again and again.
type PendingPass struct {
	Looked    int64      `json:"looked"`               // entries, of the pass under way or of the one that is just over
	Poison    int64      `json:"poison"`               // that were delivered five times or more, by the last whole pass or by what there is of this one
	WholeTime *time.Time `json:"whole_time,omitempty"` // when the last whole pass was over; absent: there was none, so that of those behind the first Looked nothing is known
}

// PendingRow is an entry that was delivered and not acknowledged. Its contents are not read.
type PendingRow struct {
	ID          string  `json:"id"`
	Consumer    string  `json:"consumer"`
	IdleSeconds float64 `json:"idle_seconds"` // since it was last delivered
	Deliveries  int64   `json:"deliveries"`
}

// ConsumerRow is a consumer of a group.
type ConsumerRow struct {
	Name            string         `json:"name"`
	Pending         int64          `json:"pending"`
	PendingDeleted  int64          `json:"pending_deleted,omitempty"`       // of Pending, as of its group
	IdleSeconds     Maybe[float64] `json:"idle_seconds,omitzero"`           // since it last asked (7.2+)
	InactiveSeconds Maybe[float64] `json:"inactive_seconds,omitzero"`       // since it last got something; absent: it never did
	OldestSeconds   Maybe[float64] `json:"oldest_pending_seconds,omitzero"` // since the least recently delivered of its pending entries that were looked at
	MaxDeliveries   Maybe[int64]   `json:"max_deliveries,omitzero"`         // of its pending entries that were looked at
	Online          Maybe[bool]    `json:"online,omitzero"`                 // a connection is known to be this consumer's; absent: not known
	State           ConsumerState  `json:"state"`
}

// ConsumerState is what a consumer looks like.
type ConsumerState string

// The states.
const (
	ConsumerActive ConsumerState = "active"
	ConsumerIdle   ConsumerState = "idle"  // nothing pending, nothing asked for some time
	ConsumerStuck  ConsumerState = "stuck" // holds entries and has not acknowledged any for long, though it still asks or, before 7.2, might
	ConsumerDead   ConsumerState = "dead"  // holds entries and has not asked for long; before 7.2: and no connection is one that reads groups
)

// QueueRow is a list or sorted set, or several keys of one framework, used as a queue.
type QueueRow struct {
	DB               int            `json:"db"`
	Key              string         `json:"key"`  // of the waiting jobs
	Name             string         `json:"name"` // in the framework's own words; Key where there is none
	Type             string         `json:"type"` // list, zset, stream
	Framework        string         `json:"framework,omitempty"`
	Depth            int64          `json:"depth"`                // waiting
	Registered       bool           `json:"registered,omitempty"` // its framework names it in a key of its own, which is why it is known: no job waits, so that there is no list
	InFlight         Maybe[int64]   `json:"in_flight,omitzero"`
	Delayed          Maybe[int64]   `json:"delayed,omitzero"`
	Dead             Maybe[int64]   `json:"dead,omitzero"`
	OldestSeconds    Maybe[float64] `json:"oldest_seconds,omitzero"`   // that the oldest waiting job has waited; absent: the framework does not store it, or it may not be read
	Workers          Maybe[int64]   `json:"workers_waiting,omitzero"`  // blocked clients that wait for a job of it
	DepthPerSecond   Maybe[float64] `json:"depth_per_second,omitzero"` // growth
	ArrivedPerSecond Maybe[float64] `json:"arrived_per_second,omitzero"`
	ServedPerSecond  Maybe[float64] `json:"served_per_second,omitzero"`
	Estimated        bool           `json:"estimated,omitempty"` // the two rates are from samples
	DrainSeconds     Maybe[float64] `json:"drain_seconds,omitzero"`
	DrainNever       bool           `json:"drain_never,omitempty"`
	Error            string         `json:"error,omitempty"`
}

// ChannelRow is a channel of Pub/Sub, which delivers at most once: who is not there does not get it.
type ChannelRow struct {
	Name               string         `json:"name"`
	Pattern            bool           `json:"pattern,omitempty"`
	Shard              bool           `json:"shard,omitempty"`
	Subscribers        int64          `json:"subscribers"`                   // not counting patterns
	PublishedPerSecond Maybe[float64] `json:"published_per_second,omitzero"` // by samples
	Error              Maybe[float64] `json:"error,omitzero"`                // half-width of its 95 % interval
	Unheard            bool           `json:"unheard,omitempty"`             // published to, with nobody subscribed
	SlowSubscribers    int            `json:"slow_subscribers,omitempty"`    // of Messaging.SlowSubscribers those that are surely subscribed to this one: to as many channels as there are
}

// SlowSubscriber is a connection for which published messages wait.
type SlowSubscriber struct {
	ID            int64  `json:"id"`
	Addr          string `json:"addr"`
	Name          string `json:"name,omitempty"`
	Subscriptions int    `json:"subscriptions"` // channels and patterns
	WaitingBytes  int64  `json:"waiting_bytes"` // in its output buffer
}

// Probe is what a canary's messages through a real pipeline felt. Sent is Received, Lost and InFlight together.
type Probe struct {
	Time       time.Time      `json:"time"`
	Kind       string         `json:"kind"` // pubsub, list, stream
	Key        string         `json:"key"`
	Since      time.Time      `json:"since"`
	Sent       int64          `json:"sent"`     // that the server took
	Received   int64          `json:"received"` // distinct
	Lost       int64          `json:"lost"`     // fewer again when one comes after all
	Duplicated int64          `json:"duplicated"`
	Reordered  int64          `json:"reordered"` // came behind one that was sent later
	InFlight   int64          `json:"in_flight"`
	Unsure     int64          `json:"unsure,omitempty"` // sent, but nobody knows whether the server took it: its answer was lost, and so was the message
	P50Usec    Maybe[float64] `json:"p50_usec,omitzero"`
	P99Usec    Maybe[float64] `json:"p99_usec,omitzero"`
	P999Usec   Maybe[float64] `json:"p999_usec,omitzero"`
	MaxUsec    Maybe[float64] `json:"max_usec,omitzero"`
	GapUsec    Maybe[float64] `json:"gap_usec,omitzero"`     // the longest time that none arrived though one was due
	SilentAt   time.Time      `json:"silent_since,omitzero"` // nobody has answered the sender or the receiver since
	Listening  bool           `json:"listening"`             // the receiver is connected
	Reconnects int64          `json:"reconnects,omitempty"`  // of sender and receiver
	Restarts   int64          `json:"restarts,omitempty"`    // another process answered after one: a restart or a failover
	Moves      int64          `json:"moves,omitempty"`       // the key went to another node of the cluster
	Overflows  int64          `json:"overflows,omitempty"`   // the server closed the subscriber, whose output buffer was full
	Kept       int64          `json:"kept,omitempty"`        // messages that stay in the stream that a person named, since others read it
	Errors     int64          `json:"errors,omitempty"`
	LastError  string         `json:"last_error,omitempty"`
	Verdict    string         `json:"verdict,omitempty"` // in plain words
	Broken     bool           `json:"broken,omitempty"`  // something was lost where it must not be
}
