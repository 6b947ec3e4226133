package keys

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"redistop/internal/redistest"
	"redistop/internal/server"
)

// Every key of a pattern and a type once, whatever the version; the cursor tells how far the scan is; and
// one call is far below a millisecond.
func TestScanListsEveryKeyOnce(t *testing.T) {
	const n = 20_000
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		fill(t, s, n, "redis.call('set','user:'..i,i) if i%10==0 then redis.call('hset','h:'..i/10,'f',1) end")
		tool := open(t, s, all)
		users := newNumbers(n)
		scan := list(t, tool, Search{Pattern: "user:*"}, func(k string) { users.add(strings.TrimPrefix(k, "user:")) })
		users.check(t, "user:*")
		if p := scan.Progress(); p.Part != 1 || p.Looked != 22_000 || p.Total.Or(0) != 22_000 {
			t.Errorf("progress at the end: %+v", p)
		}
		hashes := newNumbers(n / 10)
		list(t, tool, Search{Type: "hash"}, func(k string) { hashes.add(strings.TrimPrefix(k, "h:")) })
		hashes.check(t, "hashes")
		half(t, tool)
		quick(t, s, "scan", 600, func() { list(t, tool, Search{}, func(string) {}) })
		if cost := tool.Finish(t.Context()); cost.Guessed != "" || cost.Usec < 1000 || cost.Share() > 1 {
			t.Errorf("cost %+v", cost)
		}
	})
}

// half stops in the middle: as many keys came as the cursor says.
func half(t *testing.T, tool *server.Tool) {
	t.Helper()
	scan, err := NewScan(tool, Search{})
	if err != nil {
		t.Fatal(err)
	}
	came := 0
	for scan.Progress().Part < 0.5 {
		names, err := scan.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		came += len(names)
	}
	if p := scan.Progress(); math.Abs(float64(came)-p.Looked) > 0.03*22_000 || p.Part > 0.6 {
		t.Errorf("%d keys came, progress says %+v", came, p)
	}
}

// While a scan is under way most keys are deleted, the table shrinks, new keys come, the table grows:
// what was there all the time is listed, once.
func TestScanUnderRehash(t *testing.T) {
	const n, kept = 20_000, 1_000
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		fill(t, s, n, "redis.call('set','k:'..i,i)")
		tool := open(t, s, all)
		scan, err := NewScan(tool, Search{Pattern: "k:*"})
		if err != nil {
			t.Fatal(err)
		}
		times := map[string]int{}
		for step := 0; ; step++ {
			names, err := scan.Next(t.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range names {
				times[name]++
			}
			switch step {
			case 5:
				send(t, s, "EVAL", fmt.Sprintf("for i=%d,%d do redis.call('del','k:'..i) end", kept+1, n), "0")
			case 8, 12, 16:
				fill(t, s, 10_000, "redis.call('set','new:'..i,i)")
			case 10, 14:
				send(t, s, "EVAL", "for i=1,10000 do redis.call('del','new:'..i) end", "0")
			}
		}
		for i := 1; i <= kept; i++ {
			if name := fmt.Sprintf("k:%d", i); times[name] != 1 {
				t.Fatalf("%s was listed %d times", name, times[name])
			}
		}
		t.Logf("SCAN returned %d keys twice", scan.Twice())
	})
}

// A scan that is stopped anywhere, in the middle of a step too, and goes on in another process lists
// every key once.
func TestScanGoesOn(t *testing.T) {
	const n = 3_000
	s := redistest.New(t)
	fill(t, s, n, "redis.call('set','k:'..i,i)")
	search := Search{Pattern: "k:*"}
	got := newNumbers(n)
	stops := 0
	for finished := false; !finished; stops++ {
		scan, err := NewScan(open(t, s, all), search)
		if err != nil {
			t.Fatal(err)
		}
		at := scan.Place()
		for step := 0; step <= stops%3; step++ {
			names, err := scan.Next(t.Context())
			if finished = errors.Is(err, io.EOF); finished {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if step == stops%3 { // the last one in part
				names = names[:len(names)*(stops%4)/3]
			}
			for _, name := range names {
				got.add(name[2:])
			}
			at = scan.PlaceAfter(len(names))
		}
		finished = finished || scan.Done() && at.Start()
		if search.From, err = ParsePlace(at.String()); err != nil {
			t.Fatal(err)
		}
		if stops > 500 {
			t.Fatal("it does not come to an end")
		}
	}
	got.check(t, fmt.Sprintf("after %d stops", stops))
	if stops < 10 {
		t.Errorf("only %d stops", stops)
	}
}

// A place of another search, and one from before a restart, is refused: going on would lose keys.
func TestScanRefusesAPlaceThatLosesKeys(t *testing.T) {
	s := redistest.New(t)
	fill(t, s, 1_000, "redis.call('set','k:'..i,i)")
	search := Search{Pattern: "k:*", Type: "string"}
	scan, err := NewScan(open(t, s, all), search)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scan.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	search.From = scan.Place()
	for _, other := range []Search{{Pattern: "k:*"}, {Pattern: "j:*", Type: "string"}, {Pattern: "k:*", Type: "string", DB: 1}} {
		other.From = search.From
		if _, err := NewScan(open(t, s, all), other); !errors.Is(err, ErrOtherScan) {
			t.Errorf("%+v: %v", other, err)
		}
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	if _, err := NewScan(open(t, s, all), search); !errors.Is(err, ErrOtherServer) {
		t.Errorf("after a restart: %v", err)
	}
}

// On a node of a cluster, whose cursors are made differently since Redis 8 and Valkey 8.
func TestOnAClusterNode(t *testing.T) {
	t.Parallel() // it waits most of the time
	const n = 5_000
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	bus := l.Addr().(*net.TCPAddr).Port
	l.Close()
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		if b := s.Binary(); b.Flavor == "valkey" && b.Series() != "9.1" {
			t.Skip("Valkey 8 does as 9 does")
		}
		send(t, s, "CLUSTER", "ADDSLOTSRANGE", "0", "16383")
		send(t, s, "DEBUG", "POPULATE", fmt.Sprint(n), "k")
		tool := open(t, s, all)
		seen := map[string]int{}
		last := 0.0
		scan, err := NewScan(tool, Search{})
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			var names []string
			names, err = scan.Next(t.Context())
			for _, name := range names {
				seen[name]++
			}
			if part := scan.Progress().Part; part < last || part > 1 {
				t.Errorf("progress went from %g to %g", last, part)
			} else {
				last = part
			}
		}
		if len(seen) != n || last != 1 {
			t.Errorf("%d keys of %d, progress %g, %v", len(seen), n, last, err)
		}
		names := make([]string, 0, n)
		for name, times := range seen {
			if names = append(names, name); times > 1 {
				t.Errorf("%s came %d times", name, times)
			}
		}
		for deadline := time.Now().Add(20 * time.Second); !strings.Contains(send(t, s, "CLUSTER", "INFO"), "cluster_state:ok"); {
			if time.Now().After(deadline) {
				t.Fatal("the cluster does not come up")
			}
			time.Sleep(20 * time.Millisecond)
		}
		if d, err := Unlink(t.Context(), tool, names); err != nil || d.Keys != n {
			t.Errorf("deleted %+v: %v", d, err)
		}
	}, redistest.TCP(), redistest.Config("cluster-enabled yes", fmt.Sprintf("cluster-port %d", bus), "enable-debug-command yes"))
}
