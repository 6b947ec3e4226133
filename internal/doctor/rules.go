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
		evictingWanted,
		aofFsyncDelays,
		slowFork,
		diskFull,
		deniedLogins,
		defaultUserAll,
		dangerousCommandsOpen,
	}
}
