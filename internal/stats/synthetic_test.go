package stats

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"redistop/internal/redis"
)

// The observer's clock at the beginning of a test, with a monotonic part.
var t0 = time.Now()

// reading is what a server tells after some time: its INFO has these lines besides the usual ones.
// A line replaces a usual one of the same name.
func reading(after time.Duration, lines ...string) Reading {
	now := t0.Add(after)
	const startedBefore = 1000
	text := fmt.Sprintf("redis_version:7.0.15\nrun_id:a\nrole:master\nuptime_in_seconds:%d\nserver_time_usec:%d\n%s\n",
		startedBefore+int64(after/time.Second), now.UnixMicro(), strings.Join(lines, "\n"))
	return Reading{Time: now, Asked: now, Addr: "127.0.0.1:6379", Link: Link{State: Up}, Info: redis.ParseInfo(text)}
}

// down is a Reading of a server that did not answer.
func down(after time.Duration) Reading {
	return Reading{Time: t0.Add(after), Addr: "127.0.0.1:6379", Link: Link{State: Down, Message: "connection refused"}}
}

// with adds what a test needs to a Reading.
func (r Reading) with(change func(*Reading)) Reading {
	change(&r)
	return r
}

// listed adds a whole pass over the connections, at the time of the Reading.
func (r Reading) listed(clients ...redis.Client) Reading {
	pass := &ClientReading{Started: r.Time, Finished: r.Time, Complete: true, Known: len(clients), Expected: len(clients),
		Received: r.Info.Int("total_connections_received").Or(0)}
	for _, c := range clients {
		pass.Clients = append(pass.Clients, SeenClient{Client: c, At: r.Time})
	}
	r.Clients = pass
	return r
}

// observe folds Readings and returns all Snapshots.
func observe(o Options, readings ...Reading) []*Snapshot {
	a := NewAggregate(o)
	var all []*Snapshot
	for _, r := range readings {
		all = append(all, a.Observe(r))
	}
	return all
}

func lastOf(o Options, readings ...Reading) *Snapshot {
	all := observe(o, readings...)
	return all[len(all)-1]
}

// want compares a fact; absent is written as nil.
func want[T comparable](t *testing.T, what string, got Maybe[T], want any) {
	t.Helper()
	v, ok := got.Get()
	switch {
	case want == nil && ok:
		t.Errorf("%s = %v, want it absent", what, v)
	case want != nil && !ok:
		t.Errorf("%s is absent, want %v", what, want)
	case want != nil && any(v) != want:
		t.Errorf("%s = %v, want %v", what, v, want)
	}
}

func command(t *testing.T, s *Snapshot, name string) CommandRow {
	t.Helper()
	for _, r := range s.Commands {
		if r.Name == name {
			return r
		}
	}
	t.Fatalf("no row for %q in %v", name, s.Commands)
	return CommandRow{}
}

func connection(t *testing.T, s *Snapshot, id int64) ConnectionRow {
	t.Helper()
	for _, r := range s.Connections {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("no connection %d", id)
	return ConnectionRow{}
}

// line writes one line of INFO.
func line(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// counted is a connection of a server that counts by connection.
func counted(id, commands int64, age time.Duration) redis.Client {
	return redis.Client{
		ID: id, Addr: fmt.Sprintf("10.0.0.%d:%d", id%100, 1000+id), User: "default", Flags: "N", Age: age,
		Commands: redis.Some(commands), NetIn: redis.Some(commands * 30), NetOut: redis.Some(commands * 5),
	}
}
