package pending

import (
	"context"
	"strconv"
	"time"

	"redistop/internal/redis"
	"redistop/internal/server"
)

// A Claim gives entries of one consumer to another.
type Claim struct {
	Group
	From, To string
	MinIdle  time.Duration // entries that were given to From less than that ago stay
	Drop     bool          // entries that were deleted from the stream are acknowledged: nobody can process them
}

// Claimed is what became of a batch.
type Claimed struct {
	Given   []string // now To's
	Deleted []string // not in the stream any more: still From's, or acknowledged by Drop
}

// Do claims entries by their ids, at most a Batch. Those that are in neither list have been acknowledged, claimed by
// somebody else or given to From again meanwhile. The number of deliveries stays: To raises it when it reads them.
func (c Claim) Do(ctx context.Context, tool asker, ids []string) (Claimed, error) {
	what := "keep"
	if c.Drop {
		what = "drop"
	}
	args := append([]string{"EVAL", server.ClaimScript, "1", c.Key, c.Name, c.From, c.To, milliseconds(c.MinIdle), what}, ids...)
	v, err := tool.Ask(ctx, args...)
	if err != nil {
		return Claimed{}, c.wrap("claim entries", err)
	}
	if len(v.Elems) != 2 {
		return Claimed{}, c.wrap("claim entries", errReply)
	}
	var done Claimed
	if done.Given, err = texts(v.Elems[0]); err == nil {
		done.Deleted, err = texts(v.Elems[1])
	}
	return done, c.wrap("claim entries", err)
}

// Acknowledge acknowledges entries by their ids, at most a Batch, if they are still consumer's (empty: anybody's), and
// were given to it at least minIdle ago. It returns those that it has acknowledged.
func (g Group) Acknowledge(ctx context.Context, tool asker, consumer string, minIdle time.Duration, ids []string) ([]string, error) {
	args := append([]string{"EVAL", server.AckScript, "1", g.Key, g.Name, consumer, milliseconds(minIdle)}, ids...)
	v, err := tool.Ask(ctx, args...)
	if err != nil {
		return nil, g.wrap("acknowledge entries", err)
	}
	done, err := texts(v)
	return done, g.wrap("acknowledge entries", err)
}

// Create makes a consumer that holds nothing.
func (g Group) Create(ctx context.Context, tool asker, consumer string) error {
	_, err := tool.Ask(ctx, "XGROUP", "CREATECONSUMER", g.Key, g.Name, consumer)
	return g.wrap("create consumer "+redis.PrintableCut(redis.Argument(consumer), 100), err)
}

// Deletion is what became of a consumer.
type Deletion string

// What can become of one.
const (
	Deleted Deletion = "deleted"
	Holds   Deletion = "holds"  // it stays: it holds entries, which would be lost
	Active  Deletion = "active" // it stays: it has asked too lately
	None    Deletion = "none"   // there is none of that name
)

// Delete deletes a consumer that holds nothing and has not asked for minIdle. It returns how many entries it holds, and how
// long ago it asked.
func (g Group) Delete(ctx context.Context, tool asker, consumer string, minIdle time.Duration) (d Deletion, holds int64, idle time.Duration, err error) {
	what := "delete consumer " + redis.PrintableCut(redis.Argument(consumer), 100)
	v, err := tool.Ask(ctx, "EVAL", server.DeleteConsumerScript, "1", g.Key, g.Name, consumer, milliseconds(minIdle))
	if err != nil {
		return "", 0, 0, g.wrap(what, err)
	}
	if len(v.Elems) != 3 || v.Elems[1].Kind != redis.KindInteger || v.Elems[2].Kind != redis.KindInteger {
		return "", 0, 0, g.wrap(what, errReply)
	}
	return Deletion(v.Elems[0].Text), v.Elems[1].Int, time.Duration(v.Elems[2].Int) * time.Millisecond, nil
}

// milliseconds rounds up: a wait of less than one is not none.
func milliseconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Millisecond-1)/time.Millisecond), 10)
}
