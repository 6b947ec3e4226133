package monitor

import (
	"slices"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// Forbidden says why no window would be opened in a mode, "" when one would. It is safe to print.
func (c Conditions) Forbidden(mode Mode, l Limits) string {
	if mode == Full {
		return c.full(l).reason
	}
	return c.sample(l).reason
}

// ConditionsOf reads them from a Reading that has counters. before are those of some time ago, nil when there
// are none: then the rates are the server's own averages over the last second or two. elapsed is the time
// between, interval how far windows are to be spread.
func ConditionsOf(r stats.Reading, before *redis.Info, elapsed, interval time.Duration) Conditions {
	now := r.Info
	c := Conditions{
		Known: true, Interval: interval,
		Commands:   float64(now.Int("instantaneous_ops_per_sec").Or(0)),
		Clients:    int(now.Int("connected_clients").Or(0)),
		InputBytes: now.Float("instantaneous_input_kbps").Or(0) * 1024,
		Used:       now.Int("used_memory").Or(0) - now.Int("mem_not_counted_for_evict").Or(0),
		Max:        now.Int("maxmemory").Or(0),
		Loading:    now.Int("loading").Or(0) == 1,
		Reset:      now.HasReset() && r.Stream.Reset,
		Huge:       now.Int("client_recent_max_input_buffer").Or(0) > HugeCommand || underway(r) || logged(r, hugeMemory),
		Large:      now.LargestString().Or(0) >= HugeCommand || logged(r, largeMemory),
	}
	role, _ := now.Text("role")
	c.Replica = role == "slave"
	switch {
	case c.Loading: // nobody has asked what there is
	case !r.Stream.Monitor:
		c.Missing = "MONITOR"
	case !r.Stream.Wait:
		c.Missing = "WAIT"
	}
	if before != nil && elapsed > 0 {
		if n, ok := grown(now, before, "total_commands_processed"); ok {
			c.Commands = n / elapsed.Seconds()
		}
		if n, ok := grown(now, before, "total_net_input_bytes"); ok {
			c.InputBytes = n / elapsed.Seconds()
		}
	}
	c.Huge = c.Huge || c.Commands > 0 && c.InputBytes/c.Commands > HugeCommand
	return c
}

// underway says that a connection has sent a part of a huge command.
func underway(r stats.Reading) bool {
	if r.Clients == nil {
		return false
	}
	return slices.ContainsFunc(r.Clients.Clients, func(c stats.SeenClient) bool { return c.QueryBuffer > HugeCommand })
}

// logged says that the server's log of large requests (COMMANDLOG, Valkey 8.1+) has a huge one that is not older
// than age. By default requests of more than 1 MiB are logged.
func logged(r stats.Reading, age time.Duration) bool {
	return slices.ContainsFunc(r.Slow, func(log stats.SlowReading) bool {
		return log.Kind == stats.LargeRequest && slices.ContainsFunc(log.Entries, func(e redis.SlowEntry) bool {
			return e.Value > HugeCommand && r.Time.Sub(e.Time) < age
		})
	})
}

// grown is by how much a counter went up; not ok when it is not known or started anew.
func grown(now, before *redis.Info, field string) (float64, bool) {
	a, known := before.Int(field).Get()
	b, still := now.Int(field).Get()
	return float64(b - a), known && still && b >= a
}
