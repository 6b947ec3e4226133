package main

// The rules that the incidents expect.
const (
	blockingCommand  = "blocking-command"
	dangerousCommand = "dangerous-command"
	slowScript       = "slow-script"
	bigDelete        = "big-key-delete"
	hugeReply        = "huge-replies"
	hugeRequest      = "huge-requests"
	oneByOne         = "n-plus-one"
	failingCommands  = "failing-commands"
	deniedLogins     = "denied-logins"
	deniedCommands   = "denied-commands"
	hotKey           = "hot-key"
	failingWatch     = "failing-transactions"
	saturated        = "saturated"
	monitorLeft      = "monitor-left-running"

	connectionStorm = "connection-storm"
	maxClients      = "near-maxclients"
	idleConnections = "leaked-connections"
	blockedClients  = "blocked-clients"
	outputBuffers   = "output-buffers"

	stuckConsumer = "stuck-consumer"
	deadConsumer  = "dead-consumer"
	poisonEntry   = "poison-entry"
	unreadGroup   = "unread-group"

	replicaStalled  = "replica-lag"
	replicaLink     = "replica-link-down"
	writableReplica = "replica-writable"
	tooFewReplicas  = "too-few-replicas"
	fullResyncs     = "full-resyncs"

	maxMemory      = "noeviction-limit"
	volatileNoTTL  = "volatile-without-ttl"
	evictingQueues = "evicting-queues"
	fragmentation  = "fragmentation"
	evictedWanted  = "evicting-wanted"
	expiryStall    = "expire-cycle"
	deadLocks      = "locks-without-expiry"
	eternalSession = "sessions-without-expiry"
	failedSave     = "save-failed"
	openServer     = "no-password-open"
)

// aboutHost are rules about the machine that plays the Scenes, which is no part of them: a busy one makes them
// speak, and they are right.
var aboutHost = []string{"host-latency", "host-memory", "swapping"}
