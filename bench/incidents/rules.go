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
	maxClients      = "maxclients"
	idleConnections = "idle-connections"
	outputBuffers   = "output-buffers"

	replicaStalled  = "replica-lag"
	replicaLink     = "replica-link"
	writableReplica = "writable-replica"
	fullResyncs     = "full-resyncs"

	maxMemory     = "maxmemory"
	evictedWanted = "evicting-wanted"
	expiryStall   = "expiry-stall"
	failedSave    = "failed-save"
	openServer    = "open-server"
)
