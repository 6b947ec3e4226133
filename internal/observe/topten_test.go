package observe

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"redistop/internal/redistest"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// tally counts what was sent, by what redistop is to find.
type tally struct {
	mu                        sync.Mutex
	ips, commands, keys, hots map[string]float64 // guarded by mu
}

func (c *tally) copies() (ips, commands, keys, hots map[string]float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.ips), maps.Clone(c.commands), maps.Clone(c.keys), maps.Clone(c.hots)
}

// Fifteen of each; the n-th of the first ten comes 0.75 times as often as the one before it, the others far less.
var (
	tenCommands = []string{"get", "set", "incr", "append", "strlen", "exists", "ttl", "getdel", "persist", "type", "touch", "dump", "getset", "setnx", "unlink"}
	weights     = func() (w []float64) {
		for n, one := 0, 1.0; n < len(tenCommands); n, one = n+1, one*0.75 {
			if n == 10 {
				one /= 4
			}
			w = append(w, one)
		}
		return w
	}()
)

// draw chooses one by its weight.
func draw(r *rand.Rand) int {
	var sum float64
	for _, w := range weights {
		sum += w
	}
	at := r.Float64() * sum
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return 0
}

// sendTop sends as one of the fifteen addresses until the context ends: commands and patterns of keys are drawn, each by
// its own weights. One key in eight is the pattern's hottest.
func (c *tally) sendTop(ctx context.Context, n int, addr string) {
	ip := "127.0.1." + strconv.Itoa(n+1)
	app := goredis.NewClient(&goredis.Options{Addr: addr, DisableIdentity: true, PoolSize: 1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		Dialer: func(ctx context.Context, _, addr string) (net.Conn, error) {
			d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
			return d.DialContext(ctx, "tcp", addr)
		}})
	defer app.Close()
	r := rand.New(rand.NewPCG(uint64(n), 7))
	for ctx.Err() == nil {
		batch := int(100*weights[n] + r.Float64())
		sent := &tally{commands: map[string]float64{}, keys: map[string]float64{}, hots: map[string]float64{}}
		app.Pipelined(ctx, func(p goredis.Pipeliner) error {
			for range batch {
				command, pattern, id := tenCommands[draw(r)], draw(r), 1000+r.IntN(5000)
				if r.IntN(8) == 0 {
					id = 9999
				}
				key := fmt.Sprintf("area%c:%d", 'a'+pattern, id)
				args := []any{command, key}
				if command == "set" || command == "append" || command == "getset" || command == "setnx" {
					args = append(args, "x")
				}
				p.Do(ctx, args...)
				sent.commands[command]++
				sent.keys[fmt.Sprintf("area%c:*", 'a'+pattern)]++
				if id == 9999 {
					sent.hots[key]++
				}
			}
			return nil
		})
		c.mu.Lock()
		c.ips[ip] += float64(batch)
		for all, part := range map[*map[string]float64]map[string]float64{&c.commands: sent.commands, &c.keys: sent.keys, &c.hots: sent.hots} {
			for name, n := range part {
				(*all)[name] += n
			}
		}
		c.mu.Unlock()
		time.Sleep(rand.N(30 * time.Millisecond))
	}
}

// top are the ten names with the most.
func top(m map[string]float64) []string {
	names := slices.SortedFunc(maps.Keys(m), func(a, b string) int { return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b)) })
	return names[:min(10, len(names))]
}

// The ten busiest addresses, commands, patterns and single keys are found, in an order that the truth bears out.
func TestTheTopTenAreRight(t *testing.T) {
	s := redistest.New(t, redistest.TCP(), redistest.Config("protected-mode no"))
	sent := &tally{ips: map[string]float64{}, commands: map[string]float64{}, keys: map[string]float64{}, hots: map[string]float64{}}
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	for n := range weights {
		done.Add(1)
		go func() { defer done.Done(); sent.sendTop(ctx, n, s.Addr()) }()
	}
	t.Cleanup(func() { cancel(); done.Wait() })
	o := Start(t.Context(), Config{Target: server.Target{Network: "tcp", Address: s.Addr()}, Interval: 500 * time.Millisecond,
		Budget: 0.05, Sample: true, Held: 8 << 20})
	last := until(t, o, "enough samples", func(s *stats.Snapshot) bool {
		return s.Sampled.Commands > 15_000 && !s.Sampled.Complete
	})
	cancel()
	ips, commands, keys, hots := sent.copies()
	shown := map[string]map[string]float64{"addresses": {}, "commands": {}, "patterns": {}, "hot keys": {}}
	for _, g := range last.Clients {
		shown["addresses"][g.Key] = g.CommandsPerSecond.Or(0)
	}
	for _, r := range last.Commands {
		shown["commands"][r.Name] = r.CallsPerSecond.Or(0)
	}
	for _, r := range last.Keys {
		shown["patterns"][r.Pattern] = r.CommandsPerSecond.Or(0)
	}
	for _, r := range last.HotKeys {
		shown["hot keys"][r.Pattern] = r.CommandsPerSecond.Or(0)
		if r.Pattern == "areaa:9999" && (r.TopCommand != "get" || len(r.Clients) == 0 || r.Clients[0] != "127.0.1.1") {
			t.Errorf("the hottest key is used by %+v", r)
		}
	}
	for what, truth := range map[string]map[string]float64{"addresses": ips, "commands": commands, "patterns": keys, "hot keys": hots} {
		want, got := top(truth), top(shown[what])
		if !slices.Equal(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))) {
			t.Errorf("top ten %s: %v, want %v", what, got, want)
			continue
		}
		for i, name := range got { // neighbours may be as good as equal
			for _, later := range got[i+1:] {
				if truth[later] > 1.5*truth[name] {
					t.Errorf("top ten %s: %s, of which %.0f came, stands before %s, of which %.0f did", what, name, truth[name], later, truth[later])
				}
			}
		}
	}
}
