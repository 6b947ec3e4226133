package server

import (
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// hostWatch looks at the machine that the server runs on, where that is ours too. It looks beside the
// polls, since a file system may take its time to answer.
type hostWatch struct {
	looked time.Time
	found  chan stats.Host // capacity 1; nil before the first look
	busy   bool
	local  bool
	before hostMemory // of the look before; belongs to the look under way
}

// hostMemory is what one look leaves to the next.
type hostMemory struct {
	times  hostTimes
	walked time.Time // the server's huge pages were counted
	huge   redis.Maybe[int64]
}

// serverProcess is what the server says of itself, by which it is looked for.
type serverProcess struct {
	pid    int64
	uptime int64  // seconds
	dir    string // where it keeps its files; empty: not known
}

const (
	hostEvery  = 10 * time.Second
	clockSlack = 5 // seconds between a process's start and the start that the server tells
)

// lookAtHost hands out what the last look found, and starts the next one when it is time.
func (p *Poller) lookAtHost(r *stats.Reading) {
	h := &p.facts.host
	if h.busy {
		select {
		case host := <-h.found:
			h.busy = false
			if host.Local || h.local {
				r.Host = &host
			}
			h.local = host.Local
		default:
		}
	}
	if h.busy || time.Since(h.looked) < hostEvery || elsewhere(p.conn.nc) {
		return
	}
	h.looked, h.busy = time.Now(), true
	if h.found == nil {
		h.found = make(chan stats.Host, 1)
	}
	server := serverProcess{pid: r.Info.Int("process_id").Or(0), uptime: r.Info.Int("uptime_in_seconds").Or(-1), dir: p.facts.config.values["dir"]}
	go func() { h.found <- readHost(server, &h.before) }()
}

// serverWords are in the names of the programs that answer as a server does.
var serverWords = []string{redis.FlavorRedis, redis.FlavorValkey, redis.FlavorKeyDB, redis.FlavorDragonfly}
