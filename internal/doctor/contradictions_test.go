package doctor

import (
	"fmt"
	"testing"

	"redistop/internal/stats"
)

func TestVolatileWithoutTTL(t *testing.T) {
	const mb = 1 << 20
	full := func(s *synth, used, expires int64, policy string) {
		withMemory(s, used*mb, 100*mb, policy)
		s.now.Keyspace = []stats.KeyspaceRow{{Keys: 1000, Expires: expires}}
	}
	s := newSynth(volatileWithoutTTL)
	full(s, 70, 50, "volatile-lru")
	s.run(1, nil)
	says(t, s.only(t, "volatile-without-ttl", stats.Warning), "5 % of the keys have a TTL, and only those that have one may be evicted (volatile-lru)", "50 of 1,000", "set TTLs")
	silent(t, volatileWithoutTTL, 1, map[string]func(*synth, int){
		"room":      func(s *synth, i int) { full(s, 69, 0, "volatile-lru") },
		"with TTLs": func(s *synth, i int) { full(s, 99, 51, "volatile-ttl") },
		"all keys":  func(s *synth, i int) { full(s, 99, 0, "allkeys-lru") },
		"empty":     func(s *synth, i int) { full(s, 99, 0, "volatile-lru"); s.now.Keyspace = nil },
		"unknown":   func(s *synth, i int) { full(s, 99, 0, "volatile-lru"); s.now.Memory.Used = stats.Maybe[int64]{} },
	})
}

func TestEvictingQueues(t *testing.T) {
	const mb = 1 << 20
	evict := func(s *synth, n int64, policy string) {
		withMemory(s, 100*mb, 100*mb, policy)
		s.now.Throughput.TotalEvicted = stats.Some(s.now.Throughput.TotalEvicted.Or(0) + n)
	}
	s := newSynth(evictingQueues)
	s.connection(stats.ConnectionRow{Addr: "10.0.3.7:5000", Name: "worker", Flags: "b", LastCommand: "blpop"})
	s.run(5, func(int) { evict(s, 10, "allkeys-lru"); s.calls("blpop", 5, 3); s.calls("lpush", 5, 3) })
	says(t, s.only(t, "evicting-queues", stats.Warning), "serves queues or streams (BLPOP)", "10/s under allkeys-lru", "worker")
	silent(t, evictingQueues, 5, map[string]func(*synth, int){
		"a cache":      func(s *synth, i int) { evict(s, 10, "allkeys-lru"); s.calls("get", 900, 3); s.calls("lpush", 9, 3) },
		"not evicting": func(s *synth, i int) { evict(s, 0, "allkeys-lru"); s.calls("xadd", 9, 3) },
		"volatile":     func(s *synth, i int) { evict(s, 10, "volatile-lru"); s.calls("xadd", 9, 3) },
		"unknown":      func(s *synth, i int) { s.now.Memory.Policy = "allkeys-lru"; s.calls("xadd", 9, 3) },
	})
}

func TestNoPersistence(t *testing.T) {
	conf := func(s *synth, save string, replicas int64) {
		s.now.Config = map[string]string{"save": save, "appendonly": "no"}
		s.now.Replication.ConnectedReplicas = stats.Some(replicas)
	}
	s := newSynth(noPersistence)
	s.run(3, func(int) { conf(s, "", 0); s.calls("xadd", 20, 3) })
	says(t, s.only(t, "no-persistence", stats.Info), "Queues or streams (XADD) are kept in memory alone", "appendonly yes")
	silent(t, noPersistence, 3, map[string]func(*synth, int){
		"saves":     func(s *synth, i int) { conf(s, "60 1", 0); s.calls("xadd", 20, 3) },
		"a replica": func(s *synth, i int) { conf(s, "", 1); s.calls("xadd", 20, 3) },
		"a trial":   func(s *synth, i int) { conf(s, "", 0); s.calls("xadd", 9, 3) },
		"unknown":   func(s *synth, i int) { conf(s, "", 0); s.now.Config = nil; s.calls("xadd", 20, 3) },
	})
}

func TestSlowlogOff(t *testing.T) {
	for value, title := range map[string]string{
		"-1": "The slow log is off", "1000000": "begins only at 1 s", "0": "takes every command", "10000 0": "keeps no entries",
	} {
		s := newSynth(slowlogOff)
		var from, most string
		if n, _ := fmt.Sscan(value, &from, &most); n == 1 {
			most = "128"
		}
		s.now.Config = map[string]string{"slowlog-log-slower-than": from, "slowlog-max-len": most}
		s.run(3, func(int) { s.calls("get", 100, 3) })
		says(t, s.only(t, "slowlog-off", stats.Info), title)
	}
	silent(t, slowlogOff, 3, map[string]func(*synth, int){
		"usual": func(s *synth, i int) {
			s.now.Config = map[string]string{"slowlog-log-slower-than": "10000"}
			s.calls("get", 900, 3)
		},
		"quiet": func(s *synth, i int) {
			s.now.Config = map[string]string{"slowlog-log-slower-than": "-1"}
			s.calls("get", 99, 3)
		},
		"unknown": func(s *synth, i int) { s.calls("get", 900, 3) },
	})
}

func TestNoClientNames(t *testing.T) {
	come := func(s *synth, n, addresses int, name string) {
		s.now.Connections = nil
		for i := range n {
			s.now.Connections = append(s.now.Connections, stats.ConnectionRow{ID: int64(i), Name: name, Addr: fmt.Sprintf("10.0.3.%d:%d", i%addresses, 2000+i)})
		}
	}
	s := newSynth(noClientNames)
	s.run(2, func(int) { come(s, 60, 4, ""); s.calls("get", 2000, 3) })
	says(t, s.only(t, "no-client-names", stats.Info), "60 of 60 connections have no name", "from 4 addresses")
	silent(t, noClientNames, 3, map[string]func(*synth, int){
		"named":              func(s *synth, i int) { come(s, 60, 4, "web"); s.calls("get", 2000, 3) },
		"quiet":              func(s *synth, i int) { come(s, 2000, 20, ""); s.calls("get", 900, 3) },
		"few":                func(s *synth, i int) { come(s, 49, 4, ""); s.calls("get", 2000, 3) },
		"one for an address": func(s *synth, i int) { come(s, 60, 60, ""); s.calls("get", 2000, 3) },
		"two hosts":          func(s *synth, i int) { come(s, 60, 2, ""); s.calls("get", 2000, 3) },
	})
}

func TestCutOff(t *testing.T) {
	cut := func(s *synth, n int64) {
		s.now.Housekeeping.OutputDisconnections = stats.Some(s.now.Housekeeping.OutputDisconnections.Or(5) + n)
	}
	s := newSynth(outputLimitDisconnections)
	s.run(4, func(i int) {
		cut(s, map[bool]int64{true: 1}[i == 2])
		s.now.Housekeeping.EvictedClients = stats.Some(int64(i))
	})
	says(t, s.only(t, "output-limit-disconnections", stats.Warning), "1 client was cut off for its output buffer in 3 s", "evicted_clients", "3 clients")
	silent(t, outputLimitDisconnections, 3, map[string]func(*synth, int){
		"long ago": func(s *synth, i int) { cut(s, 0) },
		"unknown":  func(s *synth, i int) {},
	})
}
