package pending

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"redistop/internal/redis"
	"redistop/internal/server"
)

// asker is what is needed of a server.Tool.
type asker interface {
	Ask(ctx context.Context, args ...string) (redis.Value, error)
}

// Group is a consumer group of a stream.
type Group struct{ Key, Name string }

// Consumers are those of a group.
func (g Group) Consumers(ctx context.Context, tool asker) ([]redis.StreamConsumer, error) {
	v, err := tool.Ask(ctx, "XINFO", "CONSUMERS", g.Key, g.Name)
	if err != nil {
		return nil, g.wrap("list consumers", err)
	}
	consumers, err := redis.ParseStreamConsumers(v)
	return consumers, g.wrap("list consumers", err)
}

func (g Group) wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s of group %s of %s: %w", what, redis.PrintableCut(redis.Argument(g.Name), 100), redis.PrintableCut(redis.Argument(g.Key), 100), err)
}

// Batch is how many entries one step lists, claims or acknowledges: 0.2 ms of the server's time.
const Batch = 25

// A Listing goes through the pending entries of one consumer, the oldest first, a batch at a time. An entry that comes or
// goes meanwhile may be listed or not; none is listed twice.
type Listing struct {
	group    Group
	consumer string
	minIdle  time.Duration
	from     string // id of the next entry; empty: there is none
	fresh    int64
}

// NewListing lists what consumer was given at least minIdle ago.
func NewListing(g Group, consumer string, minIdle time.Duration) *Listing {
	return &Listing{group: g, consumer: consumer, minIdle: minIdle, from: "-"}
}

// Fresh is how many entries were passed over so far because they were given to the consumer less than that ago.
func (l *Listing) Fresh() int64 { return l.fresh }

// Next is the next batch, which may be empty; io.EOF when there is no more.
func (l *Listing) Next(ctx context.Context, tool asker) ([]redis.PendingEntry, error) {
	if l.from == "" {
		return nil, io.EOF
	}
	v, err := tool.Ask(ctx, "XPENDING", l.group.Key, l.group.Name, l.from, "+", strconv.Itoa(Batch), l.consumer)
	if err != nil {
		return nil, l.group.wrap("list pending entries", err)
	}
	page, err := redis.ParsePending(v)
	if err != nil {
		return nil, l.group.wrap("list pending entries", err)
	}
	l.from = ""
	if len(page) >= Batch {
		l.from = behind(page[len(page)-1].ID)
	}
	entries := page[:0]
	for _, e := range page {
		if e.Idle < l.minIdle {
			l.fresh++
			continue
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// behind is the id that follows one; empty when there is none. Servers before 6.2 know no exclusive ranges.
func behind(id string) string {
	at, ok := redis.ParseStreamID(id)
	switch {
	case !ok, at.Ms == math.MaxUint64 && at.Seq == math.MaxUint64:
		return ""
	case at.Seq == math.MaxUint64:
		return strconv.FormatUint(at.Ms+1, 10) + "-0"
	}
	return strconv.FormatUint(at.Ms, 10) + "-" + strconv.FormatUint(at.Seq+1, 10)
}

// Find looks up pending entries by their ids, in order; those that are not pending are left out.
func (g Group) Find(ctx context.Context, tool asker, ids []string) ([]redis.PendingEntry, error) {
	var found []redis.PendingEntry
	for _, id := range ids {
		v, err := tool.Ask(ctx, "XPENDING", g.Key, g.Name, id, id, "1")
		if err != nil {
			return found, g.wrap("look up "+id, err)
		}
		page, err := redis.ParsePending(v)
		if err != nil {
			return found, g.wrap("look up "+id, err)
		}
		found = append(found, page...)
	}
	return found, nil
}

// Deleted says which of some entries, at most a Batch, are not in the stream any more: nobody can process them.
func (g Group) Deleted(ctx context.Context, tool asker, ids []string) ([]string, error) {
	v, err := tool.Ask(ctx, append([]string{"EVAL", server.DeletedScript, "1", g.Key}, ids...)...)
	if err != nil {
		return nil, g.wrap("look for entries", err)
	}
	gone, err := texts(v)
	return gone, g.wrap("look for entries", err)
}

// errReply is a reply that is not one of the script.
var errReply = errors.New("not a reply to that question")

// texts reads a list of texts.
func texts(v redis.Value) ([]string, error) {
	if v.Kind != redis.KindArray {
		return nil, errReply
	}
	var list []string
	for _, e := range v.Elems {
		if e.Text == "" {
			return nil, errReply
		}
		list = append(list, e.Text)
	}
	return list, nil
}
