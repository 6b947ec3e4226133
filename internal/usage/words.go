package usage

import (
	"slices"
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

// Short is what a server is used for in at most most phrases of a word or two: what most of its keys or commands are
// for, then what is certain and more than a trifle, then the rest, the larger first: "cache", "BullMQ queues", "Pub/Sub".
// A question mark stands behind what is only possible.
func Short(u *stats.Usage, most int) []string {
	if u == nil {
		return nil
	}
	var largest float64
	for i := range u.Uses {
		largest = max(largest, partOf(&u.Uses[i]))
	}
	var ranks [4][]string
	for i := range u.Uses {
		one := &u.Uses[i]
		text, rank := ShortUse(one), 2
		if one.Confidence == stats.Possible {
			text, rank = text+"?", 3
		}
		switch part := partOf(one); {
		case part >= 0.5, part == largest && part >= mainPart:
			rank = 0
		case rank == 3:
		case one.Confidence == stats.Certain && !trifle(one):
			rank = 1
		}
		ranks[rank] = append(ranks[rank], text)
	}
	all := slices.Concat(ranks[:]...)
	return all[:min(most, len(all))]
}

// mainPart of keys or commands makes the largest use the first that is named, whatever else there is.
const mainPart = 0.2

// partOf is the part of the keys or of the commands that a use has, whichever is larger.
func partOf(u *stats.Use) float64 { return max(u.KeyShare.Or(0), u.CallShare.Or(0)) }

// trifle says that a use which is certain is too small to be named before larger ones. A job queue matters with few keys; of
// Pub/Sub and of a link's buffer only what is sent says how much it matters.
func trifle(u *stats.Use) bool {
	switch u.Kind {
	case stats.UsePubSub, stats.UseLink:
		return partOf(u) <= 0.01
	}
	return false
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

// several counts things whose plural ends with an s.
func several(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + one + "s"
}

// count writes a number whole, its thousands apart.
func count(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
