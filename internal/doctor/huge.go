package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"redistop/internal/stats"
)

var hugeLimits = []Limit{
	{"mean_bytes", 64 << 10, "of one: the server's buffers for a connection are 16 KiB, and what does not fit is allocated and copied anew"},
	{"bytes_per_second", 10 << 20, "in all: less is not felt on any network"},
	{"large_bytes", 1 << 20, "of one: it takes 9 ms on a gigabit network, and all that follows waits for it"},
	{"warn_bytes_per_second", 16 << 20, "in such large ones: a seventh of what a gigabit network carries, in pieces that hold others up"},
	{"full_bytes_per_second", 80 << 20, "of any size: two thirds of what a gigabit network carries"},
	{"warn_bytes", 64 << 20, "in a single one: half a second on a gigabit network, and that much memory beside the data"},
}

var hugeReplies = Rule{
	ID:     "huge-replies",
	Title:  "Replies so large that the network is felt",
	Group:  "Commands",
	What:   "A client is sent very much at once: a list, hash or value that is large as a whole, or very many keys with one MGET.",
	Why:    "The reply is written into memory first, then onto the network that all share; where it counts as memory it can evict keys.",
	How:    "COMMANDLOG GET large-reply (Valkey 8.1+) names single ones; bytes and commands of each connection in CLIENT LIST (Valkey 8.0+, Redis 8.2+) tell the mean. Elsewhere all bytes in INFO stats are put down to the connections whose own reply buffer was full (rbp in CLIENT LIST, 7.0+), unless subscribers, replicas or a MONITOR are there.",
	Do:     "Ask for parts: fields, ranges, pages, fewer keys.",
	Limits: hugeLimits,
	Behind: []string{"blocking-command", "slow-script"},
	Check:  func(w *Window) []stats.Finding { return w.huge(&outbound) },
}

var hugeRequests = Rule{
	ID:     "huge-requests",
	Title:  "Requests so large that the network is felt",
	Group:  "Commands",
	What:   "A client sends very much at once: large values, or very many keys and elements in one command.",
	Why:    "The server takes a request in as a whole before it runs it, in memory beside the data, and spends its time copying; on a replicated server everything goes out once more to each replica.",
	How:    "COMMANDLOG GET large-request (Valkey 8.1+) names single ones; bytes and commands of each connection in CLIENT LIST (Valkey 8.0+, Redis 8.2+) tell the mean. Elsewhere all bytes in INFO stats are put down to the connections that keep a large query buffer (tot-mem in CLIENT LIST, 6.2+).",
	Do:     "Split large values, compress them, or keep them elsewhere and only their address here.",
	Limits: hugeLimits,
	Behind: []string{"blocking-command"},
	Check:  func(w *Window) []stats.Finding { return w.huge(&inbound) },
}

// flow is one of the two directions.
type flow struct {
	noun, nouns string // "reply", "replies"
	log         stats.SlowKind
	logName     string
	connection  func(*stats.ConnectionRow) stats.Maybe[float64] // bytes a second
	server      func(*stats.Snapshot) stats.Maybe[float64]
	field       string
	suspect     func(w *Window, c *stats.ConnectionRow) bool // a connection that moves large ones, where bytes are not counted
	largest     func(*stats.Snapshot) stats.Maybe[int64]     // that the server saw of late, bytes
	impact      string
	remedy      []string
}

var outbound = flow{
	noun: "reply", nouns: "replies", log: stats.LargeReply, logName: "COMMANDLOG GET large-reply",
	connection: func(c *stats.ConnectionRow) stats.Maybe[float64] { return c.OutputBytesPerSecond },
	server:     func(s *stats.Snapshot) stats.Maybe[float64] { return s.Throughput.OutputBytesPerSecond },
	field:      "out",
	suspect:    repliesBeyondBuffer,
	largest:    func(s *stats.Snapshot) stats.Maybe[int64] { return s.Connected.RecentMaxOutput },
	impact:     "Replies share the network and the server's memory: others wait for their turn, and a slow reader holds all of it in an output buffer.",
	remedy: []string{"ask for parts: HMGET with the fields that are needed, LRANGE and ZRANGE by pages, GETRANGE, SSCAN and HSCAN, fewer keys in one MGET",
		"split or compress large values; keep in the client what it has read and what changes rarely"},
}

var inbound = flow{
	noun: "request", nouns: "requests", log: stats.LargeRequest, logName: "COMMANDLOG GET large-request",
	connection: func(c *stats.ConnectionRow) stats.Maybe[float64] { return c.InputBytesPerSecond },
	server:     func(s *stats.Snapshot) stats.Maybe[float64] { return s.Throughput.InputBytesPerSecond },
	field:      "in",
	suspect:    keepsLargeQuery,
	largest:    func(s *stats.Snapshot) stats.Maybe[int64] { return s.Connected.RecentMaxInput },
	impact:     "Requests are taken in as a whole before they run, beside the data in memory, and go out again to every replica and to the AOF.",
	remedy: []string{"write less at once: several commands with some 100 elements each in one pipeline",
		"split or compress large values, or keep them elsewhere (a file store) and only their address here"},
}

// massive is what one matter or one client moved.
type massive struct {
	text     string // "GET blob:*", "replies to worker"
	subject  string
	n        float64 // of them, a second
	mean     float64 // bytes
	rate     float64 // bytes a second
	max      float64 // bytes; 0: unknown
	source   string
	certain  bool
	culprits []stats.Culprit
}

func (w *Window) huge(d *flow) []stats.Finding {
	list := w.loggedHuge(d)
	if len(list) == 0 {
		list = w.countedHuge(d)
	}
	if len(list) == 0 {
		list = w.inferredHuge(d)
	}
	var found []stats.Finding
	for _, m := range list[:min(3, len(list))] {
		found = append(found, w.hugeFinding(d, m))
	}
	return found
}

func (w *Window) hugeFinding(d *flow, m massive) stats.Finding {
	f := stats.Finding{
		Subject: m.subject, Weight: m.rate, Severity: stats.Info, Confidence: stats.Certain,
		Title:    fmt.Sprintf("%s: %s a second in %s of %s", m.text, bytes(m.rate), d.nouns, bytes(m.mean)),
		Evidence: []stats.Evidence{w.evidence(d.nouns, fmt.Sprintf("%s, %s each on average, %s a second together", perSecond(m.n), bytes(m.mean), bytes(m.rate)), m.source)},
		Culprits: m.culprits, Impact: d.impact, Remedy: d.remedy,
	}
	if m.max > 0 {
		f.Evidence = append(f.Evidence, w.evidence("the largest", bytes(m.max), m.source))
	}
	if m.mean >= w.Limit("large_bytes") && m.rate >= w.Limit("warn_bytes_per_second") || m.rate >= w.Limit("full_bytes_per_second") || m.max >= w.Limit("warn_bytes") {
		f.Severity = stats.Warning
	}
	if !m.certain {
		f.Confidence = stats.Likely
		f.Unknown = append(f.Unknown, "how large each is: the server does not count bytes for each connection (Valkey 8.0+ and Redis 8.2+ do), so this is all bytes over what these clients send by the samples")
	}
	return f
}

// loggedHuge is what the log of large ones holds, by command and pattern.
func (w *Window) loggedHuge(d *flow) (list []massive) {
	entries := w.Slow(func(c *SlowCommand) bool { return c.Kind == d.log })
	_, elapsed := w.Since(Recent)
	if len(entries) < 2 || elapsed <= 0 {
		return nil
	}
	byCommand := map[string][]SlowCommand{}
	for _, e := range entries {
		byCommand[statName(&e)] = append(byCommand[statName(&e)], e)
	}
	span := max(shortest, elapsed.Seconds())
	for name, group := range byCommand {
		for _, m := range mattersOf(name, group) {
			k := massive{text: m.text, subject: m.subject, source: d.logName, certain: true, n: float64(len(m.entries)) / span}
			var who []stats.Culprit
			var weights []float64
			for _, e := range m.entries {
				size := float64(e.Bytes.Or(0))
				k.rate, k.max = k.rate+size/span, max(k.max, size)
				e.Who.Source, e.Who.Command = "COMMANDLOG", m.text
				who, weights = append(who, e.Who), append(weights, size)
			}
			k.mean = k.rate / k.n
			k.culprits = w.culprits(who, weights)
			if len(m.entries) >= 2 && (k.rate >= w.Limit("bytes_per_second") || k.max >= w.Limit("warn_bytes")) {
				list = append(list, k)
			}
		}
	}
	sortMassive(list)
	return list
}

func sortMassive(list []massive) {
	slices.SortFunc(list, func(a, b massive) int {
		return cmp.Or(cmp.Compare(b.rate, a.rate), cmp.Compare(a.subject, b.subject))
	})
}

// countedHuge is by what the server counts for each connection.
func (w *Window) countedHuge(d *flow) (list []massive) {
	if rate, span := w.mean(Recent, d.server); span > 0 && rate < w.Limit("bytes_per_second") {
		return nil
	}
	type client struct{ ip, name string }
	sums := map[client]*massive{}
	for i := range w.Now.Connections {
		c := &w.Now.Connections[i]
		rate, ok := d.connection(c).Get()
		commands := c.CommandsPerSecond.Or(0)
		if !ok || c.Own || !ordinary(c) || c.Estimated || commands <= 0 || rate < commands*w.Limit("mean_bytes") {
			continue
		}
		k := client{ipOf(c.Addr, c.Flags), c.Name}
		m := sums[k]
		if m == nil {
			who := CulpritOf(c)
			who.Command = commandName(c.LastCommand)
			m = &massive{text: whoText(stats.Culprit{IP: k.ip, Name: k.name, Library: c.Library}), subject: strings.TrimSpace(k.ip + " " + safeName(k.name)),
				source: "CLIENT LIST (tot-net-" + d.field + ", tot-cmds)", certain: true}
			m.culprits = []stats.Culprit{who}
			sums[k] = m
		}
		m.n, m.rate = m.n+commands, m.rate+rate
	}
	for _, m := range sums {
		m.mean = m.rate / m.n
		if m.rate >= w.Limit("bytes_per_second") {
			m.culprits = w.culprits(m.culprits, []float64{1})
			list = append(list, *m)
		}
	}
	sortMassive(list)
	return list
}

const ownBuffer = 16 << 10 // bytes of replies that a connection has room for without any more memory

// repliesBeyondBuffer says that replies to a connection did not fit its own buffer. In its first seconds the
// server says so of every connection.
func repliesBeyondBuffer(_ *Window, c *stats.ConnectionRow) bool {
	return c.ReplyPeakBytes.Or(0) >= ownBuffer && c.AgeSeconds > 6
}

// keepsLargeQuery says that a connection has memory that only its requests can have taken: the server keeps
// room for another as large for a while.
func keepsLargeQuery(w *Window, c *stats.ConnectionRow) bool {
	return float64(c.MemoryBytes.Or(0)-c.OutputBufferBytes) >= w.Limit("large_bytes")
}

// inferredHuge puts all bytes down to the connections that show signs of large ones.
func (w *Window) inferredHuge(d *flow) []massive {
	rate, span := w.mean(Recent, d.server)
	if span < shortest-1 || rate < w.Limit("bytes_per_second") || d == &outbound && w.otherReaders() || w.Now.Server.Role != "primary" {
		return nil
	}
	var who []stats.Culprit
	var ones []float64
	memory := 0.0
	for _, c := range w.connections(func(c *stats.ConnectionRow) bool { return ordinary(c) && c.IdleSeconds <= 5 && d.suspect(w, c) }) {
		if c.CommandsPerSecond.Known() && !c.Estimated {
			return nil // the server counts, and has nothing to say
		}
		culprit := CulpritOf(c)
		culprit.Command = commandName(c.LastCommand)
		who, ones = append(who, culprit), append(ones, 1)
		memory = max(memory, float64(c.MemoryBytes.Or(0)-c.OutputBufferBytes))
	}
	if len(who) == 0 {
		return nil
	}
	m := massive{source: "INFO stats (total_net_" + d.field + "put_bytes)", rate: rate, culprits: w.culprits(who, ones)}
	top := m.culprits[0]
	m.text, m.subject = whoText(stats.Culprit{IP: top.IP, Name: top.Name, Library: top.Library}), strings.TrimSpace(top.IP+" "+safeName(top.Name))
	m.n = max(0.1, w.sampledRate(m.culprits))
	m.mean = rate / m.n
	if size := float64(d.largest(w.Now).Or(0)); size >= w.Limit("large_bytes") {
		m.max, m.mean = size, min(m.mean, size) // none of them can be larger
		m.n = rate / m.mean
	} else if m.n < 1 && d == &inbound {
		m.mean, m.n = memory, rate/memory
	}
	if m.mean < w.Limit("mean_bytes") {
		return nil
	}
	return []massive{m}
}

// sampledRate is how many commands a second these clients send, by the samples.
func (w *Window) sampledRate(list []stats.Culprit) (rate float64) {
	for i := range w.Samples() {
		r := &w.Samples()[i]
		for _, c := range list {
			if !r.Further && r.IP == c.IP && r.Name.Or(c.Name) == c.Name {
				rate += r.CommandsPerSecond.Or(0)
			}
		}
	}
	return rate
}

// otherReaders says that bytes go out that no command accounts for: to replicas, subscribers and MONITOR.
func (w *Window) otherReaders() bool {
	s := w.Now
	return s.Replication.ConnectedReplicas.Or(0) > 0 || len(w.census.monitors) > 0 ||
		s.PubSub.Channels.Or(0)+s.PubSub.Patterns.Or(0)+s.PubSub.ShardChannels.Or(0) > 0
}
