package stats

import "redistop/internal/redis"

// newMemory takes what INFO memory tells, and from the last MEMORY STATS, if any, what INFO does not.
func newMemory(i *redis.Info, stats *redis.MemoryStats) Memory {
	policy, _ := i.Text("maxmemory_policy")
	m := Memory{
		Used:               i.Int("used_memory"),
		RSS:                i.Int("used_memory_rss"),
		Peak:               i.Int("used_memory_peak"),
		Max:                atLeast(1, i.Int("maxmemory")),
		System:             i.Int("total_system_memory"),
		Policy:             policy,
		FragmentationRatio: i.Float("mem_fragmentation_ratio"),

		Dataset:            i.Int("used_memory_dataset"),
		Overhead:           i.Int("used_memory_overhead"),
		Startup:            i.Int("used_memory_startup"),
		Clients:            i.Int("mem_clients_normal"),
		Replicas:           i.Int("mem_clients_slaves"),
		ReplicationBacklog: i.Int("mem_replication_backlog"),
		AOFBuffer:          i.Int("mem_aof_buffer"),
		Scripts:            i.Int("used_memory_scripts"),
		ClusterLinks:       i.Int("mem_cluster_links"),
		AllocatorAllocated: i.Int("allocator_allocated"),
		AllocatorActive:    i.Int("allocator_active"),
		AllocatorResident:  i.Int("allocator_resident"),
	}
	if stats != nil {
		m.fill(stats)
	}
	return m
}

// fill takes from MEMORY STATS what INFO did not tell.
func (m *Memory) fill(s *redis.MemoryStats) {
	for _, f := range []struct {
		fact  *Maybe[int64]
		stats Maybe[int64]
	}{
		{&m.Used, s.Total},
		{&m.Peak, s.Peak},
		{&m.Dataset, s.Dataset},
		{&m.Overhead, s.Overhead},
		{&m.Startup, s.Startup},
		{&m.Clients, s.ClientsNormal},
		{&m.Replicas, s.ClientsReplicas},
		{&m.ReplicationBacklog, s.ReplicationBacklog},
		{&m.AOFBuffer, s.AOFBuffer},
		{&m.Scripts, sum(s.ScriptCaches, Some(s.FunctionCaches.Or(0)))},
		{&m.DBOverhead, s.DBOverhead},
		{&m.ClusterLinks, s.ClusterLinks},
		{&m.AllocatorActive, s.AllocatorActive},
		{&m.AllocatorResident, s.AllocatorResident},
	} {
		*f.fact = first(*f.fact, f.stats)
	}
}
