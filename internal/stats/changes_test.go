package stats_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/stats"
)

func TestChanges(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	plain := func() *stats.Snapshot {
		s := &stats.Snapshot{Time: at, Link: stats.Link{State: stats.Up}}
		s.Server = stats.Server{Flavor: "redis", Version: "7.0.15", Role: "primary", RunID: "aaaa"}
		s.Config = map[string]string{"maxmemory": "100", "timeout": "0"}
		s.Replication.Replicas = []stats.ReplicaRow{{Addr: "10.0.0.2:6379", State: "online"}}
		s.Access.Users = []stats.AclUser{{Name: "app", Dangerous: []string{"keys"}}, {Name: "default", NoPassword: true, AllKeys: true}}
		return s
	}
	tests := []struct {
		name   string
		change func(before, after *stats.Snapshot)
		want   []stats.Change
	}{
		{"nothing", func(_, _ *stats.Snapshot) {}, nil},
		{"the link", func(_, s *stats.Snapshot) { s.Link = stats.Link{State: stats.Down, Message: "refused"}; s.Stale = true },
			[]stats.Change{{Kind: stats.ChangeState, What: "state", Before: "up", After: "down: refused"}}},
		{"stale facts are no news", func(_, s *stats.Snapshot) { s.Stale = true; s.Server.RunID = "bbbb"; s.Config["timeout"] = "1" }, nil},
		{"a restart that was seen as an outage", func(b, s *stats.Snapshot) {
			b.Stale, b.Link = true, stats.Link{State: stats.Down, Message: "refused"}
			s.Server.RunID = "bbbb"
		}, []stats.Change{
			{Kind: stats.ChangeState, What: "state", Before: "down", After: "up"},
			{Kind: stats.ChangeRestart, What: "process", Before: "aaaa", After: "bbbb"}}},
		{"the first answer of a server is no news of it", func(b, _ *stats.Snapshot) {
			*b = stats.Snapshot{Time: at, Link: stats.Link{State: stats.Down}, Stale: true}
		}, []stats.Change{{Kind: stats.ChangeState, What: "state", Before: "down", After: "up"}}},
		{"a restart with another version", func(_, s *stats.Snapshot) { s.Server.RunID, s.Server.Version = "bbbb", "8.0.1" }, []stats.Change{
			{Kind: stats.ChangeRestart, What: "process", Before: "aaaa", After: "bbbb"},
			{Kind: stats.ChangeVersion, What: "version", Before: "redis 7.0.15", After: "redis 8.0.1"}}},
		{"a restart seen by its count alone", func(b, s *stats.Snapshot) { b.Server.RunID, s.Server.RunID = "", ""; s.Server.Restarts = 1 },
			[]stats.Change{{Kind: stats.ChangeRestart, What: "process"}}},
		{"a primary becomes a replica", func(_, s *stats.Snapshot) {
			s.Server.Role, s.Replication.PrimaryAddr, s.Replication.Replicas = "replica", "10.0.0.2:6379", nil
		}, []stats.Change{
			{Kind: stats.ChangeRole, What: "role", Before: "primary", After: "replica"},
			{Kind: stats.ChangeReplica, What: "10.0.0.2:6379", Before: "online"}}},
		{"another primary, and its link", func(b, s *stats.Snapshot) {
			b.Server.Role, s.Server.Role = "replica", "replica"
			b.Replication.PrimaryAddr, s.Replication.PrimaryAddr = "10.0.0.2:6379", "10.0.0.3:6379"
			b.Replication.PrimaryLinkUp, s.Replication.PrimaryLinkUp = stats.Some(true), stats.Some(false)
		}, []stats.Change{
			{Kind: stats.ChangeRole, What: "primary", Before: "10.0.0.2:6379", After: "10.0.0.3:6379"},
			{Kind: stats.ChangeRole, What: "link to the primary", Before: "up", After: "down"}}},
		{"a replica comes", func(_, s *stats.Snapshot) {
			s.Replication.Replicas = append(s.Replication.Replicas, stats.ReplicaRow{Addr: "10.0.0.9:6379", State: "wait_bgsave"})
		}, []stats.Change{{Kind: stats.ChangeReplica, What: "10.0.0.9:6379", After: "wait_bgsave"}}},
		{"parameters", func(_, s *stats.Snapshot) {
			s.Config = map[string]string{"maxmemory": "200", "timeout": "", "new": "1"}
		}, []stats.Change{
			{Kind: stats.ChangeConfig, What: "maxmemory", Before: "100", After: "200"},
			{Kind: stats.ChangeConfig, What: "timeout", Before: "0"}}},
		{"parameters that are not asked for", func(_, s *stats.Snapshot) { s.Config = nil }, nil},
		{"users", func(_, s *stats.Snapshot) {
			s.Access.Users = []stats.AclUser{{Name: "app", AllKeys: true, Dangerous: []string{"keys", "flushall"}}, {Name: "new"}}
		}, []stats.Change{
			{Kind: stats.ChangeUsers, What: "app", Before: "may run keys", After: "all keys; may run flushall, keys"},
			{Kind: stats.ChangeUsers, What: "new", After: "some keys, no dangerous command"},
			{Kind: stats.ChangeUsers, What: "default", Before: "no password; all keys"}}},
		{"users that could not all be asked", func(_, s *stats.Snapshot) { s.Access.Users, s.Access.UsersOmitted = s.Access.Users[:1], 1 }, nil},
		{"users that may not be asked any more", func(_, s *stats.Snapshot) { s.Access = stats.Access{} }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, after := plain(), plain()
			after.Time = at.Add(time.Second)
			tt.change(before, after)
			for i := range tt.want {
				tt.want[i].Time = after.Time
			}
			if diff := cmp.Diff(tt.want, stats.Changes(before, after)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
