package tui

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// Times of the live panel are local, and the golden screens have one locality.
func TestMain(m *testing.M) {
	time.Local = time.UTC
	os.Exit(m.Run())
}

// sampledCache is busyCache on a server that does not count commands by connection, seen through
// windows of MONITOR.
func sampledCache(at time.Time, load float64) *stats.Snapshot {
	s := busyCache(at, load)
	s.Server.Flavor, s.Server.Version = "redis", "7.0.15"
	s.Observer.Mode, s.Observer.MonitorDuty = "sample", some(.01)
	s.Observer.Windows, s.Observer.SampledCommands = 10, 824
	s.Observer.Price = &stats.Price{ThroughputShare: some(.004), LatencyUsec: some(85)}
	s.Sampled = stats.Sampled{Mode: stats.ModeSample, Windows: 150, Seconds: .3, Span: 30, Commands: 12_360, VisibleCommandsPerSecond: some(41_000 * load), Error: some(120)}
	s.Samples = sampleRows(load)
	for _, p := range s.Drill(stats.Filter{}).Patterns {
		of := s.Drill(stats.Filter{Pattern: stats.Some(p.Name)})
		row := stats.KeyRow{
			Pattern: p.Name, CommandsPerSecond: p.CommandsPerSecond, Share: p.Share, TopCommand: of.Commands[0].Name, Seen: p.Seen,
			Reads: p.CommandsPerSecond, Writes: some(0), Estimated: true, Error: p.Error,
		}
		for _, ip := range of.IPs {
			row.Clients = append(row.Clients, ip.Name)
		}
		s.Keys = append(s.Keys, row)
		if key := row; strings.Contains(p.Name, "*") {
			key.Pattern, key.DB = strings.ReplaceAll(p.Name, "*", "4711"), stats.Some(0)
			s.HotKeys = append(s.HotKeys, key)
		}
	}
	for i := range s.Clients {
		g := &s.Clients[i]
		of := s.Drill(stats.Filter{IP: stats.Some(g.Key)})
		g.CommandsPerSecond, g.Share, g.Error, g.Estimated = of.Total.CommandsPerSecond, of.Total.Share, of.Total.Error, true
		g.TotalCommands, g.TopCommands = stats.Maybe[int64]{}, of.Commands
	}
	for i := range s.Connections {
		c := &s.Connections[i]
		c.Commands, c.Estimated, c.Error = stats.Maybe[int64]{}, true, some(c.CommandsPerSecond.Or(0)/7)
	}
	return s
}

func sampleRows(load float64) []stats.SampleRow {
	who := func(ip, name, user string) stats.Identity {
		return stats.Identity{IP: ip, Name: stats.Some(name), User: stats.Some(user), Library: stats.Some("redis-py 5.0.1")}
	}
	web1, web2, worker := who("10.0.1.11", "web-1", "app"), who("10.0.1.12", "web-2", "app"), who("10.0.2.20", "worker", "jobs")
	odd := who("10.0.3.5", hostile[0], hostile[3])
	gone := stats.Identity{IP: "2001:db8:85a3:8d3:1319:8a2e:370:7348"}
	var rows []stats.SampleRow
	add := func(who stats.Identity, command, pattern string, rate float64) {
		rate *= load
		rows = append(rows, stats.SampleRow{
			Identity: who, Command: command, Pattern: pattern, Seen: int64(rate * .3), Estimated: true,
			CommandsPerSecond: some(rate), Share: some(rate / load / 41_000), Error: some(rate/15 + 8),
		})
	}
	for _, w := range []stats.Identity{web1, web2} {
		add(w, "get", "cache:page:*", 9_400)
		add(w, "get", "session:*", 4_600)
		add(w, "set", "cache:page:*", 3_000)
		add(w, "hgetall", "user:*:profile", 1_620)
	}
	add(worker, "xreadgroup", "orders", 804)
	add(worker, "xack", "orders", 801)
	add(worker, "expire", "session:*", 1_210)
	for i, h := range hostile {
		add(odd, "get", safe(h, 200), float64(40-i))
	}
	add(odd, hostile[4], "", 9)
	add(gone, "ping", "", 31)
	slices.SortStableFunc(rows, func(a, b stats.SampleRow) int { return int(b.Seen - a.Seen) })
	return rows
}

// feed is a stream of commands as the program gives it.
type feed struct {
	lines   []stats.LiveCommand
	lost    int64 // that made room before anybody asked
	filters []string
	refuse  string // a filter that is wrong
}

func (f *feed) Filter(text string) error {
	if f.refuse != "" && strings.Contains(text, f.refuse) {
		return fmt.Errorf("no such word: %s", f.refuse)
	}
	f.filters = append(f.filters, text)
	return nil
}

func (f *feed) Since(seq int64) (lines []stats.LiveCommand, next, dropped int64) {
	next = f.lost + int64(len(f.lines))
	if seq < f.lost {
		dropped, seq = f.lost-seq, f.lost
	}
	return f.lines[seq-f.lost:], next, dropped
}

// send adds a command.
func (f *feed) send(at time.Time, words ...string) {
	addr := fmt.Sprintf("10.0.1.%d:4%04d", 11+len(f.lines)%3, len(f.lines))
	c := stats.LiveCommand{Time: at.Add(time.Duration(len(f.lines)) * 7 * time.Millisecond), Addr: addr, Name: "web-1", Command: strings.ToLower(words[0])}
	for i, w := range words {
		if i > 0 {
			c.Line += " "
		}
		c.Line += quoted(w)
	}
	c.Keys, c.Bytes = string(redis.Redact(nil, []byte(c.Line))), len(c.Line)
	f.lines = append(f.lines, c)
}

// quoted writes an argument as MONITOR does.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c >= ' ' && c <= '~':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// busyFeed is a feed with all kinds of commands in it.
func busyFeed() *feed {
	f := &feed{}
	for i := range 40 {
		f.send(noon, "GET", fmt.Sprintf("cache:page:%d", i*37))
		f.send(noon, "SET", fmt.Sprintf("session:%d", i), strings.Repeat("secret", i+1))
		f.send(noon, "HSET", "user:12:profile", hostile[i%len(hostile)])
	}
	f.lines[7].Addr, f.lines[7].Script, f.lines[7].Name = "lua", true, ""
	f.lines[8].Addr, f.lines[8].Name = hostile[1], hostile[0]
	f.lines[len(f.lines)-2].Name = hostile[3]
	return f
}
