package messaging

import (
	"context"
	"slices"
	"strings"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// channels are the channels that have subscribers, as of the last look.
type channels struct {
	rows     []stats.ChannelRow
	patterns stats.Maybe[int64]
	omitted  int
	canaries int64 // channels of a canary, which are nobody's messages
	many     int64 // that are too many to be listed; 0: they are listed
}

const (
	// mostListed is how many channels may be there for PUBSUB CHANNELS to be asked, which sends all of them.
	mostListed = 5000
	perNumsub  = 50 // channels that one NUMSUB asks about
)

// pollChannels looks at the channels. INFO tells first how many there are.
func (w *Watcher) pollChannels(ctx context.Context) error {
	c := channels{}
	info := w.tool.Info()
	if w.tool.Has("pubsub|numpat") {
		if err := w.ask(ctx, []question{{[]string{"PUBSUB", "NUMPAT"}, func(v redis.Value) error { c.patterns = stats.Some(v.Int); return nil }, nil}}); err != nil {
			return err
		}
	}
	for _, kind := range []struct {
		list, count, field string
		shard              bool
	}{{"CHANNELS", "NUMSUB", "pubsub_channels", false}, {"SHARDCHANNELS", "SHARDNUMSUB", "pubsubshard_channels", true}} {
		n, told := info.Int(kind.field).Get()
		if n > mostListed {
			c.many += n
			continue
		}
		if !told && kind.shard || !w.tool.Has(commandOf([]string{"PUBSUB", kind.list})) {
			continue
		}
		if err := w.listChannels(ctx, &c, kind.list, kind.count, kind.shard); err != nil {
			return err
		}
	}
	w.channels = c
	return nil
}

func (w *Watcher) listChannels(ctx context.Context, c *channels, list, count string, shard bool) error {
	var names []string
	if err := w.ask(ctx, []question{{[]string{"PUBSUB", list}, func(v redis.Value) (err error) { names, err = redis.ParseNames(v); return err }, nil}}); err != nil {
		return err
	}
	all := len(names)
	names = slices.DeleteFunc(names, func(name string) bool { return strings.HasPrefix(name, redis.CanaryPrefix) })
	c.canaries += int64(all - len(names))
	if len(names) > mostListed {
		c.omitted += len(names) - mostListed
		names = names[:mostListed]
	}
	if !w.tool.Has(commandOf([]string{"PUBSUB", count})) {
		return nil
	}
	var questions []question
	for len(names) > 0 {
		some := names[:min(len(names), perNumsub)]
		names = names[len(some):]
		questions = append(questions, question{append([]string{"PUBSUB", count}, some...), func(v redis.Value) error {
			subscribers, err := redis.ParseSubscribers(v)
			for name, n := range subscribers {
				c.rows = append(c.rows, stats.ChannelRow{Name: name, Shard: shard, Subscribers: n})
			}
			return err
		}, nil})
	}
	return w.ask(ctx, questions)
}
