package usage

import (
	"strconv"
	"strings"

	"redistop/internal/stats"
)

// nouns are how kinds are called, one and several of what they hold.
var nouns = map[stats.UseKind]struct{ title, one, many, short string }{
	stats.UseCache:     {"cache", "kind of key", "kinds of keys", "cache"},
	stats.UseSessions:  {"sessions", "kind of key", "kinds of keys", "sessions"},
	stats.UseQueue:     {"job queue", "queue", "queues", "job queues"},
	stats.UsePubSub:    {"Pub/Sub", "channel", "channels", "Pub/Sub"},
	stats.UseStream:    {"event log", "stream", "streams", "streams"},
	stats.UseLink:      {"link between programs", "name", "names", "link"},
	stats.UseLock:      {"locks", "kind of key", "kinds of keys", "locks"},
	stats.UseRateLimit: {"rate limits", "kind of key", "kinds of keys", "rate limits"},
	stats.UseCounter:   {"counters", "kind of key", "kinds of keys", "counters"},
	stats.UseRanking:   {"rankings", "kind of key", "kinds of keys", "rankings"},
	stats.UseStore:     {"data store", "kind of key", "kinds of keys", "data store"},
	stats.UseUnknown:   {"unknown", "kind of key", "kinds of keys", "unknown"},
}

// title is a use in a few words: "job queue (BullMQ): 3 queues".
func title(u *use, names int) string {
	n := nouns[u.kind]
	text := n.title
	if u.framework != "" {
		text += " (" + u.framework + ")"
	}
	switch {
	case names == 1:
		text += ": 1 " + n.one
	case names > 1:
		text += ": " + count(int64(names)) + " " + n.many
	}
	return text
}

// Short is what a server is used for in at most most phrases of a word or two, the surest of the largest first:
// "BullMQ queues", "cache", "Pub/Sub".
func Short(u *stats.Usage, most int) []string {
	if u == nil {
		return nil
	}
	var sure, maybe []string
	for i := range u.Uses {
		text := ShortUse(&u.Uses[i])
		if u.Uses[i].Confidence == stats.Possible {
			maybe = append(maybe, text+"?")
			continue
		}
		sure = append(sure, text)
	}
	all := append(sure, maybe...)
	return all[:min(most, len(all))]
}

// ShortUse is one use in a word or two.
func ShortUse(u *stats.Use) string {
	n := nouns[u.Kind]
	switch {
	case u.Framework == "":
		return n.short
	case u.Kind == stats.UseQueue:
		return u.Framework + " queues"
	case u.Kind == stats.UseLink, strings.Contains(strings.ToLower(u.Framework), n.title):
		return u.Framework
	}
	return n.short
}

// count writes a number whole, its thousands apart.
func count(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
