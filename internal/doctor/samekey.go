package doctor

import (
	"fmt"
	"slices"
	"strings"

	"redistop/internal/stats"
)

// keyAlone are the commands of together that say nothing but a key: of the same key they bring the same, or
// do the same, again. Others ask for another field or member each time.
var keyAlone = set("get", "getex", "hgetall", "exists", "ttl", "pttl", "type", "strlen", "scard", "zcard", "llen", "smembers", "lrange", "zrange", "hlen",
	"set", "setex", "setnx", "incr", "incrby", "del", "unlink", "expire")

// mostOfPattern is the share of a pattern's commands that one key of it has where it is as good as all.
const mostOfPattern = 0.8

// sameKey is the one key that a sample's sender asks for again and again, safe to print.
func (w *Window) sameKey(r *stats.SampleRow) (key string, ok bool) {
	if !keyAlone[r.Command] {
		return "", false
	}
	if !strings.Contains(r.Pattern, "*") {
		return r.Pattern, true
	}
	for i := range w.Now.HotKeys {
		k := &w.Now.HotKeys[i]
		if k.TopCommand == r.Command && slices.Equal(k.Clients, []string{r.IP}) && folded(appendQuoted(nil, k.Pattern)) == r.Pattern &&
			k.CommandsPerSecond.Or(0) >= mostOfPattern*r.CommandsPerSecond.Or(0) {
			return k.Pattern, true
		}
	}
	return "", false
}

// sayOfSameKey tells of a loop over one key, of which nothing can be asked for at once.
func (w *Window) sayOfSameKey(f *stats.Finding, r *stats.SampleRow, key string) {
	f.Title = fmt.Sprintf("%s sends %s %s, the same key again and again, %s", whoText(f.Culprits[0]), commandName(r.Command), safeName(key), perSecond(r.CommandsPerSecond.Or(0)))
	if writes(r.Command) {
		f.Remedy = []string{"write it less often: collect in the client what changes, and send the last value or the sum (INCRBY) every second or so"}
		f.Unknown = []string{"whether the next command depends on the answer before, or many requests share the connection"}
		return
	}
	f.Remedy = []string{
		"keep it in the client for a moment: for a second or so, or with client-side caching (CLIENT TRACKING) until it changes",
		"if many clients ask for it, it is a hot key: read it from replicas, or keep copies of it under several names",
	}
	f.Unknown = []string{"whether it waits for a change of the key: then keyspace notifications, a blocking command or a stream tell of it without asking"}
}
