package usage

import (
	"slices"
	"strings"
	"unicode"

	"redistop/internal/stats"
)

// A verdict is what a layout is for, told by its shape and the words in its names.
type verdict struct {
	kind       stats.UseKind
	confidence stats.Confidence
	why        string // words for a person
}

// words that say what a key is for, wherever they stand in its name. Where two lists know a name, the first wins:
// "session:lock" is a lock, "rate:count" a limit.
var words = []struct {
	kind  stats.UseKind
	types []string // that such a key can have
	words []string
}{
	{stats.UseLock, []string{"string", "hash"}, []string{"lock", "locks", "lck", "mutex", "mutexes", "semaphore", "lease", "redlock"}},
	{stats.UseRateLimit, []string{"string", "hash", "zset", "list"}, []string{"rl", "ratelimit", "ratelimits", "ratelimiter", "limiter", "throttle", "throttles", "throttled", "attempts", "quota", "quotas"}},
	{stats.UseSessions, []string{"string", "hash"}, []string{"session", "sessions", "sess", "sessid", "sessionid", "phpsessid", "usersession"}},
	{stats.UseQueue, []string{"list", "zset"}, []string{"queue", "queues", "job", "jobs", "task", "tasks", "inbox", "outbox", "backlog", "worker", "workers", "pending", "delayed", "scheduled"}},
	{stats.UseRanking, []string{"zset"}, []string{"leaderboard", "leaderboards", "rank", "ranks", "ranking", "rankings", "score", "scores", "highscore", "highscores", "trending", "top"}},
	{stats.UseCache, []string{"string", "hash", "list", "set", "zset"}, []string{"cache", "cached", "caches", "fragment", "fragments", "rendered", "html"}},
	{stats.UseCounter, []string{"string", "hash"}, []string{"count", "counts", "counter", "counters", "hits", "visits", "views", "stat", "stats", "total", "totals", "metric", "metrics", "seq", "sequence"}},
}

// wordsIn are the words of a pattern, in lower case: what letters make between everything else.
func wordsIn(pattern string) []string {
	var b strings.Builder
	for i, r := range pattern {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte(' ') // camelCase
		}
		if unicode.IsLetter(r) {
			b.WriteRune(unicode.ToLower(r))
		} else {
			b.WriteByte(' ')
		}
	}
	all := strings.Fields(b.String())
	for i := range len(all) - 1 {
		all = append(all, all[i]+all[i+1]) // rate-limit, rateLimit
	}
	return append(all, strings.FieldsFunc(strings.ToLower(pattern), func(r rune) bool { return !unicode.IsLetter(r) })...)
}

// A world is what of the server helps to judge a layout.
type world struct {
	evictsAll bool // any key may be evicted: allkeys-*
	lookups   bool // it is asked for keys that may not be there
	counts    bool // it counts: INCR and its like
	serves    bool // lists are taken from by clients that wait
	acts      map[string]acts
}

// shortTTL is what limits and locks live at most, in seconds.
const shortTTL = 3600

// smallValue is the length of a number or a short token, in bytes.
const smallValue = 20

// judge says what a layout that no framework claims is for.
func (w world) judge(l *stats.Layout) verdict {
	if l.Type == "stream" {
		return verdict{stats.UseStream, stats.Certain, "streams"}
	}
	if !slices.Contains(types, l.Type) {
		return verdict{stats.UseStore, stats.Likely, "a module's type: " + l.Type}
	}
	if v, ok := w.byWord(l); ok {
		return v
	}
	expiring := l.Keys > l.NoAnswer && float64(l.WithTTL) >= 0.9*float64(l.Keys-l.NoAnswer)
	if v, ok := w.byActs(l, expiring); ok {
		return v
	}
	small := l.Type == "string" && l.MeanSize.Known() && l.MeanSize.Or(0) <= smallValue
	switch {
	case expiring && small && w.counts && l.MaxTTL.Or(shortTTL+1) <= shortTTL:
		return verdict{stats.UseRateLimit, stats.Possible, "short values that live less than an hour, on a server that counts"}
	case l.Type == "list" && w.serves:
		return verdict{stats.UseQueue, stats.Possible, "lists, on a server where clients wait for elements of lists"}
	case expiring && (w.lookups || w.evictsAll):
		return verdict{stats.UseCache, stats.Likely, "keys that expire, on a server that is asked for keys that may be gone"}
	case expiring:
		return verdict{stats.UseCache, stats.Possible, "keys that expire"}
	case small && w.counts:
		return verdict{stats.UseCounter, stats.Possible, "short values that stay, on a server that counts"}
	case w.evictsAll:
		return verdict{stats.UseCache, stats.Possible, "keys that any write may evict (the maxmemory-policy is allkeys)"}
	case l.Keys > 0 && l.NoAnswer == l.Keys:
		return verdict{stats.UseStore, stats.Possible, "keys of which nothing says whether they expire"}
	}
	return verdict{stats.UseStore, stats.Likely, "keys that stay"}
}

// byWord judges by a word in the name that goes with the type.
func (w world) byWord(l *stats.Layout) (verdict, bool) {
	in := wordsIn(l.Pattern)
	for _, list := range words {
		if !slices.Contains(list.types, l.Type) {
			continue
		}
		for _, word := range list.words {
			if !slices.Contains(in, word) {
				continue
			}
			v := verdict{list.kind, stats.Likely, `"` + word + `" in the name of a ` + l.Type}
			if list.kind == stats.UseQueue && !w.serves {
				v.confidence = stats.Possible
			}
			return v, true
		}
	}
	return verdict{}, false
}
