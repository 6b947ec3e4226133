package redis

import "fmt"

// ParseMemoryStats reads the reply of MEMORY STATS. Names that a version adds are passed over.
func ParseMemoryStats(v Value) (*MemoryStats, error) {
	if err := v.Err(); err != nil {
		return nil, fmt.Errorf("read memory stats: %w", err)
	}
	pairs, ok := v.pairs()
	if !ok {
		return nil, fmt.Errorf("read memory stats: %w", errShape)
	}
	m := &MemoryStats{}
	fields := m.fields()
	for i := 0; i < len(pairs); i += 2 {
		name, value := pairs[i].Text, pairs[i+1]
		if _, isDB := numbered(name, "db."); isDB {
			m.addDB(value)
		} else if name == "fragmentation" {
			if f, ok := value.number(); ok {
				m.Fragmentation = Some(f)
			}
		} else if field := fields[name]; field != nil {
			if n, ok := value.integer(); ok {
				*field = Some(n)
			}
		}
	}
	// A server without keys lists no database: then nothing is the truth, not unknown.
	if keys, ok := m.Keys.Get(); ok && keys == 0 && !m.DBOverhead.Known() {
		m.DBOverhead = Some[int64](0)
	}
	return m, nil
}

// fields says where each whole number of the reply belongs.
func (m *MemoryStats) fields() map[string]*Maybe[int64] {
	return map[string]*Maybe[int64]{
		"peak.allocated":      &m.Peak,
		"total.allocated":     &m.Total,
		"startup.allocated":   &m.Startup,
		"replication.backlog": &m.ReplicationBacklog,
		"clients.slaves":      &m.ClientsReplicas,
		"clients.normal":      &m.ClientsNormal,
		"cluster.links":       &m.ClusterLinks,
		"aof.buffer":          &m.AOFBuffer,
		"lua.caches":          &m.ScriptCaches,
		"functions.caches":    &m.FunctionCaches,
		"overhead.total":      &m.Overhead,
		"dataset.bytes":       &m.Dataset,
		"keys.count":          &m.Keys,
		"allocator.allocated": &m.AllocatorAllocated,
		"allocator.active":    &m.AllocatorActive,
		"allocator.resident":  &m.AllocatorResident,
		"fragmentation.bytes": &m.FragmentationBytes,
	}
}

// addDB adds the hash tables of one database: {overhead.hashtable.main, overhead.hashtable.expires}
// and what a version has beside them, such as overhead.hashtable.slot-to-keys.
func (m *MemoryStats) addDB(v Value) {
	pairs, ok := v.pairs()
	if !ok {
		return
	}
	for i := 0; i < len(pairs); i += 2 {
		name := pairs[i].Text
		if name != "overhead.hashtable.main" && name != "overhead.hashtable.expires" {
			continue
		}
		if n, ok := pairs[i+1].integer(); ok && n >= 0 {
			m.DBOverhead = Some(m.DBOverhead.Or(0) + n)
		}
	}
}
