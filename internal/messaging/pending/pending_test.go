package pending_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"redistop/internal/messaging/pending"
	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/server"
)

var group = pending.Group{Key: "orders", Name: "billing"}

func client(t *testing.T, s *redistest.Server) *goredis.Client {
	t.Helper()
	c := goredis.NewClient(&goredis.Options{Network: "unix", Addr: s.Socket(), DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}})
	t.Cleanup(func() { c.Close() })
	return c
}

func tool(t *testing.T, s *redistest.Server) *server.Tool {
	t.Helper()
	tool, err := server.OpenTool(t.Context(), server.Target{Network: "unix", Address: s.Socket()}, server.ToolOptions{Budget: 0.9, Pending: true, Actions: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tool.Close() })
	return tool
}

// fill makes the stream and the group, and returns the ids.
func fill(t *testing.T, c *goredis.Client, n int) []string {
	t.Helper()
	ctx := t.Context()
	if err := c.XGroupCreateMkStream(ctx, group.Key, group.Name, "0").Err(); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for i := range n {
		id := strconv.Itoa(i/7+1) + "-" + strconv.Itoa(i%7)
		if err := c.XAdd(ctx, &goredis.XAddArgs{Stream: group.Key, ID: id, Values: []string{"secret", "value"}}).Err(); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// read is what a consumer gets: from ">" new entries, from "0" those that it holds.
func read(ctx context.Context, c *goredis.Client, consumer, from string, n int64) ([]string, error) {
	streams, err := c.XReadGroup(ctx, &goredis.XReadGroupArgs{Group: group.Name, Consumer: consumer, Streams: []string{group.Key, from}, Count: n, Block: -1}).Result()
	if errors.Is(err, goredis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, s := range streams {
		for _, m := range s.Messages {
			ids = append(ids, m.ID)
		}
	}
	return ids, nil
}

func mustRead(t *testing.T, c *goredis.Client, consumer, from string, n int64) []string {
	t.Helper()
	ids, err := read(t.Context(), c, consumer, from, n)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// claimAll goes through a listing until its end, or until stop says so after a batch.
func claimAll(ctx context.Context, tool *server.Tool, c pending.Claim, stop func(given int) bool) (given, deleted []string, err error) {
	l := pending.NewListing(c.Group, c.From, c.MinIdle)
	for {
		page, err := l.Next(ctx, tool)
		if errors.Is(err, io.EOF) {
			return given, deleted, nil
		}
		if err != nil {
			return given, deleted, err
		}
		var ids []string
		for _, e := range page {
			ids = append(ids, e.ID)
		}
		if len(ids) == 0 {
			continue
		}
		done, err := c.Do(ctx, tool, ids)
		given, deleted = append(given, done.Given...), append(deleted, done.Deleted...)
		if err != nil || stop != nil && stop(len(given)) {
			return given, deleted, err
		}
	}
}

// Beside consumers that read and acknowledge, and one that is not as dead as it looks, a claim that is killed in the middle
// and goes on loses no entry: each is processed, and none is acknowledged that was not.
func TestClaimBesideConsumers(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		c := client(t, s)
		all := fill(t, c, 2000)
		held := mustRead(t, c, "dead", ">", 700)
		var mu sync.Mutex
		processed := map[string]int{}
		process := func(consumer, from string) (int, error) {
			ids, err := read(t.Context(), c, consumer, from, 20)
			if err != nil || len(ids) == 0 {
				return 0, err
			}
			mu.Lock()
			for _, id := range ids {
				processed[id]++
			}
			mu.Unlock()
			return len(ids), c.XAck(t.Context(), group.Key, group.Name, ids...).Err()
		}
		over := make(chan struct{})
		var work sync.WaitGroup
		for _, name := range []string{"live", "other"} {
			work.Go(func() {
				for running := true; running; {
					select {
					case <-over:
						running = false
					default:
					}
					for _, from := range []string{">", "0"} {
						if _, err := process(name, from); err != nil {
							t.Error(err)
							return
						}
					}
				}
			})
		}
		work.Go(func() { // the dead one wakes up for some of what it holds
			for i := 3; i < len(held); i += 50 {
				mu.Lock()
				processed[held[i]]++
				mu.Unlock()
				if err := c.XAck(t.Context(), group.Key, group.Name, held[i]).Err(); err != nil {
					t.Error(err)
				}
			}
		})
		claim := pending.Claim{Group: group, From: "dead", To: "live"}
		ctx, kill := context.WithCancel(t.Context())
		first, _, err := claimAll(ctx, tool(t, s), claim, func(n int) bool {
			if n >= 200 {
				kill()
			}
			return false
		})
		kill()
		if !errors.Is(err, context.Canceled) || len(first) < 200 || len(first) == len(held) {
			t.Errorf("killed: %d given, %v", len(first), err)
		}
		second, deleted, err := claimAll(t.Context(), tool(t, s), claim, nil)
		if err != nil || len(deleted) != 0 {
			t.Errorf("gone on: %v, deleted %v", err, deleted)
		}
		for _, id := range second {
			if slices.Contains(first, id) {
				t.Errorf("%s was given twice", id)
			}
		}
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
			mu.Lock()
			n := len(processed)
			mu.Unlock()
			if n == len(all) {
				break
			}
		}
		close(over)
		work.Wait()
		for _, id := range all {
			if processed[id] == 0 {
				t.Errorf("%s was never processed", id)
			}
		}
		if p, err := c.XPending(t.Context(), group.Key, group.Name).Result(); err != nil || p.Count != 0 {
			t.Errorf("pending at the end: %+v, %v", p, err)
		}
	})
}

// A consumer as guides write it: at its start it reads what it holds, then what is new. One that crashes between reading
// and acknowledging leaves entries pending; they are claimed, and the other one gets them when it starts.
func TestCrashBetweenReadAndAck(t *testing.T) {
	s := redistest.New(t)
	c := client(t, s)
	fill(t, c, 30)
	start := func(name string, crash bool) (got []string) {
		for _, from := range []string{"0", ">"} {
			ids := mustRead(t, c, name, from, 10)
			got = append(got, ids...)
			if crash {
				continue
			}
			if len(ids) > 0 {
				if err := c.XAck(t.Context(), group.Key, group.Name, ids...).Err(); err != nil {
					t.Fatal(err)
				}
			}
		}
		return got
	}
	lost := start("worker-1", true)
	start("worker-2", false)
	tl := tool(t, s)
	l := pending.NewListing(group, "worker-1", 0)
	page, err := l.Next(t.Context(), tl)
	if err != nil || len(page) != len(lost) || page[0].Deliveries != 1 || page[0].Consumer != "worker-1" {
		t.Fatalf("pending after the crash: %+v, %v", page, err)
	}
	given, _, err := claimAll(t.Context(), tl, pending.Claim{Group: group, From: "worker-1", To: "worker-2"}, nil)
	if err != nil || !slices.Equal(given, lost) {
		t.Fatalf("claimed %v, want %v, %v", given, lost, err)
	}
	found, err := group.Find(t.Context(), tl, []string{lost[0], "99-99"})
	if err != nil || len(found) != 1 || found[0].Consumer != "worker-2" || found[0].Deliveries != 1 {
		t.Errorf("after the claim: %+v, %v", found, err)
	}
	again := mustRead(t, c, "worker-2", "0", 10)
	if found, err = group.Find(t.Context(), tl, lost[:1]); err != nil || !slices.Equal(again, lost) || found[0].Deliveries != 2 {
		t.Errorf("the other one gets %v, %+v, %v", again, found, err)
	}
}

// Entries that were deleted from the stream stay pending, unless that is asked for.
func TestClaimOfDeletedEntries(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		c, tl := client(t, s), tool(t, s)
		fill(t, c, 10)
		held := mustRead(t, c, "dead", ">", 10)
		if err := c.XDel(t.Context(), group.Key, held[2], held[5]).Err(); err != nil {
			t.Fatal(err)
		}
		if gone, err := group.Deleted(t.Context(), tl, held); err != nil || !slices.Equal(gone, []string{held[2], held[5]}) {
			t.Errorf("deleted: %v, %v", gone, err)
		}
		claim := pending.Claim{Group: group, From: "dead", To: "live"}
		given, deleted, err := claimAll(t.Context(), tl, claim, nil)
		if err != nil || len(given) != 8 || !slices.Equal(deleted, []string{held[2], held[5]}) {
			t.Errorf("given %v, deleted %v, %v", given, deleted, err)
		}
		count := func(want int64) {
			t.Helper()
			if p, err := c.XPending(t.Context(), group.Key, group.Name).Result(); err != nil || p.Count != want {
				t.Errorf("pending: %+v, want %d, %v", p, want, err)
			}
		}
		count(10)
		claim.Drop = true
		if given, deleted, err = claimAll(t.Context(), tl, claim, nil); err != nil || len(given) != 0 || len(deleted) != 2 {
			t.Errorf("given %v, deleted %v, %v", given, deleted, err)
		}
		count(8)
	})
}

// Between a look and an act things change: what is not as it was stays.
func TestWhatHasChangedStays(t *testing.T) {
	s := redistest.New(t)
	c, tl := client(t, s), tool(t, s)
	fill(t, c, 9)
	ids := mustRead(t, c, "dead", ">", 9)
	if err := c.XClaimJustID(t.Context(), &goredis.XClaimArgs{Stream: group.Key, Group: group.Name, Consumer: "other", Messages: ids[:1]}).Err(); err != nil {
		t.Fatal(err)
	}
	if err := c.XAck(t.Context(), group.Key, group.Name, ids[1]).Err(); err != nil {
		t.Fatal(err)
	}
	long := pending.Claim{Group: group, From: "dead", To: "live", MinIdle: time.Hour}
	if done, err := long.Do(t.Context(), tl, ids); err != nil || len(done.Given)+len(done.Deleted) != 0 {
		t.Errorf("given to dead just now: %+v, %v", done, err)
	}
	long.MinIdle = 0
	if done, err := long.Do(t.Context(), tl, ids[:4]); err != nil || !slices.Equal(done.Given, ids[2:4]) {
		t.Errorf("given %+v, want %v, %v", done, ids[2:4], err)
	}
	if done, err := group.Acknowledge(t.Context(), tl, "dead", time.Hour, ids); err != nil || len(done) != 0 {
		t.Errorf("acknowledged %v though dead got it just now, %v", done, err)
	}
	if done, err := group.Acknowledge(t.Context(), tl, "dead", 0, ids[:5]); err != nil || !slices.Equal(done, ids[4:5]) {
		t.Errorf("acknowledged %v, want %v alone, %v", done, ids[4:5], err)
	}
	if done, err := group.Acknowledge(t.Context(), tl, "", 0, []string{ids[0], ids[1], "99-0"}); err != nil || !slices.Equal(done, ids[:1]) {
		t.Errorf("acknowledged %v, want %v alone, %v", done, ids[:1], err)
	}
	l := pending.NewListing(group, "dead", time.Hour)
	if page, err := l.Next(t.Context(), tl); err != nil || len(page) != 0 || l.Fresh() != 4 {
		t.Errorf("%+v, %d fresh, %v", page, l.Fresh(), err)
	}
}

// A consumer that holds entries is not deleted, nor one that asks, on any version.
func TestDelete(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		c, tl := client(t, s), tool(t, s)
		fill(t, c, 3)
		ids := mustRead(t, c, "dead", ">", 3)
		check := func(consumer string, idle time.Duration, want pending.Deletion, holds int64) {
			t.Helper()
			got, n, _, err := group.Delete(t.Context(), tl, consumer, idle)
			if err != nil || got != want || n != holds {
				t.Errorf("delete %s: %q, holds %d, %v, want %q, %d", consumer, got, n, err, want, holds)
			}
		}
		check("dead", 0, pending.Holds, 3)
		check("nobody", 0, pending.None, 0)
		if err := c.XAck(t.Context(), group.Key, group.Name, ids...).Err(); err != nil {
			t.Fatal(err)
		}
		check("dead", time.Hour, pending.Active, 0)
		check("dead", 0, pending.Deleted, 0)
		check("dead", 0, pending.None, 0)
		if err := group.Create(t.Context(), tl, "odd \x00\xff name"); err != nil {
			t.Fatal(err)
		}
		if list, err := group.Consumers(t.Context(), tl); err != nil || len(list) != 1 || list[0].Name != "odd \x00\xff name" {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

// The user that redistop acl --claim prints is enough for all of it, on every version.
func TestLeastUser(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		c := client(t, s)
		fill(t, c, 5)
		ids := mustRead(t, c, "dead", ">", 5)
		target := server.Target{Network: "unix", Address: s.Socket()}
		rule, err := server.ACLRule(t.Context(), target, server.ACLWish{User: "carer", Claim: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.CLI(strings.Fields(strings.Replace(rule, ">PASSWORD", "nopass", 1))...); err != nil {
			t.Fatalf("%s: %v", rule, err)
		}
		target.Username = "carer"
		tl, err := server.OpenTool(t.Context(), target, server.ToolOptions{Budget: 0.9, Pending: true, Actions: true})
		if err != nil {
			t.Fatal(err)
		}
		defer tl.Close()
		if err := group.Create(t.Context(), tl, "live"); err != nil {
			t.Error(err)
		}
		if given, _, err := claimAll(t.Context(), tl, pending.Claim{Group: group, From: "dead", To: "live"}, nil); err != nil || len(given) != 5 {
			t.Errorf("given %v, %v", given, err)
		}
		if done, err := group.Acknowledge(t.Context(), tl, "live", 0, ids); err != nil || len(done) != 5 {
			t.Errorf("acknowledged %v, %v", done, err)
		}
		if became, _, _, err := group.Delete(t.Context(), tl, "dead", 0); err != nil || became != pending.Deleted {
			t.Errorf("%v, %v", became, err)
		}
	})
}

// answer is a server that says one thing.
type answer struct{ v redis.Value }

func (a answer) Ask(context.Context, ...string) (redis.Value, error) { return a.v, a.v.Err() }

// Replies of no sense are errors.
func TestNonsense(t *testing.T) {
	text := redis.Value{Kind: redis.KindBulk, Text: "x"}
	for _, v := range []redis.Value{{}, text, {Kind: redis.KindArray, Elems: []redis.Value{text, text}}, {Kind: redis.KindArray, Elems: []redis.Value{text, text, text}}, {Kind: redis.KindError, Text: "ERR no"}} {
		if _, err := (pending.Claim{Group: group}).Do(t.Context(), answer{v}, []string{"1-1"}); err == nil {
			t.Errorf("claim accepts %+v", v)
		}
		if _, _, _, err := group.Delete(t.Context(), answer{v}, "c", 0); err == nil {
			t.Errorf("delete accepts %+v", v)
		}
	}
	for _, v := range []redis.Value{{}, text, {Kind: redis.KindArray, Elems: []redis.Value{{}}}} {
		if _, err := group.Acknowledge(t.Context(), answer{v}, "c", 0, []string{"1-1"}); err == nil {
			t.Errorf("ack accepts %+v", v)
		}
	}
}
