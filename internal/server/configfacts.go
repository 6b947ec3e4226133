package server

import (
	"context"
	"slices"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// configWords are the parameters that CONFIG GET is asked for, the whole of them: what findings need.
// No password, and no path of a file, may ever stand here; dir serves to find the free disk space and
// goes no further.
var configWords = []string{
	"active-expire-effort", "activedefrag", "aof-use-rdb-preamble", "appendfsync", "appendonly", "auto-aof-rewrite-percentage", "bind",
	"busy-reply-threshold", "client-output-buffer-limit", "client-query-buffer-limit", "databases", "dir", "dynamic-hz",
	"enable-debug-command", "enable-module-command", "hz", "io-threads", "latency-monitor-threshold", "latency-tracking",
	"lazyfree-lazy-eviction", "lazyfree-lazy-expire", "lazyfree-lazy-server-del", "lazyfree-lazy-user-del", "lazyfree-lazy-user-flush",
	"lfu-decay-time", "lua-time-limit", "maxclients", "maxmemory", "maxmemory-clients", "maxmemory-policy", "maxmemory-samples",
	"min-replicas-max-lag", "min-replicas-to-write", "no-appendfsync-on-rewrite", "notify-keyspace-events", "port", "protected-mode",
	"proto-max-bulk-len", "repl-backlog-size", "repl-diskless-sync", "replica-read-only", "replica-serve-stale-data", "save",
	"slowlog-log-slower-than", "slowlog-max-len", "stop-writes-on-bgsave-error", "tcp-keepalive", "timeout", "tls-auth-clients", "tls-port",
	"tracking-table-max-keys", "unixsocketperm",
}

const (
	configEvery = time.Minute
	oneByOne    = 8   // parameters a poll where a call takes only one (before 7.0): the poll is not to become long
	longestWord = 512 // bytes of a value that is kept
)

// configAsker asks for the configuration now and then, and at once when somebody has changed it.
type configAsker struct {
	asked  time.Time
	sets   int64 // calls of CONFIG SET at that time
	todo   []string
	found  map[string]string // so far
	values map[string]string // all of the last time; nil: never; not changed any more
}

func (p *Poller) askConfig(ctx context.Context, r *stats.Reading) error {
	c := &p.facts.config
	if len(c.todo) == 0 {
		sets := callsOf(r.Info, "config|set")
		if sets == c.sets && time.Since(c.asked) < configEvery && c.values != nil {
			return nil
		}
		if err := p.rehearse(ctx, "config|get", "CONFIG", "GET", "maxmemory"); err != nil {
			return err
		}
		c.todo, c.found, c.asked, c.sets = configWords, map[string]string{}, time.Now(), sets
	}
	step, calls := 1, oneByOne
	if several(r.Info) {
		step, calls = len(c.todo), 1
	}
	for ; calls > 0 && len(c.todo) > 0; calls-- {
		if err := p.askWords(ctx, c.todo[:step]); err != nil {
			c.todo = nil
			return err
		}
		c.todo = c.todo[step:]
	}
	if len(c.todo) == 0 {
		c.values = c.found
		r.Config = shown(c.values)
	}
	return nil
}

func (p *Poller) askWords(ctx context.Context, words []string) error {
	v, err := p.conn.Do(ctx, append([]string{"CONFIG", "GET"}, words...)...)
	if err != nil {
		return err
	}
	p.purse.take(p.purse.price["config|get"])
	values, err := redis.ParseConfig(v)
	for _, w := range words { // and nothing that was not asked
		if value, ok := values[w]; ok {
			p.facts.config.found[w] = value[:min(len(value), longestWord)]
		}
	}
	return understood(err)
}

// several says that CONFIG GET takes more than one parameter.
func several(info *redis.Info) bool {
	return info.Flavor() == redis.FlavorValkey || info.Flavor() == redis.FlavorRedis && info.VersionAtLeast(7, 0)
}

// shown is the configuration without what is nobody's business.
func shown(values map[string]string) map[string]string {
	m := make(map[string]string, len(values))
	for k, v := range values {
		if k != "dir" {
			m[k] = v
		}
	}
	return m
}

func callsOf(info *redis.Info, command string) int64 {
	i := slices.IndexFunc(info.Commands, func(c redis.CommandStat) bool { return c.Name == command })
	if i < 0 {
		return 0
	}
	return info.Commands[i].Calls
}

// askEvents reads what the latency monitor noticed, where it is on or nobody may know.
func (p *Poller) askEvents(ctx context.Context, r *stats.Reading) error {
	if p.facts.config.values["latency-monitor-threshold"] == "0" {
		r.Events = []stats.LatencyEvent{}
		return nil
	}
	v, err := p.conn.Do(ctx, "LATENCY", "LATEST")
	if err != nil {
		return err
	}
	p.purse.take(p.purse.price["latency|latest"])
	events, err := redis.ParseLatencyLatest(v)
	if err != nil {
		return understood(err)
	}
	r.Events = make([]stats.LatencyEvent, 0, len(events))
	for _, e := range events {
		r.Events = append(r.Events, stats.LatencyEvent{Event: e.Event, Time: e.Time, LatestUsec: e.Latest.Microseconds(), MaxUsec: e.Max.Microseconds()})
	}
	return nil
}
