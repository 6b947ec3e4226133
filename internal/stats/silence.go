package stats

// withoutRates copies a Snapshot for the time in which the server does not answer: the last known
// facts stay, what was true of an interval goes.
func withoutRates(last *Snapshot) *Snapshot {
	s := *last
	s.IntervalSeconds = Maybe[float64]{}

	t := &s.Throughput
	*t = Throughput{
		TotalCommands:    t.TotalCommands,
		TotalInputBytes:  t.TotalInputBytes,
		TotalOutputBytes: t.TotalOutputBytes,
		TotalHitRatio:    t.TotalHitRatio,
		TotalHits:        t.TotalHits,
		TotalMisses:      t.TotalMisses,
		TotalEvicted:     t.TotalEvicted,
		TotalExpired:     t.TotalExpired,
		TotalErrors:      t.TotalErrors,
	}
	s.CPU = CPU{
		TotalUserSeconds:     s.CPU.TotalUserSeconds,
		TotalSystemSeconds:   s.CPU.TotalSystemSeconds,
		TotalChildrenSeconds: s.CPU.TotalChildrenSeconds,
	}
	s.Housekeeping = s.Housekeeping.withoutRates()
	s.Host.StealShare = Maybe[float64]{}
	c := &s.Connected
	c.NewPerSecond, c.RejectedPerSecond, c.CameAndWent = Maybe[float64]{}, Maybe[float64]{}, Maybe[int64]{}
	s.Observer.UsecPerSecond, s.Observer.ServerCPUShare = Maybe[float64]{}, Maybe[float64]{}

	s.Commands = changed(s.Commands, func(r *CommandRow) {
		none := Maybe[float64]{}
		r.CallsPerSecond, r.Share, r.UsecPerCall, r.TimeShare = none, none, none, none
		r.RecentP50Usec, r.RecentP99Usec, r.RecentMaxUsec = none, none, none
		r.FailedPerSecond, r.RejectedPerSecond = none, none
	})
	for _, groups := range []*[]ClientGroup{&s.Clients, &s.ClientsByName, &s.ClientsByUser, &s.ClientsByLibrary} {
		*groups = changed(*groups, func(g *ClientGroup) {
			none := Maybe[float64]{}
			g.CommandsPerSecond, g.Share = none, none
			g.InputBytesPerSecond, g.OutputBytesPerSecond = none, none
			g.Estimated, g.Error, g.TopCommands = false, none, nil
		})
	}
	s.Connections = changed(s.Connections, func(r *ConnectionRow) {
		none := Maybe[float64]{}
		r.CommandsPerSecond, r.InputBytesPerSecond, r.OutputBytesPerSecond = none, none, none
		r.Estimated, r.Error = false, none
	})
	s.Keys, s.HotKeys, s.Samples, s.allSamples, s.published, s.pushed, s.Sampled = nil, nil, nil, nil, nil, nil, Sampled{}
	s.Errors = changed(s.Errors, func(r *ErrorRow) { r.PerSecond = Maybe[float64]{} })
	s.Messaging = s.Messaging.withoutRates()
	s.SlowLost = changed(s.SlowLost, func(l *SlowLoss) { l.Interval = 0 })
	return &s
}

// changed is a changed copy of rows; the rows themselves belong to an older Snapshot.
func changed[T any](rows []T, change func(*T)) []T {
	if rows == nil {
		return nil
	}
	copies := make([]T, len(rows))
	for i, r := range rows {
		change(&r)
		copies[i] = r
	}
	return copies
}
