package doctor

import (
	"strings"

	"redistop/internal/stats"
)

// Keys of a use that lives by expiry, and that never expire.

const expiryHow = "A sample of the keys, with their types and TTLs, and what their names and shapes say that they are for. Whether they are meant to stay it cannot tell."

var sessionsWithoutExpiry = Rule{
	ID:    "sessions-without-expiry",
	Title: "Sessions that never expire",
	Group: "Expiry and eviction",
	What:  "Many keys that hold sessions have no TTL.",
	Why:   "Each visitor leaves one, and none goes: memory fills with them. And a stolen session stays good.",
	How:   expiryHow,
	Do:    "Give each session a TTL where it is written, and anew when it is used; delete the old ones in small steps.",
	Limits: []Limit{
		{"keys", 1000, "of them without a TTL, estimated: fewer may be of services and tests"},
		{"share", 0.05, "of the sessions: a few may be meant to stay"},
		{"seen", 20, "in the sample, so that it is no chance"},
		{"warning_keys", 100_000, "take memory to speak of"},
	},
	Check: checkSessionsWithoutExpiry,
}

var locksWithoutExpiry = Rule{
	ID:    "locks-without-expiry",
	Title: "Locks that never expire",
	Group: "Expiry and eviction",
	What:  "Keys that are locks have no TTL.",
	Why:   "A lock whose holder dies is held for ever: whatever waits for it waits until somebody deletes the key by hand.",
	How:   expiryHow,
	Do:    "Take locks by SET with NX and PX in one command, renew them while they are held, and release them only with the token that took them.",
	Limits: []Limit{
		{"keys", 5, "of them without a TTL, estimated: fewer may be held just now by somebody careful"},
		{"share", 0.2, "of the locks"},
		{"seen", 5, "in the sample, so that it is no chance"},
		{"warning_keys", 100, "hardly all held just now: holders have died"},
	},
	Check: checkLocksWithoutExpiry,
}

var limitsWithoutExpiry = Rule{
	ID:    "limits-without-expiry",
	Title: "Rate limits that never end",
	Group: "Expiry and eviction",
	What:  "Keys that count against a rate limit have no TTL.",
	Why:   "A counter that is never reset locks its user out for good, and each user leaves one. It happens where INCR and EXPIRE are two commands and the second gets lost.",
	How:   expiryHow,
	Do:    "Set the TTL with the first count: SET with EX and NX before INCR, or both in one script.",
	Limits: []Limit{
		{"keys", 10, "of them without a TTL, estimated"},
		{"share", 0.01, "of the limits: even few users who are locked out are worth knowing"},
		{"seen", 5, "in the sample, so that it is no chance"},
		{"warning_keys", 10_000, "take memory, and are many users"},
	},
	Check: checkLimitsWithoutExpiry,
}

var cacheWithoutExpiry = Rule{
	ID:    "cache-without-expiry",
	Title: "Cached keys that never expire",
	Group: "Expiry and eviction",
	What:  "Many keys that are a cache have no TTL, and the server evicts none of them.",
	Why:   "What is never asked for again stays as long as what is: memory fills, and then writes fail. And what is stale is served for ever.",
	How:   expiryHow + " The policy is of INFO memory: under allkeys-lru and its like a cache needs no TTL.",
	Do:    "Give each key a TTL where it is written, or let the server evict: maxmemory, with allkeys-lru or allkeys-lfu, where everything on it is a cache.",
	Limits: []Limit{
		{"keys", 1000, "of them without a TTL, estimated: fewer take no memory to speak of"},
		{"share", 0.2, "of the cache: some of it may be meant to stay"},
		{"seen", 20, "in the sample, so that it is no chance"},
		{"warning_keys", 1_000_000, "take memory to speak of"},
	},
	Check: checkCacheWithoutExpiry,
}

func checkCacheWithoutExpiry(w *Window) []stats.Finding {
	policy := w.Now.Memory.Policy
	if policy == "" || strings.HasPrefix(policy, "allkeys-") {
		return nil
	}
	return w.withoutExpiry(stats.UseCache, "cached keys", stats.Finding{
		Impact: "They fill the memory in the end; under " + safeName(policy) + " the server evicts none of them, and writes fail then.",
		Remedy: []string{
			"give them a TTL where they are written (SET with EX, or EXPIRE beside HSET)",
			"or, where all on this server is a cache: CONFIG SET maxmemory-policy allkeys-lru, with a maxmemory",
		},
	})
}

func checkSessionsWithoutExpiry(w *Window) []stats.Finding {
	return w.withoutExpiry(stats.UseSessions, "sessions", stats.Finding{
		Impact: "They fill the memory in the end, and whoever gets hold of one may use it for ever.",
		Remedy: []string{"write them with a TTL (SET with EX, or EXPIRE beside HSET) and renew it when they are used"},
	})
}

func checkLocksWithoutExpiry(w *Window) []stats.Finding {
	return w.withoutExpiry(stats.UseLock, "locks", stats.Finding{
		Impact: "What a dead holder has locked stays locked until somebody deletes the key.",
		Remedy: []string{"take them with SET key token NX PX milliseconds, renew while they are held, and delete them only where the token is still one's own"},
	})
}

func checkLimitsWithoutExpiry(w *Window) []stats.Finding {
	return w.withoutExpiry(stats.UseRateLimit, "rate limits", stats.Finding{
		Impact: "Users who have reached their limit stay locked out.",
		Remedy: []string{"set the TTL together with the first count, in one command or script"},
	})
}

// withoutExpiry finds the uses of a kind of which too many keys never expire. f has the texts that are the rule's own.
func (w *Window) withoutExpiry(kind stats.UseKind, what string, f stats.Finding) []stats.Finding {
	u := w.Now.Usage
	if u == nil || u.Sampled == 0 {
		return nil
	}
	var found []stats.Finding
	for i := range u.Uses {
		use := &u.Uses[i]
		share, known := use.NoExpiry.Get()
		if use.Kind != kind || !known || use.Confidence == stats.Possible || share < w.Limit("share") {
			continue
		}
		part := share * use.KeyShare.Or(0)
		seen, all := part*float64(u.Sampled), part*float64(u.Keys)
		if seen < w.Limit("seen") || all < w.Limit("keys") {
			continue
		}
		one := f
		one.Subject, one.Weight = what+" "+use.Framework, all
		one.Severity, one.Confidence = stats.Info, stats.Likely
		if all >= w.Limit("warning_keys") {
			one.Severity = stats.Warning
		}
		w.tellWithoutExpiry(&one, use, what, all, share)
		found = append(found, one)
	}
	return found
}

func (w *Window) tellWithoutExpiry(f *stats.Finding, use *stats.Use, what string, all, share float64) {
	number := about(all)
	if w.Now.Usage.Sampled < w.Now.Usage.Keys {
		number = "about " + number
	}
	f.Title = capital(number) + " " + what + " never expire, " + percent(share) + " of all"
	names := make([]string, len(use.Persistent))
	for i, p := range use.Persistent {
		names[i] = quoted(p)
	}
	f.Evidence = []stats.Evidence{moment("without a TTL", percent(share)+" of them: "+strings.Join(names, ", "), "SCAN, PTTL of "+count(w.Now.Usage.Sampled)+" of "+count(w.Now.Usage.Keys)+" keys")}
	for _, e := range use.Evidence {
		f.Evidence = append(f.Evidence, moment("taken for "+what+", "+e.What, e.Value, e.Source))
	}
	f.Culprits = w.writersOf(use.Persistent)
	if len(f.Culprits) == 0 {
		f.Unknown = []string{"who writes them: the samples of the command stream do not tell"}
	}
	if len(use.Persistent) > 0 {
		f.Remedy = append(f.Remedy, "see which they are: "+w.tool("redistop keys ttl --match", use.Persistent[0], "PATTERN"))
	}
}

// writersOf are the clients that write keys of some patterns, by the samples.
func (w *Window) writersOf(patterns []string) []stats.Culprit {
	var list []stats.Culprit
	var rates []float64
	for i := range w.Samples() {
		r := &w.Samples()[i]
		for _, p := range patterns {
			if writes(r.Command) && (r.Pattern == p || r.Pattern == folded(appendQuoted(nil, p))) {
				list, rates = append(list, w.sampledCulprit(r, sampledLine(r))), append(rates, r.CommandsPerSecond.Or(0))
				break
			}
		}
	}
	return w.culprits(list, rates)
}
