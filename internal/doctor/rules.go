package doctor

// Rules is every rule, the gravest cause first: where two findings are equally severe, the one whose rule
// stands higher comes first. A new rule is a file and a line here.
func Rules() []Rule {
	return []Rule{
		serverRestarted,
		dangerousCommand,
		slowScript,
		blockingCommand,
		bigKeyDelete,
		monitorLeft,
		failingTransactions,
		hotKey,
		nPlusOne,
		hugeReplies,
		hugeRequests,
		saturated,
		failingCommands,
		deniedCommands,
		noevictionLimit,
		noPasswordOpen,
		leakedConnections,
		connectionStorm,
		nearMaxclients,
		outputBuffers,
		saveFailed,
		aofFailed,
		tooFewReplicas,
		replicaLinkDown,
		replicaLag,
		fullResyncs,
		replicaWritable,
		blockedClients,
		evictingWanted,
		swapping,
		clientsEatMemory,
		noLimit,
		volatileWithoutTTL,
		evictingQueues,
		expireCycle,
		evictionStall,
		aofFsyncDelays,
		slowFork,
		diskFull,
		hostMemory,
		hostLatency,
		outputLimitDisconnections,
		cacheWithoutTTL,
		locksWithoutExpiry,
		limitsWithoutExpiry,
		sessionsWithoutExpiry,
		fragmentation,
		backlogEatsMemory,
		deniedLogins,
		defaultUserAll,
		dangerousCommandsOpen,
		bigKeys,
		noPersistence,
		slowlogOff,
		noClientNames,
	}
}

// RulesOfUse are those that ask how keys of a use are kept: one look at the keys is enough for them.
func RulesOfUse() []Rule {
	return []Rule{locksWithoutExpiry, limitsWithoutExpiry, sessionsWithoutExpiry}
}
