package stats

// newHousekeeping is what the server does beside commands. Counters that some versions keep in
// milliseconds are told in microseconds; what never happened (a save, a rewrite) is absent.
func newHousekeeping(iv interval) Housekeeping {
	i := iv.after
	h := Housekeeping{
		ExpireCapReached:      i.Int("expired_time_cap_reached_count"),
		ExpireCPUShare:        iv.milliShare("expire_cycle_cpu_milliseconds"),
		EvictionExceededUsec:  milliseconds(i.Int("total_eviction_exceeded_time")),
		EvictionExceededShare: iv.milliShare("total_eviction_exceeded_time"),
		EvictedClients:        i.Int("evicted_clients"),
		OutputDisconnections:  i.Int("client_output_buffer_limit_disconnections"),
		QueryDisconnections:   i.Int("client_query_buffer_limit_disconnections"),
		DeniedAuth:            i.Int("acl_access_denied_auth"),
		DeniedCommands:        i.Int("acl_access_denied_cmd"),
		DeniedKeys:            i.Int("acl_access_denied_key"),
		DeniedChannels:        i.Int("acl_access_denied_channel"),
		UnexpectedErrors:      i.Int("unexpected_error_replies"),
		Forks:                 i.Int("total_forks"),
		DefragShare:           iv.milliShare("total_active_defrag_time"),
		LazyFreePending:       i.Int("lazyfree_pending_objects"),
		EventLoopUsec:         ratio(iv.growth("eventloop_duration_sum"), iv.growth("eventloop_cycles")),
		EventLoopCommandShare: ratio(iv.growth("eventloop_duration_cmd_sum"), iv.growth("eventloop_duration_sum")),
		PartialSyncsOK:        i.Int("sync_partial_ok"),
		PartialSyncsRefused:   i.Int("sync_partial_err"),
		SaveSeconds:           atLeast(0, i.Int("rdb_last_bgsave_time_sec")),
		SaveCopyBytes:         atLeast(1, i.Int("rdb_last_cow_size")),
		RewriteCopyBytes:      atLeast(1, i.Int("aof_last_cow_size")),
		AllocatorFragRatio:    i.Float("allocator_frag_ratio"),
		FragmentationBytes:    i.Int("mem_fragmentation_bytes"),
	}
	if percent, ok := i.Float("expired_stale_perc").Get(); ok {
		h.ExpiredStale = Some(percent / 100)
	}
	return h
}

// withoutRates leaves the totals.
func (h Housekeeping) withoutRates() Housekeeping {
	none := Maybe[float64]{}
	h.ExpireCPUShare, h.EvictionExceededShare, h.DefragShare = none, none, none
	h.EventLoopUsec, h.EventLoopCommandShare = none, none
	return h
}

// milliShare is the share of the interval that a counter of milliseconds grew by.
func (iv interval) milliShare(name string) Maybe[float64] {
	share, ok := iv.perSecond(name).Get()
	return maybe(share/1000, ok)
}

func milliseconds(m Maybe[int64]) Maybe[int64] {
	ms, ok := m.Get()
	if !ok || ms < 0 || ms > (1<<63-1)/1000 {
		return Maybe[int64]{}
	}
	return Some(ms * 1000)
}
