package messaging

import (
	"context"
	"strings"

	"redistop/internal/redis"
	"redistop/internal/server"
)

// A Sight is a key that a command used as a stream or a queue.
type Sight struct {
	DB   int
	Key  string
	Type string // by the command
}

// longestSight is how long a key may be, as MONITOR quotes it.
const longestSight = 512

// sighted are the commands by which messages come and go, with the type of their keys. ZADD is not among them: most
// sorted sets are no queues.
var sighted = map[string]string{
	"xadd": "stream", "xread": "stream", "xreadgroup": "stream", "xack": "stream", "xautoclaim": "stream", "xclaim": "stream",
	"lpush": "list", "rpush": "list", "lpop": "list", "rpop": "list", "lmove": "list", "rpoplpush": "list", "lmpop": "list",
	"blpop": "list", "brpop": "list", "blmove": "list", "brpoplpush": "list", "blmpop": "list",
	"zpopmin": "zset", "bzpopmin": "zset", "bzpopmax": "zset", "zmpop": "zset", "bzmpop": "zset",
}

// EachSight calls f with the keys, still quoted, that a line of MONITOR uses as streams and queues, until it returns false.
// Of most other commands it knows at once that there are none.
func EachSight(line *redis.MonitorLine, f func(quoted []byte, kind string) bool) {
	if len(line.Args) < 2 || !strings.ContainsRune("xlrbz", rune(line.Args[1]|0x20)) {
		return
	}
	info, known := redis.LookupArgs(line.Args)
	if !known || sighted[info.Name] == "" {
		return
	}
	info.EachKey(line.Args, func(quoted []byte) bool {
		return len(quoted) > longestSight || f(quoted, sighted[info.Name])
	})
}

// Sight takes keys that were seen in use, which the search may come to late. What they are is asked.
func (w *Watcher) Sight(ctx context.Context, list []Sight) error {
	if !w.tool.Has("type") || w.tool.NearLimit() {
		return nil
	}
	defer w.known.recount()()
	byDB := map[int][]question{}
	for _, s := range list {
		at := place{s.DB, s.Key}
		if strings.HasPrefix(s.Key, server.CanaryPrefix) || !w.known.wants(w.table, at, s.Type) {
			continue
		}
		byDB[s.DB] = append(byDB[s.DB], w.typeQuestion(at))
	}
	for db, questions := range byDB {
		if err := w.selectDB(ctx, db); err != nil {
			return err
		}
		if err := w.ask(ctx, questions); err != nil {
			return err
		}
	}
	return nil
}

// typeQuestion asks what a key is and takes it, if it is worth following.
func (w *Watcher) typeQuestion(at place) question {
	return question{[]string{"TYPE", at.key}, func(v redis.Value) error {
		if lengths[v.Text] != "" || v.Text == "string" {
			w.known.add(w.table, at, v.Text)
		}
		return nil
	}, nil}
}
