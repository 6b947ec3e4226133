package doctor

import (
	"testing"

	"redistop/internal/stats"
)

func asReplica(s *synth, up bool) {
	s.now.Server.Role = "replica"
	s.now.Replication.PrimaryAddr = "10.0.3.2:6379"
	s.now.Replication.PrimaryLinkUp = stats.Some(up)
}

func TestReplicaLinkDown(t *testing.T) {
	down := func(s *synth, seconds int64) {
		asReplica(s, false)
		s.now.Replication.PrimaryLinkDownSeconds = stats.Some(seconds)
	}
	t.Run("down", func(t *testing.T) {
		s := newSynth(replicaLinkDown)
		down(s, 8)
		s.run(1, nil)
		says(t, s.only(t, "replica-link-down", stats.Warning), "The link to the primary 10.0.3.2:6379 has been down for 8 s", "redis-cli -h 10.0.3.2 -p 6379 PING")
	})
	t.Run("for long", func(t *testing.T) {
		s := newSynth(replicaLinkDown)
		down(s, 60)
		s.run(1, nil)
		s.only(t, "replica-link-down", stats.Critical)
	})
	t.Run("refuses reads", func(t *testing.T) {
		s := newSynth(replicaLinkDown)
		down(s, 20)
		s.now.Config = map[string]string{"replica-serve-stale-data": "no"}
		s.run(1, nil)
		says(t, s.only(t, "replica-link-down", stats.Critical), "MASTERDOWN")
	})
	t.Run("was never up", func(t *testing.T) {
		s := newSynth(replicaLinkDown)
		asReplica(s, false)
		s.run(9, nil)
		says(t, s.only(t, "replica-link-down", stats.Warning), "down for at least 8 s")
	})
	t.Run("silent primary", func(t *testing.T) {
		s := newSynth(replicaLinkDown)
		asReplica(s, true)
		s.now.Replication.LastIOSeconds = stats.Some(int64(25))
		s.run(1, nil)
		says(t, s.only(t, "replica-link-down", stats.Warning), "has been silent for 25 s")
	})
	silent(t, replicaLinkDown, 9, map[string]func(*synth, int){
		"just now":      func(s *synth, i int) { down(s, 7) },
		"first copy":    func(s *synth, i int) { asReplica(s, false); s.now.Replication.SyncInProgress = true },
		"copy, then on": func(s *synth, i int) { asReplica(s, i > 6) },
		"quiet primary": func(s *synth, i int) { asReplica(s, true); s.now.Replication.LastIOSeconds = stats.Some(int64(11)) },
		"primary":       func(s *synth, i int) {},
		"unknown":       func(s *synth, i int) { asReplica(s, false); s.now.Replication.PrimaryLinkUp = stats.Maybe[bool]{} },
	})
}

// withReplica is a primary that writes speed bytes a second, with one replica.
func withReplica(s *synth, speed int64, row stats.ReplicaRow) {
	row.Addr = "10.0.3.2:6379"
	if row.State == "" {
		row.State = "online"
	}
	s.now.Replication.Replicas = []stats.ReplicaRow{row}
	s.now.Replication.ConnectedReplicas = stats.Some(int64(1))
	s.now.Replication.Offset = stats.Some(s.now.Replication.Offset.Or(1000) + speed)
}

func lag(bytes, seconds int64) stats.ReplicaRow {
	return stats.ReplicaRow{LagBytes: stats.Some(bytes), LagSeconds: stats.Some(seconds)}
}

func TestReplicaLag(t *testing.T) {
	const mb = 1 << 20
	t.Run("behind", func(t *testing.T) {
		s := newSynth(replicaLag)
		s.now.Replication.BacklogBytes = stats.Some(int64(mb))
		s.run(6, func(int) { withReplica(s, mb, lag(10*mb, 1)) })
		says(t, s.only(t, "replica-lag", stats.Warning), "Replica 10.0.3.2:6379 is 10 s behind", "10 MiB, while the primary writes 1 MiB a second", "full copy")
	})
	t.Run("mute", func(t *testing.T) {
		s := newSynth(replicaLag)
		s.run(2, func(int) { withReplica(s, 10, lag(100, 10)) })
		says(t, s.only(t, "replica-lag", stats.Warning), "has acknowledged nothing for 10 s")
	})
	t.Run("about to be cut off", func(t *testing.T) {
		s := newSynth(replicaLag)
		s.run(2, func(int) { withReplica(s, 10, lag(100, 40)) })
		s.only(t, "replica-lag", stats.Critical)
	})
	t.Run("does not read", func(t *testing.T) {
		s := newSynth(replicaLag)
		s.now.Config = map[string]string{"client-output-buffer-limit": "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"}
		s.run(5, func(i int) {
			withReplica(s, 4*mb, lag(0, 1))
			s.now.Connections = []stats.ConnectionRow{{ID: 9, Addr: "10.0.3.2:44444", Flags: "S", LastCommand: "replconf", OutputBufferBytes: int64(4+4*i) * mb}}
		})
		says(t, s.only(t, "replica-lag", stats.Warning), "does not take what is written: 20 MiB, 4 MiB a second more wait for it", "cut off in about 59 s")
	})
	silent(t, replicaLag, 6, map[string]func(*synth, int){
		"a second behind": func(s *synth, i int) { withReplica(s, 50*mb, lag(60*mb, 1)) },
		"few bytes":       func(s *synth, i int) { withReplica(s, 100, lag(mb-1, 9)) },
		"unknown":         func(s *synth, i int) { withReplica(s, mb, stats.ReplicaRow{}) },
		"first copy": func(s *synth, i int) {
			withReplica(s, mb, lag(100*mb, 50))
			s.now.Connections = []stats.ConnectionRow{{ID: 9, Addr: "10.0.3.2:44444", Flags: "S", LastCommand: "psync"}}
		},
		"not online": func(s *synth, i int) {
			r := lag(100*mb, 50)
			r.State = "send_bulk"
			withReplica(s, mb, r)
		},
	})
}

func TestReplicaWritable(t *testing.T) {
	writable := func(s *synth) { asReplica(s, true); s.now.Replication.ReadOnly = stats.Some(false) }
	s := newSynth(replicaWritable)
	writable(s)
	s.connection(stats.ConnectionRow{Addr: "10.0.3.2:6379", Flags: "M"})
	s.run(1, nil)
	s.only(t, "replica-writable", stats.Info)
	s.connection(stats.ConnectionRow{Addr: "10.0.3.7:5000", Name: "web", LastCommand: "get"})
	s.run(1, nil)
	says(t, s.only(t, "replica-writable", stats.Warning), "accepts writes", "web", "CONFIG SET replica-read-only yes", "redistop monitor")
	s.connection(stats.ConnectionRow{Addr: "10.0.3.8:5000", Name: "job", LastCommand: "hset"})
	s.run(1, nil)
	says(t, s.only(t, "replica-writable", stats.Warning), "job (10.0.3.8:5000) writes to this replica", "HSET")
	silent(t, replicaWritable, 2, map[string]func(*synth, int){
		"read only": func(s *synth, i int) { asReplica(s, true); s.now.Replication.ReadOnly = stats.Some(true) },
		"unknown":   func(s *synth, i int) { asReplica(s, true) },
		"primary":   func(s *synth, i int) { s.now.Replication.ReadOnly = stats.Some(false) },
	})
}

func TestFullResyncs(t *testing.T) {
	const mb = 1 << 20
	syncs := func(s *synth, full, refused int64) {
		s.now.Replication.FullSyncs = stats.Some(s.now.Replication.FullSyncs.Or(1) + full)
		s.now.Housekeeping.PartialSyncsRefused = stats.Some(s.now.Housekeeping.PartialSyncsRefused.Or(0) + refused)
	}
	t.Run("seen", func(t *testing.T) {
		s := newSynth(fullResyncs)
		s.now.Replication.BacklogBytes = stats.Some(int64(mb))
		s.run(11, func(i int) {
			withReplica(s, mb/10, lag(0, 0))
			syncs(s, map[bool]int64{true: 1}[i%5 == 1], map[bool]int64{true: 1}[i%5 == 1])
		})
		says(t, s.only(t, "full-resyncs", stats.Warning), "2 full resyncs in 10 s", "the writes of 10 s", "CONFIG SET repl-backlog-size 30mb", "10.0.3.2:6379")
	})
	t.Run("before we came", func(t *testing.T) {
		s := newSynth(fullResyncs)
		s.now.Server.UptimeSeconds = stats.Some(int64(7200))
		syncs(s, 5, 4)
		s.run(1, nil)
		says(t, s.only(t, "full-resyncs", stats.Warning), "6 full resyncs since the start 2 h ago")
	})
	silent(t, fullResyncs, 10, map[string]func(*synth, int){
		"one replica comes": func(s *synth, i int) { withReplica(s, mb, lag(0, 0)); syncs(s, map[bool]int64{true: 1}[i%5 == 4], 0) },
		"rare": func(s *synth, i int) {
			s.now.Server.UptimeSeconds = stats.Some(int64(864_000))
			syncs(s, 1-int64(min(i, 1)), 1-int64(min(i, 1)))
		},
		"unknown": func(s *synth, i int) {},
		"a replica": func(s *synth, i int) {
			asReplica(s, true)
			syncs(s, 2, 2)
		},
	})
}

func TestTooFewReplicas(t *testing.T) {
	want := func(s *synth, n string) {
		s.now.Config = map[string]string{"min-replicas-to-write": n, "min-replicas-max-lag": "10"}
	}
	s := newSynth(tooFewReplicas)
	want(s, "2")
	withReplica(s, 1, lag(0, 1))
	s.run(3, func(int) { s.errors("NOREPLICAS", 5) })
	says(t, s.only(t, "too-few-replicas", stats.Critical), "Writes are refused: 1 of 2 wanted replicas keep up", "NOREPLICAS errors | 10")
	silent(t, tooFewReplicas, 3, map[string]func(*synth, int){
		"enough":  func(s *synth, i int) { want(s, "1"); withReplica(s, 1, lag(0, 1)) },
		"off":     func(s *synth, i int) { want(s, "0") },
		"unknown": func(s *synth, i int) {},
	})
}
