// Command keys measures what another client feels while keys are listed, read and deleted: by KEYS,
// HGETALL and their kin, and by redistop keys, in one run on one server.
//
//	go run ./bench/keys                # the experiment with 100,000 keys, and values of 1,000,000 elements
//	go run ./bench/keys -elements 100000 -budget 5%
//
// A client beside wants to send SET every millisecond; the table says how long it waited. What redistop
// lists and reads is counted, so that a fast answer is a whole one.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"redistop/bench/lab"
	"redistop/internal/redistest"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "keys:", err)
		os.Exit(1)
	}
}

// maxElements bounds what the server is filled with: about 1 GB.
const maxElements = 2_000_000

func run() error {
	name := flag.String("server", "", "server: a path or a beginning of flavor-version; default the installed one")
	program := flag.String("redistop", "./redistop", "the program measured, made by make")
	keys := flag.Int("keys", 100_000, "keys of the first experiment")
	elements := flag.Int("elements", 1_000_000, "elements of each value of the second")
	budget := flag.String("budget", "10%", "redistop's --budget in the second; the first has its default, 1%")
	flag.Parse()
	if *keys < 1000 || *elements < 1000 || *keys > maxElements || *elements > maxElements {
		return fmt.Errorf("check flags: -keys and -elements are 1,000 to %d", maxElements)
	}
	if _, err := os.Stat(*program); err != nil {
		return fmt.Errorf("find redistop: %w (make builds it)", err)
	}
	binary, err := lab.Find(*name)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	fmt.Printf("%s; server, tools and the other client share %s\n", binary, lab.Machine())
	b := bench{redistop: *program, budget: *budget}
	if err := b.on(ctx, binary, func() error { return b.seed(ctx, *keys) }); err != nil {
		return err
	}
	return b.on(ctx, binary, func() error { return b.values(ctx, *elements) })
}

// bench is one run. It is confined to one goroutine.
type bench struct {
	redistop, budget string
	server           *redistest.Server
	client           *lab.Client
}

// on runs f with a server of its own.
func (b *bench) on(ctx context.Context, binary redistest.Binary, f func() error) error {
	s, err := redistest.Start(ctx, redistest.Options{Binary: binary, Config: []string{"slowlog-log-slower-than 100", "slowlog-max-len 1000", "lazyfree-lazy-user-del no", "lua-time-limit 60000"}})
	if err != nil {
		return err
	}
	defer s.Stop()
	if b.client, err = lab.Dial("unix", s.Socket()); err != nil {
		return err
	}
	defer b.client.Close()
	b.server = s
	return f()
}

// seed is the experiment that a slow SET asks for: many keys, one EVAL that makes them, KEYS beside SCAN.
func (b *bench) seed(ctx context.Context, keys int) error {
	fmt.Printf("\n%s keys of a session library beside %s others\n\n", thousands(keys), thousands(keys/10))
	fmt.Print(head)
	rows := []trial{
		{what: "nothing", idle: 3 * time.Second},
		{what: "`EVAL` that makes them, in one piece", cli: evalArgs(keys), want: -1},
		{what: "`KEYS shiro:session:*`", cli: []string{"KEYS", "shiro:session:*"}, want: keys},
		{what: "`SCAN` with COUNT 10, as fast as it goes (`redis-cli --scan`)", cli: []string{"--scan", "--pattern", "shiro:session:*"}, want: keys},
		{what: "`redistop keys 'shiro:session:*'`", tool: []string{"keys", "shiro:session:*"}, want: keys},
	}
	return b.all(ctx, rows)
}

func evalArgs(keys int) []string {
	return []string{"EVAL", fmt.Sprintf("for i=1,%d do redis.call('set','shiro:session:'..i,i) if i%%10==0 then redis.call('set','other:'..i,i) end end return 1", keys), "0"}
}

// values reads values of each type, and deletes them.
func (b *bench) values(ctx context.Context, n int) error {
	fmt.Printf("\nvalues of %s elements each; redistop with --budget %s\n\n", thousands(n), b.budget)
	if err := b.fill(n); err != nil {
		return err
	}
	fmt.Print(head)
	rows := []trial{{what: "nothing", idle: 3 * time.Second}}
	for _, v := range []struct {
		key  string
		read []string
		both int // lines of redis-cli an element
	}{
		{"hash", []string{"HGETALL", "hash"}, 2},
		{"set", []string{"SMEMBERS", "set"}, 1},
		{"zset", []string{"ZRANGE", "zset", "0", "-1", "WITHSCORES"}, 2},
		{"list", []string{"LRANGE", "list", "0", "-1"}, 1},
		{"stream", []string{"XRANGE", "stream", "-", "+"}, 3},
	} {
		rows = append(rows, trial{what: "`" + join(v.read) + "`", cli: v.read, want: n * v.both},
			trial{what: "`redistop keys get " + v.key + "`", tool: []string{"keys", "get", v.key, "--budget", b.budget}, want: n})
	}
	rows = append(rows,
		trial{what: "`redistop keys big --all`", tool: []string{"keys", "big", "--all", "--budget", b.budget}, want: -1},
		trial{what: "`redistop keys prefixes`", tool: []string{"keys", "prefixes", "--budget", b.budget}, want: -1},
		trial{what: "`redistop keys ttl`", tool: []string{"keys", "ttl", "--budget", b.budget}, want: -1},
		trial{what: "`DEL hash`", cli: []string{"DEL", "hash"}, want: -1},
		trial{what: "`DEL zset`", cli: []string{"DEL", "zset"}, want: -1},
		trial{what: "`redistop keys delete 's*' --yes`: a set and a stream", tool: []string{"keys", "delete", "s*", "--yes", "--budget", b.budget}, want: -1},
		trial{what: "`redistop keys delete 'k:*' --yes`: " + thousands(smallKeys) + " keys", tool: []string{"keys", "delete", "k:*", "--yes", "--budget", b.budget}, want: -1},
	)
	return b.all(ctx, rows)
}

// smallKeys lie beside the large values.
const smallKeys = 100_000

// fill makes a value of each type, a piece at a time.
func (b *bench) fill(n int) error {
	const piece = 50_000
	for from := 1; from <= n; from += piece {
		script := fmt.Sprintf(`for i=%d,%d do redis.call('hset','hash','field:'..i,'value:'..i) redis.call('sadd','set','member:'..i)
			redis.call('zadd','zset',i,'member:'..i) redis.call('rpush','list','element:'..i) redis.call('xadd','stream',i..'-1','n',i) end`, from, min(n, from+piece-1))
		if _, err := b.client.Do("EVAL", script, "0"); err != nil {
			return err
		}
	}
	_, err := b.client.Do("EVAL", fmt.Sprintf("for i=1,%d do redis.call('set','k:'..i,i) end", smallKeys), "0")
	return err
}
