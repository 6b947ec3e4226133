package demo

import (
	"context"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"redistop/internal/redistest"
)

func installed(t *testing.T) redistest.Binary {
	t.Helper()
	here := append(redistest.Installed(), redistest.Fetched()...)
	if len(here) == 0 {
		t.Fatal("no redis-server or valkey-server on PATH")
	}
	return here[0]
}

// everyCommand is what the company sends, and WRONGTYPE what one of them gets.
var everyCommand = []string{"get", "set", "hgetall", "hset", "expire", "lpush", "brpop", "publish", "subscribe", "psubscribe",
	"xadd", "xreadgroup", "xack", "evalsha", "incr", "keys"}

// TestCompany lets the company work and asks the server, not the programs, who came and what they did.
func TestCompany(t *testing.T) {
	d, err := Start(t.Context(), installed(t))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	c := d.client(program{name: "test", user: Observer, instances: 1, hosts: []int{1}}, 0)
	defer c.Close()

	var missing []string
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if missing = notYet(t, c); len(missing) == 0 {
			break
		}
	}
	if len(missing) > 0 {
		t.Errorf("nobody sent %v", missing)
	}
	if d.spread {
		checkHosts(t, c.ClientList(t.Context()).Val())
	}
	checkLoad(t, c)
	checkClose(t, d)
}

func notYet(t *testing.T, c *redis.Client) (missing []string) {
	t.Helper()
	told, err := c.Info(t.Context(), "all").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range everyCommand {
		if !strings.Contains(told, "cmdstat_"+name+":") {
			missing = append(missing, name)
		}
	}
	if !strings.Contains(told, "errorstat_WRONGTYPE:") {
		missing = append(missing, "WRONGTYPE")
	}
	return missing
}

// checkHosts wants all programs there, by name, each from the address that it should come from.
func checkHosts(t *testing.T, list string) {
	t.Helper()
	for _, p := range programs {
		if p.name == "cron" {
			continue // its connections come and go
		}
		for i := range p.instances {
			from := "addr=127.0.0." + strconv.Itoa(p.host(i)) + ":"
			found := slices.ContainsFunc(strings.Split(list, "\n"), func(line string) bool {
				return strings.Contains(line, from) && strings.Contains(line, " name="+p.clientName(i)+" ") && strings.Contains(line, " user="+p.user+" ")
			})
			if !found {
				t.Errorf("no %s as %s %s in:\n%s", p.clientName(i), p.user, from, list)
			}
		}
	}
}

// checkLoad wants a load that shows something and does not burn the machine.
func checkLoad(t *testing.T, c *redis.Client) {
	t.Helper()
	number := func(section, field string) int { // of INFO, whose reply calls its sections "Stats", "Memory"
		n, err := strconv.Atoi(c.InfoMap(t.Context(), section).Item(section, field))
		if err != nil {
			t.Fatalf("%s: %v", field, err)
		}
		return n
	}
	if used := number("Memory", "used_memory"); used < maxMemory/4 || used > maxMemory*9/10 {
		t.Errorf("used_memory %d of %d: the memory bar says nothing", used, maxMemory)
	}
	hits, misses := number("Stats", "keyspace_hits"), number("Stats", "keyspace_misses")
	if ratio := float64(hits) / float64(hits+misses); ratio < 0.6 || ratio > 0.98 {
		t.Errorf("hit ratio %.2f", ratio)
	}
	before, start := number("Stats", "total_commands_processed"), time.Now()
	time.Sleep(500 * time.Millisecond)
	rate := float64(number("Stats", "total_commands_processed")-before) / time.Since(start).Seconds()
	if rate < 300 || rate > 10_000 {
		t.Errorf("%.0f commands a second", rate)
	}
	if slow := c.SlowLogGet(t.Context(), 128).Val(); !slices.ContainsFunc(slow, func(s redis.SlowLog) bool {
		return s.ClientName == "admin-web" && slices.Equal(s.Args, []string{"keys", "*"})
	}) {
		t.Errorf("no KEYS * in the slowlog: %v", slow)
	}
}

func checkClose(t *testing.T, d *Demo) {
	t.Helper()
	folder, start := d.server.Dir(), time.Now()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("Close took %v", took)
	}
	if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the server's folder is still there: %v", err)
	}
	if err := d.Context().Err(); err == nil {
		t.Error("the traffic's context did not end")
	}
	if err := d.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

// TestPanic wants a mistake in a program to end the demo in order and to be told.
func TestPanic(t *testing.T) {
	server, err := redistest.Start(t.Context(), redistest.Options{Binary: installed(t), TCP: true})
	if err != nil {
		t.Fatal(err)
	}
	d := &Demo{server: server}
	d.ctx, d.stop = context.WithCancelCause(t.Context())
	d.run(program{name: "broken", instances: 1, hosts: []int{1}, work: func(context.Context, *redis.Client, int) error {
		panic("mistake")
	}}, 0)
	select {
	case <-d.Context().Done():
	case <-time.After(5 * time.Second):
		t.Fatal("the demo goes on")
	}
	if err := context.Cause(d.Context()); !strings.Contains(err.Error(), "demo program broken: panic: mistake") {
		t.Errorf("the cause is %v", err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if server.PID() != 0 {
		t.Error("the server still runs")
	}
}

// TestTooOld wants a server without ACL refused in words.
func TestTooOld(t *testing.T) {
	_, err := Start(t.Context(), redistest.Binary{Path: "/bin/false", Flavor: "redis", Version: "5.0.14"})
	if err == nil || !strings.Contains(err.Error(), "redis 5.0.14 is too old") {
		t.Errorf("got %v", err)
	}
}
