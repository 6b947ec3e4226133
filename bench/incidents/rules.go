package main

// The rules that the incidents expect.
const (
	blockingCommand  = "blocking-command"
	dangerousCommand = "dangerous-command"
	slowScript       = "slow-script"
	bigDelete        = "big-delete"
	hugeReply        = "huge-reply"
	hugeRequest      = "huge-request"
	oneByOne         = "one-by-one"
	failingCommands  = "failing-commands"
	deniedCommands   = "denied-commands"
	hotKey           = "hot-key"
	failingWatch     = "failing-transactions"
	saturated        = "saturated"
	monitorLeft      = "monitor-left-running"

	connectionStorm = "connection-storm"
	maxClients      = "near-maxclients"
	idleConnections = "leaked-connections"
	outputBuffers   = "output-buffers"

	replicaStalled  = "replica-lag"
	replicaLink     = "replica-link-down"
	writableReplica = "replica-writable"
	fullResyncs     = "full-resyncs"

	maxMemory     = "noeviction-limit"
	evictedWanted = "evicting-wanted"
	expiryStall   = "expiry-stall"
	failedSave    = "failed-save"
	openServer    = "open-server"
)
