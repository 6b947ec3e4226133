package server

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// A Poller asks one server over one connection. It is owned by one goroutine.
type Poller struct {
	conn    *Conn
	addr    string
	user    string
	caps    Capabilities
	probed  bool
	purse   *purse
	lister  *lister
	missing map[string]stats.Missing // by part and command
	newest  map[stats.SlowKind]int64 // newest id seen in each log
	prev    *redis.Info
	turn    int   // which source is asked first
	ids     int   // asked about by CLIENT LIST ID since the last INFO
	lines   int   // of CLIENT LIST that came
	size    int64 // bytes of the last INFO all
	facts   facts // that are asked now and then
}

// A source is one question beside INFO. One line here makes a reply part of every poll.
type source struct {
	part    string // of the picture: what is missing when it is refused
	command string // as the server counts it
	needs   string // the version that brought it, for the person who misses it; empty: no loss worth a word
	stale   bool   // answered by a replica without its primary; the others are left alone then
	bytes   int64  // a large reply
	later   bool   // not of the first poll, so that a first picture comes soon
	doctor  bool   // shows more than counters: a right that the least user has only if wished
	ask     func(*Poller, context.Context, *stats.Reading) error
}

var sources = []source{
	{part: "slow", command: "slowlog|get", needs: "Redis 2.2", stale: true, ask: (*Poller).askSlowlog},
	{part: "slow", command: "commandlog|get", stale: true, ask: (*Poller).askCommandlog},
	{part: "memory", command: "memory|stats", needs: "Redis 4.0", bytes: 4 << 10, ask: (*Poller).askMemory},
	{part: "latency", command: "latency|histogram", needs: "Redis 7.0", stale: true, bytes: 24 << 10, ask: (*Poller).askHistograms},
	{part: "config", command: "config|get", needs: "Redis 2.0", stale: true, bytes: 4 << 10, doctor: true, later: true, ask: (*Poller).askConfig},
	{part: "latency-events", command: "latency|latest", stale: true, bytes: 4 << 10, later: true, ask: (*Poller).askEvents},
	{part: "access", command: "acl|whoami", stale: true, later: true, ask: (*Poller).askWhoAmI},
	{part: "access", command: "acl|users", needs: "Redis 6.0", stale: true, bytes: 16 << 10, doctor: true, later: true, ask: (*Poller).askUsers},
	{part: "access", command: "acl|getuser", stale: true, bytes: 16 << 10, doctor: true, later: true, ask: (*Poller).askUserRights},
	{part: "access", command: "acl|log", stale: true, doctor: true, later: true, ask: (*Poller).askDenied},
	{part: "clients", command: "client|list", needs: "Redis 2.4", stale: true, ask: (*Poller).askClients},
}

// Connect dials a target and gets ready to poll it. budget is the share of the server's main thread
// that polling may take (0.01 is 1 %).
func Connect(ctx context.Context, t Target, budget float64) (*Poller, error) {
	c, err := Dial(ctx, t)
	if err != nil {
		return nil, err
	}
	user := t.Username
	if user == "" {
		user = "default"
	}
	return &Poller{conn: c, addr: t.String(), user: user, purse: newPurse(budget, time.Now()),
		lister: newLister(c.id), missing: map[string]stats.Missing{}, newest: map[stats.SlowKind]int64{},
		facts: facts{users: newUserAsker(c, t), rehearsed: map[string]bool{}}}, nil
}

// Addr is our own address, as the server names it unless something between translates it; empty on a unix
// socket.
func (p *Poller) Addr() string {
	if local := p.conn.nc.LocalAddr(); local.Network() != "unix" {
		return local.String()
	}
	return ""
}

// Waiting is how long the question under way has been waiting for its answer; 0 when there is none. It
// may be called from any goroutine.
func (p *Poller) Waiting() time.Duration {
	at := p.conn.asked.Load()
	if at == 0 {
		return 0
	}
	return time.Since(time.Unix(0, at))
}

// Close ends the connection.
func (p *Poller) Close() error { return p.conn.Close() }

// Poll asks everything once that the budget allows, and hands out what came. An error means that
// the connection is of no further use; a Reading that came with it still holds.
func (p *Poller) Poll(ctx context.Context, interval time.Duration) (stats.Reading, error) {
	p.purse.earn(time.Now(), p.actual(interval))
	r := stats.Reading{Addr: p.addr, Asked: time.Now()}
	if p.conn.id != 0 {
		r.OwnIDs = []int64{p.conn.id}
	}
	info, err := p.askInfo(ctx, &r)
	r.Time = time.Now()
	if err != nil {
		return p.refused(r, err)
	}
	r.Info = info
	r.Link = stats.Link{State: stats.Up}
	if info.Int("loading").Or(0) == 1 {
		r.Link = stats.Link{State: stats.Loading, Message: "the server is loading its dataset"}
	} else {
		err = p.askSources(ctx, info, &r, interval)
		p.tellAccess(&r)
		p.lookAtHost(&r)
	}
	p.pacing(&r, interval)
	for _, m := range p.missing {
		r.Missing = append(r.Missing, m)
	}
	sortMissing(r.Missing)
	p.prev = info
	return r, err
}

// refused turns an error of INFO into the state it stands for.
func (p *Poller) refused(r stats.Reading, err error) (stats.Reading, error) {
	var reply *redis.ReplyError
	if !errors.As(err, &reply) {
		return r, err
	}
	switch reply.Code {
	case "BUSY":
		r.Link = stats.Link{State: stats.Busy, Message: "a script runs past its time limit; the server refuses everything else",
			Hint: "SCRIPT KILL ends it unless it has written"}
		return r, nil
	case "LOADING":
		r.Link = stats.Link{State: stats.Loading, Message: "the server is loading its dataset"}
		return r, nil
	}
	return r, denied(fmt.Errorf("ask INFO: %w", err))
}

// askInfo reads the counters. Close to maxmemory they are asked in parts that fit the connection's
// own buffer, since a larger reply is memory that could evict a key.
func (p *Poller) askInfo(ctx context.Context, r *stats.Reading) (*redis.Info, error) {
	parts := []string{"all"}
	if p.size > p.room() {
		parts = []string{"default", "errorstats", "latencystats", "commandstats"}
	}
	var texts []string
	for i, part := range parts {
		last := i == len(parts)-1
		if last {
			r.Sent = sentList(p.conn.takeSent())
		}
		v, err := p.conn.Do(ctx, "INFO", part)
		if err != nil {
			return nil, err
		}
		texts = append(texts, v.Text)
		p.purse.take(p.purse.price["info"])
	}
	info := redis.ParseInfo(texts...)
	p.size = 0
	for _, t := range texts {
		p.size += int64(len(t))
	}
	sent := map[string]int64{}
	for _, s := range r.Sent {
		sent[s.Name] = s.Calls
	}
	if p.prev != nil {
		p.purse.settle(p.prev, info, sent, p.ids, p.lines)
		p.purse.take(p.purse.price["info"]) // the last one is counted in the next interval
	}
	p.ids, p.lines = 0, 0
	return info, nil
}

func sentList(m map[string]int64) []redis.Sent {
	list := make([]redis.Sent, 0, len(m))
	for name, n := range m {
		list = append(list, redis.Sent{Name: name, Calls: n})
	}
	return list
}

// ownBuffer is what fits the 16 KiB reply buffer that a connection has anyway.
const ownBuffer = 12 << 10

// room is how long a reply may be, in bytes, without pushing the server over maxmemory: a quarter
// of what is free, since others need it at the same moment.
func (p *Poller) room() int64 {
	if p.prev == nil {
		return math.MaxInt64
	}
	return roomIn(p.prev)
}

func roomIn(info *redis.Info) int64 {
	limit := info.Int("maxmemory").Or(0)
	if limit <= 0 {
		return math.MaxInt64
	}
	free := limit - (info.Int("used_memory").Or(0) - info.Int("mem_not_counted_for_evict").Or(0))
	return max(ownBuffer, free/4)
}

func (p *Poller) askSources(ctx context.Context, info *redis.Info, r *stats.Reading, interval time.Duration) error {
	if !p.probed {
		_, leaveOut := p.missing[capabilities.key()]
		caps, err := probe(ctx, p.conn, info, leaveOut)
		if err != nil {
			return capabilities.broken(err)
		}
		p.caps, p.probed = caps, true
	}
	r.Stream = stats.StreamRights{Monitor: p.caps.Has("monitor"), Wait: p.caps.Has("wait"), Reset: p.caps.Has("reset")}
	p.lister.update(info, p.caps, interval)
	orphan, poor := linkDown(info), false
	for i := range sources {
		s := sources[(p.turn+i)%len(sources)]
		key := s.key()
		if _, gone := p.missing[key]; gone {
			continue
		}
		if !p.caps.Has(s.command) {
			if s.needs != "" {
				p.missing[key] = stats.Missing{Part: s.part, Command: spoken(s.command),
					Reason: "this server does not have " + spoken(s.command) + " (" + s.needs + "+), or it was renamed or disabled"}
			}
			continue
		}
		if orphan && !s.stale || s.later && p.prev == nil || s.bytes > roomIn(info) {
			continue
		}
		if s.command != "client|list" && !p.purse.affords(p.purse.price[s.command]) {
			poor = true
			continue
		}
		if err := p.refusedSource(key, s, s.ask(p, ctx, r)); err != nil {
			return err
		}
	}
	if poor {
		p.turn++ // so that under a small budget every question has its turn
	}
	return nil
}

func linkDown(info *redis.Info) bool {
	status, _ := info.Text("master_link_status")
	return status == "down"
}

// refusedSource notes what a refusal takes away. Only a lost connection stays an error: a server
// that is busy or loading for a moment is asked again next time, a refused right is not, so that it
// counts one error on the server and no more.
func (p *Poller) refusedSource(key string, s source, err error) error {
	if err == nil {
		return nil
	}
	if lost(err) {
		return s.broken(err)
	}
	var reply *redis.ReplyError
	if errors.As(err, &reply) {
		switch reply.Code {
		case "LOADING", "BUSY", "MASTERDOWN", "TRYAGAIN":
			return nil
		}
	}
	m := stats.Missing{Part: s.part, Command: spoken(s.command), Reason: redis.PrintableCut(err.Error(), 120)}
	if reply != nil && reply.Code == "NOPERM" {
		m.Reason = "user " + redis.PrintableCut(p.user, 40) + " may not run " + m.Command
		m.Remedy = "ACL SETUSER " + redis.Argument(p.user) + " +" + s.command
	}
	p.missing[key] = m
	return nil
}

// lost says that the connection is gone, as opposed to a question refused or not understood.
func lost(err error) bool {
	var reply *redis.ReplyError
	return err != nil && !errors.As(err, &reply) && !errors.Is(err, errReply)
}

// errReply marks a reply of a shape that we do not know; the connection is fine.
var errReply = errors.New("unexpected reply")

func understood(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errReply, err)
}

func spoken(command string) string {
	return strings.ToUpper(strings.ReplaceAll(command, "|", " "))
}

func (p *Poller) askMemory(ctx context.Context, r *stats.Reading) error {
	v, err := p.conn.Do(ctx, "MEMORY", "STATS")
	if err != nil {
		return err
	}
	p.purse.take(p.purse.price["memory|stats"])
	r.Memory, err = redis.ParseMemoryStats(v)
	return understood(err)
}

func (p *Poller) askHistograms(ctx context.Context, r *stats.Reading) error {
	v, err := p.conn.Do(ctx, "LATENCY", "HISTOGRAM")
	if err != nil {
		return err
	}
	p.purse.take(p.purse.price["latency|histogram"])
	r.Histograms, err = redis.ParseHistograms(v)
	return understood(err)
}

// The logs are read a little at a time; only when the oldest entry of the short reply is newer than
// what was seen last is the rest asked for. 128 is the server's own default length.
const (
	shortLog  = 16
	longLog   = 128
	entrySize = 4200 // bytes: 32 arguments of 128 bytes, an address, a name
)

func (p *Poller) askSlowlog(ctx context.Context, r *stats.Reading) error {
	return p.readLog(ctx, r, stats.Slow, "slowlog|get", func(n string) []string { return []string{"SLOWLOG", "GET", n} })
}

func (p *Poller) askCommandlog(ctx context.Context, r *stats.Reading) error {
	for _, kind := range []stats.SlowKind{stats.LargeRequest, stats.LargeReply} {
		err := p.readLog(ctx, r, kind, "commandlog|get", func(n string) []string { return []string{"COMMANDLOG", "GET", n, string(kind)} })
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *Poller) readLog(ctx context.Context, r *stats.Reading, kind stats.SlowKind, command string, args func(n string) []string) error {
	newest, seen := p.newest[kind]
	most := int(min(longLog, max(2, roomIn(r.Info)/entrySize)))
	n := min(shortLog, most)
	if !seen {
		n = most
	}
	for {
		v, err := p.conn.Do(ctx, args(strconv.Itoa(n))...)
		if err != nil {
			return err
		}
		p.purse.take(p.purse.price[command])
		entries, err := redis.ParseSlowlog(v)
		if err != nil {
			return understood(err)
		}
		gap := seen && len(entries) == n && entries[n-1].ID > newest+1
		if gap && n < most {
			n = most
			continue
		}
		switch {
		case len(entries) > 0:
			p.newest[kind] = entries[0].ID
		case !seen:
			p.newest[kind] = -1
		}
		r.Slow = append(r.Slow, stats.SlowReading{Kind: kind, Entries: entries, Limit: n})
		return nil
	}
}

func (p *Poller) askClients(ctx context.Context, r *stats.Reading) error {
	return p.lister.run(ctx, p, r)
}
