package keys

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"redistop/internal/redistest"
	"redistop/internal/server"
)

// heated makes a key of each type look used without mercy: every use counts.
var heated = redistest.Config("maxmemory 1gb", "maxmemory-policy allkeys-lfu", "lfu-log-factor 0", "lfu-decay-time 10000")

// No tool makes a key look used; reading does before 7.2, and says so.
func TestKeysStayAsHotAsTheyAre(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		fill(t, s, 300, "redis.call('hset','hash',i,i) redis.call('sadd','set',i) redis.call('zadd','zset',i,i) redis.call('rpush','list',i) redis.call('xadd','stream','*','n',i)")
		send(t, s, "SET", "string", strings.Repeat("x", 5000))
		names := []string{"string", "hash", "set", "zset", "list", "stream"}
		heat := func() (all []string) {
			for _, name := range names {
				all = append(all, name+" "+send(t, s, "OBJECT", "FREQ", name))
			}
			return all
		}
		tool := open(t, s, all)
		before := heat()
		list(t, tool, Search{Pattern: "*", Type: "hash"}, func(string) {})
		if _, err := Describe(t.Context(), tool, names, Want{Type: true, Memory: true, TTL: true, Elements: CountsElements(tool)}); err != nil {
			t.Fatal(err)
		}
		if after := heat(); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("keys were heated: %v, before %v", after, before)
		}
		if !CountsElements(tool) {
			if described, err := Describe(t.Context(), tool, names[1:2], Want{Type: true, Elements: true}); err != nil || described[0].Elements.Or(0) != 300 {
				t.Errorf("elements all the same: %+v, %v", described, err)
			}
			return
		}
		for _, name := range names {
			v, err := Open(t.Context(), tool, name, false)
			if err == nil {
				err = read(t.Context(), v, func(Element) {})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if after := heat(); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("reading heated keys: %v, before %v", after, before)
		}
	}, heated)
}

// The least users that redistop acl prints can do just their part, and cause no error.
func TestTheLeastUsers(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		fill(t, s, 200, "redis.call('hset','h',i,i) redis.call('set','k:'..i,i,'EX',1000)")
		for _, wish := range []server.ACLWish{{User: "lister", Keys: true}, {User: "reader", Values: true}, {User: "deleter", Delete: true}} {
			rule, err := server.ACLRule(t.Context(), target(s), wish)
			if err != nil {
				t.Fatal(err)
			}
			send(t, s, strings.Fields(strings.Replace(rule, ">PASSWORD", ">pw", 1))...)
			as := target(s)
			as.Username, as.Password, as.DB = wish.User, "pw", 0
			tool, err := server.OpenTool(t.Context(), as, all)
			if err != nil {
				t.Fatal(err)
			}
			defer tool.Close()
			everything := Want{Type: true, Memory: true, TTL: true, Elements: true}
			if sample, err := (Survey{Want: everything}).Look(t.Context(), tool, func(Key) {}, nil); err != nil || sample.Keys != 201 {
				t.Errorf("%s: %+v, %v", wish.User, sample, err)
			}
			if wish.Values {
				v, err := Open(t.Context(), tool, "h", false)
				if err == nil {
					err = read(t.Context(), v, func(Element) {})
				}
				if err != nil {
					t.Errorf("%s: %v", wish.User, err)
				}
			}
			if text := send(t, s, "INFO", "errorstats"); strings.Contains(text, "errorstat_") {
				t.Errorf("%s causes errors: %s", wish.User, text)
			}
			_, err = Unlink(t.Context(), tool, []string{"k:1"})
			if (err == nil) != wish.Delete {
				t.Errorf("%s deletes: %v", wish.User, err)
			}
			send(t, s, "CONFIG", "RESETSTAT")
		}
	})
}

// The tool stays within its budget by the server's own count, whatever it asks.
func TestTheBudgetIsKept(t *testing.T) {
	t.Parallel() // it waits most of the time
	s := redistest.New(t)
	fill(t, s, 100_000, "redis.call('set','k:'..i,i)")
	const budget = 0.02
	tool := open(t, s, server.ToolOptions{Budget: budget})
	before := ownUsec(t, s)
	began := time.Now()
	scan, err := NewScan(tool, Search{})
	if err != nil {
		t.Fatal(err)
	}
	for time.Since(began) < 3*time.Second {
		names, err := scan.Next(t.Context())
		if err != nil {
			break
		}
		if _, err := Describe(t.Context(), tool, names, Want{Type: true, Memory: true}); err != nil {
			t.Fatal(err)
		}
	}
	usec, elapsed := ownUsec(t, s)-before, time.Since(began)
	cost := tool.Finish(t.Context())
	// What a new connection may spend at once is not in the share.
	const atOnce = 5_000.0
	if most := budget*float64(elapsed.Microseconds())*1.3 + atOnce; usec > most {
		t.Errorf("it took %.0f usec of the server in %s, %.0f are permitted", usec, elapsed, most)
	}
	if usec < 0.3*budget*float64(elapsed.Microseconds()) {
		t.Errorf("it took %.0f usec in %s only: it does not work off its budget", usec, elapsed)
	}
	if cost.Usec < usec*0.7 || cost.Usec > usec*1.3+5_000 {
		t.Errorf("it says that it took %.0f usec, the server counted %.0f", cost.Usec, usec)
	}
}
