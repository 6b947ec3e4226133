package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

var blockingCommand = Rule{
	ID:    "blocking-command",
	Title: "A command that everybody else waits for",
	Group: "Commands",
	What: "Calls of one command take so long that the server answers nobody meanwhile: it runs one command after the other. " +
		"KEYS, SMEMBERS, HGETALL, LRANGE 0 -1, SORT, SUNION, a large MGET and their like walk over as many keys or elements as there are.",
	Why: "A GET that takes 2 µs takes 60 ms when it arrives behind a KEYS of 60 ms. The clients that suffer are not the one that sends it, " +
		"so their owners look for the fault everywhere else.",
	How: "INFO commandstats counts calls and time of each command, LATENCY HISTOGRAM (7.0+) bounds the longest call, SLOWLOG names single calls with " +
		"their sender. Judged is what it costs here: a quick KEYS is no finding. The time is that of the execution alone, so what clients feel is more. " +
		"What scripts call counts to the script. What would be critical is a warning while hardly anybody else uses the server: no command a second of others, no other client's connection in use, no PING that waited for freeze_usec. A few slow ones among very many quick ones, no longer than this host stops programs, are for information: the host may be to blame. A call of the last minute that was before we looked is known by SLOWLOG alone: it is over, and no more than a warning. Blocking commands such as BLPOP do not count while they wait.",
	Do:     "Do the same in small steps (SCAN, SSCAN, HSCAN, ranges, smaller batches), keep what is asked for ready, or ask a replica.",
	Limits: timeLimits,
	Check:  checkBlocking,
}

// otherRules are commands whose cost other rules tell.
var otherRules = set("eval", "eval_ro", "evalsha", "evalsha_ro", "fcall", "fcall_ro", // slow-script
	"del", "unlink", "expire", "pexpire", "expireat", "pexpireat", "getdel", // big-key-delete
	"shutdown", "monitor", "swapdb", // dangerous-command
	"bgsave", "bgrewriteaof", "psync", "sync", "replconf", "replicaof", "slaveof") // they fork, or end an old dataset

// single are commands that touch one value whatever it holds. One that took long now and then met a host
// that was slow; only where it is slow on the average, its values are to blame.
var single = set("get", "set", "setex", "psetex", "setnx", "incr", "decr", "incrby", "decrby", "incrbyfloat", "getset", "append", "strlen",
	"hget", "hexists", "hincrby", "hincrbyfloat", "hlen", "hstrlen", "hsetnx", "llen", "lpop", "rpop", "scard", "sismember", "smove", "zcard", "zscore",
	"zrank", "zrevrank", "zincrby", "ttl", "pttl", "type", "persist", "ping", "echo", "select", "auth", "hello", "multi", "watch", "unwatch",
	"discard", "time", "dbsize", "xlen", "getbit", "setbit", "blpop", "brpop", "lmove", "rpoplpush", "brpoplpush", "blmove", "bzpopmin", "bzpopmax",
	"subscribe", "unsubscribe", "psubscribe", "punsubscribe", "reset", "quit", "wait", "client|setname", "client|setinfo", "client|id", "readonly", "asking")

func checkBlocking(w *Window) []stats.Finding {
	var found []stats.Finding
	var transactions *cost
	explained := 0.0 // usec that may be inside transactions
	for _, c := range w.costs(func(name string) bool { return !otherRules[name] && !dangerous(name) }) {
		if c.work.Name == "exec" {
			transactions = &c
			continue
		}
		explained += c.usec
		found = append(found, w.blockingFindings(&c)...)
	}
	if transactions != nil && explained < transactions.usec/2 {
		found = append(found, w.blockingFindings(transactions)...)
	}
	return found
}

// mayBlock is a quick look that most commands do not pass.
func (w *Window) mayBlock(k *Work) bool {
	return k.UsecPerCall >= w.Limit("heavy_usec") || k.MaxUsec.Or(0) >= w.Limit("call_usec")
}

// matter is calls of one command for keys of one pattern.
type matter struct {
	subject string // "keys shiro:session:*"
	text    string // "KEYS shiro:session:*"
	key     string // raw, to ask for instead; "" where there are several
	entries []SlowCommand
}

// blockingFindings is one finding for each pattern that costs enough by itself, where the log tells their
// shares, else one for the command.
func (w *Window) blockingFindings(c *cost) []stats.Finding {
	matters := mattersOf(c.work.Name, c.slow)
	var logged float64
	for i := range matters {
		logged += sumUsec(matters[i].entries)
	}
	if len(matters) == 1 {
		return []stats.Finding{w.blockingFinding(c, &matters[0], len(matters))}
	}
	var found []stats.Finding
	if logged >= enoughCovered*c.usec {
		for i := range matters {
			m := &matters[i]
			part := c.part(m.entries, sumUsec(m.entries)/logged, w.Limit("stall_usec"))
			if w.severity(&part) != "" {
				found = append(found, w.blockingFinding(&part, m, 1))
			}
		}
	}
	if len(found) == 0 {
		whole := matter{subject: c.work.Name, text: commandName(c.work.Name), entries: c.slow}
		found = append(found, w.blockingFinding(c, &whole, len(matters)))
	}
	return found
}

// part is the cost of some of the calls, which took a share of the time.
func (c *cost) part(entries []SlowCommand, share, stall float64) cost {
	if c.past {
		return c.before(entries, c.now)
	}
	p := *c
	p.slow = entries
	p.calls = max(int64(len(entries)), int64(float64(c.calls)*share+0.5))
	p.usec, p.share = c.usec*share, c.share*share
	p.longest, p.exact, p.unknown, p.stalls = 0, true, false, 0
	for i := range entries {
		p.longest = max(p.longest, float64(entries[i].Usec.Or(0)))
	}
	p.countStalls(stall)
	return p
}

func sumUsec(entries []SlowCommand) (sum float64) {
	for i := range entries {
		sum += float64(entries[i].Usec.Or(0))
	}
	return sum
}

// mattersOf groups entries by what they are about, the dearest first.
func mattersOf(command string, entries []SlowCommand) []matter {
	byPattern := map[string]*matter{}
	var all []*matter
	for i := range entries {
		pattern := entries[i].pattern()
		m := byPattern[pattern]
		if m == nil {
			m = &matter{}
			byPattern[pattern] = m
			all = append(all, m)
		}
		m.entries = append(m.entries, entries[i])
	}
	var list []matter
	for pattern, m := range byPattern {
		m.describe(command, pattern)
	}
	for _, m := range all {
		list = append(list, *m)
	}
	slices.SortStableFunc(list, func(a, b matter) int { return cmp.Compare(sumUsec(b.entries), sumUsec(a.entries)) })
	return list
}

// describe names a matter: by the key where it is only one, with the arguments behind it where they are
// the same in all calls and no values, else by the pattern.
func (m *matter) describe(command, pattern string) {
	m.subject = strings.TrimSpace(command + " " + pattern)
	m.text = commandName(command)
	if pattern != "" {
		m.text += " " + redis.PrintableCut(pattern, 96)
	}
	key, tail := m.entries[0].keyAndTail()
	sameTail := valueless[command] && len(tail) < 40
	sameKey := key != ""
	for i := range m.entries[1:] {
		k, t := m.entries[i+1].keyAndTail()
		sameKey, sameTail = sameKey && k == key, sameTail && t == tail
	}
	switch {
	case sameKey:
		m.key = key
		m.text = commandName(command) + " " + quoted(key)
	case command == "keys":
		m.key = pattern // it matches what all of them match
	}
	if more := fewestKeys(command, m.entries) - 1; more > 0 && key != "" {
		m.text += " and " + plural(int64(more), "more key")
	}
	if sameTail && tail != "" {
		m.text += " " + tail
	}
}

func (w *Window) blockingFinding(c *cost, m *matter, matters int) stats.Finding {
	by := w.whoSends(c.work.Name, m.entries, c.usec, m.text)
	f := stats.Finding{
		Subject: m.subject, Weight: c.usec, Severity: w.severity(c), Confidence: stats.Certain,
		Title:    m.text + " " + c.claim(),
		Evidence: w.costEvidence(c, m),
		Culprits: by.culprits,
		Impact:   w.impact(c, by.culprits),
		Remedy:   w.remedies(c.work.Name, m.key),
		Unknown:  w.unknowns(c, by),
	}
	if c.past {
		f.Evidence, f.Impact = w.evidenceBefore(c, m), c.impactBefore()
		f.Unknown = append(f.Unknown, unknownBefore)
	}
	if c.hosts {
		f.Confidence = stats.Possible
		f.Unknown = append(f.Unknown, "whether these calls or the host are to blame: all "+count(c.work.Calls)+" calls took "+usec(c.work.UsecPerCall)+
			" each, and this host does not run programs for as long as the slow ones took")
		return f
	}
	if by.covered < enoughCovered && (m.subject != c.work.Name || !c.counted) {
		f.Confidence = stats.Likely
	}
	if matters > 1 && m.subject == c.work.Name && by.covered < enoughCovered {
		f.Unknown = append(f.Unknown, "the share of each of its "+count(int64(matters))+" patterns in the slow log, which holds too few of the calls")
	}
	return f
}

// claim says what a cost is in a few words, after the command's name.
func (c *cost) claim() string {
	switch {
	case c.past:
		return c.claimBefore()
	case c.share >= 0.01 && c.calls > 1:
		return "blocks this server for " + percent(c.share) + " of the time"
	case c.calls == 1:
		return "blocked this server for " + c.longestText()
	}
	return fmt.Sprintf("blocked this server %s times, for %s", count(c.calls), c.longestText())
}

func (c *cost) longestText() string {
	switch {
	case c.unknown:
		return usec(c.longest) + " on average"
	case !c.exact:
		return "up to " + usec(c.longest)
	case c.calls > 1:
		return "up to " + usec(c.longest)
	}
	return usec(c.longest)
}
