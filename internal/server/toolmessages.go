package server

import (
	"context"
	"errors"
	"fmt"

	"redistop/internal/redis"
)

// messageQuestions are what is asked about streams, queues and channels, each with arguments that try out
// whether the user may ask it.
var messageQuestions = []struct {
	command string
	args    []string
}{
	{"client|no-touch", []string{"CLIENT", "NO-TOUCH", "ON"}},
	{"scan", []string{"SCAN", "0", "COUNT", "1"}},
	{"type", []string{"TYPE", "k"}},
	{"pttl", []string{"PTTL", "k"}},
	{"memory|usage", []string{"MEMORY", "USAGE", "k"}},
	{"llen", []string{"LLEN", "k"}},
	{"zcard", []string{"ZCARD", "k"}},
	{"scard", []string{"SCARD", "k"}},
	{"hlen", []string{"HLEN", "k"}},
	{"zcount", []string{"ZCOUNT", "k", "0", "0"}},
	{"lindex", []string{"LINDEX", "k", "0"}},
	{"hmget", []string{"HMGET", "k", "timestamp"}},
	{"sscan", []string{"SSCAN", "queues", "0", "COUNT", "1"}},
	{"xlen", []string{"XLEN", "k"}},
	{"xinfo|stream", []string{"XINFO", "STREAM", "k"}},
	{"xinfo|groups", []string{"XINFO", "GROUPS", "k"}},
	{"xinfo|consumers", []string{"XINFO", "CONSUMERS", "k", "g"}},
	{"xpending", []string{"XPENDING", "k", "g", "-", "+", "1"}},
	{"pubsub|channels", []string{"PUBSUB", "CHANNELS"}},
	{"pubsub|numsub", []string{"PUBSUB", "NUMSUB", "c"}},
	{"pubsub|numpat", []string{"PUBSUB", "NUMPAT"}},
	{"pubsub|shardchannels", []string{"PUBSUB", "SHARDCHANNELS"}},
	{"pubsub|shardnumsub", []string{"PUBSUB", "SHARDNUMSUB", "c"}},
}

// messageCommands are those, and the containers that tell of subcommands before 7.0.
func messageCommands() []string {
	list := []string{"xinfo", "pubsub"}
	for _, q := range messageQuestions {
		list = append(list, q.command)
	}
	return list
}

// rehearse leaves out what our user may not ask, where the server can be asked that (ACL DRYRUN, 7.0+): a
// refusal would be an error in its counters, and an entry in its ACL LOG. Elsewhere the first refusal tells.
func (t *Tool) rehearse(ctx context.Context) error {
	if !t.caps.Has(dryRun) || !t.caps.Has("acl|whoami") {
		return nil
	}
	me, err := t.conn.Do(ctx, "ACL", "WHOAMI")
	if err != nil {
		return unlessRefused(err)
	}
	for _, q := range messageQuestions {
		if !t.caps.Has(q.command) {
			continue
		}
		v, err := t.conn.Do(ctx, append([]string{"ACL", "DRYRUN", me.Text}, q.args...)...)
		if err != nil {
			return unlessRefused(err)
		}
		if v.Text != "OK" {
			t.Refused(q.command)
		}
	}
	return nil
}

// unlessRefused is nil for a refusal: then what was asked is not known, and nothing else is lost.
func unlessRefused(err error) error {
	var reply *redis.ReplyError
	if errors.As(err, &reply) && !fatal(err) {
		return nil
	}
	return err
}

// Refused notes that the server does not let us send a command: it is not there any more.
func (t *Tool) Refused(command string) {
	t.caps.known[command] = false
	t.refused = append(t.refused, command)
}

// Refusals are the commands that the server has and does not let us send.
func (t *Tool) Refusals() []string { return t.refused }

// Select changes the database that is asked about.
func (t *Tool) Select(ctx context.Context, db int) error {
	if _, err := t.Ask(ctx, "SELECT", fmt.Sprint(db)); err != nil {
		return unselected(err)
	}
	return nil
}

// Look asks anew what the server says of itself; Info tells it. A user who may not ask that knows no more.
func (t *Tool) Look(ctx context.Context) error {
	if t.blind != "" {
		return nil
	}
	v, err := t.Ask(ctx, "INFO", "default")
	if err != nil {
		return unlessRefused(err)
	}
	t.info = redis.ParseInfo(v.Text)
	return nil
}

// NearLimit says that the server's memory is within a tenth of its limit: what is not necessary waits.
func (t *Tool) NearLimit() bool {
	limit := t.info.Int("maxmemory").Or(0)
	used := t.info.Int("used_memory").Or(0) - t.info.Int("mem_not_counted_for_evict").Or(0)
	return limit > 0 && used >= limit-limit/10
}

// ID is the connection's client id; 0 when unknown.
func (t *Tool) ID() int64 { return t.conn.id }

// book tells what was sent and looked up since it last did.
func (t *Tool) book() {
	if t.booked == nil {
		return
	}
	looked := t.conn.looked
	t.conn.looked = redis.Lookups{}
	t.booked(sentList(t.conn.takeTold()), looked)
}
