package server

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/stats"
)

// crowd opens n connections that stay until the test ends or the returned func closes some.
func crowd(t *testing.T, s *redistest.Server, n int) []net.Conn {
	t.Helper()
	list := make([]net.Conn, 0, n)
	t.Cleanup(func() {
		for _, c := range list {
			c.Close()
		}
	})
	for range n {
		c, err := net.Dial("unix", s.Socket())
		for tries := 0; errors.Is(err, syscall.EAGAIN) && tries < 500; tries++ { // the listen queue is full
			time.Sleep(time.Millisecond)
			c, err = net.Dial("unix", s.Socket())
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	return list
}

// passOver polls until a pass over the connections is finished.
func passOver(t *testing.T, p *Poller) *stats.ClientReading {
	t.Helper()
	for range 50 {
		if r := poll(t, p); r.Clients != nil && !r.Clients.Finished.IsZero() && p.lister.pass == nil {
			return r.Clients
		}
	}
	t.Fatal("no pass over the connections was finished in 50 polls")
	return nil
}

func ids(c *stats.ClientReading) []int64 {
	var list []int64
	for _, s := range c.Clients {
		list = append(list, s.ID)
	}
	slices.Sort(list)
	return list
}

// truth is what CLIENT LIST says to somebody who does not spare the server.
func truth(t *testing.T, s *redistest.Server) []int64 {
	t.Helper()
	text, err := s.CLI("CLIENT", "LIST")
	if err != nil {
		t.Fatal(err)
	}
	clients, _ := redis.ParseClientList(text)
	var list []int64
	for _, c := range clients {
		if c.LastCommand != "client|list" || c.Name != "" { // not the asker
			list = append(list, c.ID)
		}
	}
	slices.Sort(list)
	return list
}

func settle(t *testing.T, s *redistest.Server, n int) {
	t.Helper()
	for range 200 {
		text, err := s.CLI("INFO", "clients")
		if err != nil {
			t.Fatal(err)
		}
		if redis.ParseInfo(text).Int("connected_clients").Or(0) == int64(n)+1 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the server never had %d connections", n)
}

func TestManyConnectionsAreListedInSlices(t *testing.T) {
	const many = 1200
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		conns := crowd(t, s, many)
		p := connectTo(t, s, 1)
		settle(t, s, many+1)
		c := passOver(t, p)
		if want := truth(t, s); !c.Complete || !slices.Equal(ids(c), want) {
			t.Fatalf("first pass found %d of %d connections, complete %v", len(c.Clients), len(want), c.Complete)
		}
		for _, gone := range conns[100:400] {
			gone.Close()
		}
		settle(t, s, many+1-300)
		crowd(t, s, 150)
		settle(t, s, many+1-300+150)
		c = passOver(t, p)
		if want := truth(t, s); !slices.Equal(ids(c), want) {
			t.Errorf("after 300 went and 150 came: found %d connections, want %d", len(c.Clients), len(want))
		}
		log, err := s.CLI("SLOWLOG", "GET", "128")
		if err != nil || strings.Contains(log, "LIST\nID\n") { // the test's own question may be there
			t.Errorf("slow log: %v %s", err, log)
		}
		info, _ := s.CLI("INFO", "commandstats")
		for _, stat := range redis.ParseInfo(info).Commands {
			if mean := stat.Usec / max(1, stat.Calls); stat.Name == "client|list" && stat.Calls > 10 && mean > 5000 {
				t.Errorf("client|list took %d usec a call", mean)
			}
		}
	})
}

// Ids that are taken by others than clients must not make new connections invisible for good.
func TestListerCatchesUpWithIdsTakenByOthers(t *testing.T) {
	s := redistest.New(t)
	crowd(t, s, 600)
	p := connectTo(t, s, 1)
	settle(t, s, 601)
	passOver(t, p)
	p.lister.top -= 300 // as if 300 ids had been given that total_connections_received does not count
	p.lister.known = slices.DeleteFunc(p.lister.known, func(id int64) bool { return id > p.lister.top })
	for range 6 {
		if c := passOver(t, p); c.Complete && len(c.Clients) == 601 {
			return
		}
	}
	t.Errorf("after 6 passes %d of 601 connections are known", len(p.lister.known))
}

// Ids are given while a pass goes on, also ids that it asked about a moment too early.
func TestListerMissesNobodyWhoCameDuringAPass(t *testing.T) {
	for name, come := range map[string][]int{"two slices": {600, 10, 40}, "a slice that is all but filled": {490, 100, 0}, "many": {10, 700, 700}} {
		t.Run(name, func(t *testing.T) {
			s := redistest.New(t)
			crowd(t, s, 600)
			p := connectTo(t, s, 1)
			connected(t, p, 601)
			passOver(t, p)
			crowd(t, s, come[0])
			all := 601 + come[0]
			connected(t, p, all)

			var r stats.Reading
			info, err := p.askInfo(t.Context(), &r)
			if err != nil {
				t.Fatal(err)
			}
			l := p.lister
			l.update(info, p.caps, time.Second)
			if !l.begin(p) {
				t.Fatal(l.note)
			}
			for later := come[1:]; !l.pass.done(l.expected); {
				args, lines := l.slice()
				fresh := len(l.pass.todo) == 0 && l.pass.under == 0
				if err := l.ask(t.Context(), p, args, lines); err != nil {
					t.Fatal(err)
				}
				if fresh && len(later) > 0 {
					crowd(t, s, later[0])
					all += later[0]
					connected(t, p, all)
					later = later[1:]
				}
			}
			l.finish()
			l.handOut(&r, true)
			c := passOver(t, p)
			if want := truth(t, s); !c.Complete || !slices.Equal(ids(c), want) {
				t.Errorf("found %d connections, want %d", len(c.Clients), len(want))
			}
		})
	}
}

// Those who come while the first pass goes on are among the found: the oldest are not to stay hidden behind them.
func TestTheOldestAreFoundThoughOthersCome(t *testing.T) {
	s := redistest.New(t)
	crowd(t, s, 800)
	p := connectTo(t, s, 1)
	connected(t, p, 801)
	var r stats.Reading
	info, err := p.askInfo(t.Context(), &r)
	if err != nil {
		t.Fatal(err)
	}
	l := p.lister
	l.update(info, p.caps, time.Second)
	if !l.begin(p) {
		t.Fatal(l.note)
	}
	crowd(t, s, 200)
	connected(t, p, 1001)
	for !l.pass.done(l.expected) {
		args, lines := l.slice()
		if err := l.ask(t.Context(), p, args, lines); err != nil {
			t.Fatal(err)
		}
	}
	l.finish()
	l.handOut(&r, true)
	c := passOver(t, p)
	if want := truth(t, s); !c.Complete || !slices.Equal(ids(c), want) {
		t.Errorf("found %d connections, want %d", len(c.Clients), len(want))
	}
	passOver(t, p)
	if l.below > 0 {
		t.Error("ids below are asked about though nobody is missing")
	}
}

// Who came and went while a pass went on is counted when it ends, though others came meanwhile and stayed.
func TestAPassCountsWhoCameAndWentUntilItsEnd(t *testing.T) {
	s := redistest.New(t)
	crowd(t, s, 600)
	p := connectTo(t, s, 1)
	connected(t, p, 601)
	aggregate := stats.NewAggregate(stats.Options{})
	var snap *stats.Snapshot
	for snap == nil || p.lister.pass != nil {
		snap = aggregate.Observe(poll(t, p))
	}
	if n, ok := snap.Connected.TotalCameAndWent.Get(); n != 0 || !ok {
		t.Fatalf("%d came and went before anybody did, %v", n, ok)
	}

	r := stats.Reading{Time: time.Now(), Link: stats.Link{State: stats.Up}, OwnIDs: []int64{p.conn.id}}
	info, err := p.askInfo(t.Context(), &r)
	if err != nil {
		t.Fatal(err)
	}
	r.Info = info
	l := p.lister
	l.update(info, p.caps, time.Second)
	if !l.begin(p) {
		t.Fatal(l.note)
	}
	comeAndGo := func(come, stay int) {
		all := crowd(t, s, come)
		now := l.expected + stay
		connected(t, p, l.expected+come)
		for _, c := range all[stay:] {
			c.Close()
		}
		connected(t, p, now)
		l.expected = now
	}
	last := false
	for n := 0; !l.pass.done(l.expected); n++ {
		args, lines := l.slice()
		if n == 1 {
			comeAndGo(100, 40)
		}
		if l.pass.count && !last { // it would have been the last slice
			last = true
			comeAndGo(300, 50)
		}
		if err := l.ask(t.Context(), p, args, lines); err != nil {
			t.Fatal(err)
		}
	}
	l.finish()
	l.handOut(&r, true)
	c := aggregate.Observe(r).Connected
	if got, ok := c.CameAndWent.Get(); got != 310 || !ok || c.CameSince.Or(-1) != 0 {
		t.Errorf("came and went %d, %v, since then came %d; want 310, and none", got, ok, c.CameSince.Or(-1))
	}
	for snap = aggregate.Observe(poll(t, p)); p.lister.pass != nil; {
		snap = aggregate.Observe(poll(t, p))
	}
	if got := snap.Connected.TotalCameAndWent.Or(-1); got != 310 {
		t.Errorf("%d came and went in all, want 310", got)
	}
}

// connected waits until the server has n connections; it makes none.
func connected(t *testing.T, p *Poller, n int) {
	t.Helper()
	for range 1000 {
		v, err := p.conn.Do(t.Context(), "INFO", "default")
		if err != nil {
			t.Fatal(err)
		}
		if redis.ParseInfo(v.Text).Int("connected_clients").Or(0) == int64(n) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the server never had %d connections", n)
}

func TestASmallBudgetSpreadsAPassOverPolls(t *testing.T) {
	s := redistest.New(t)
	crowd(t, s, 3000)
	p := connectTo(t, s, 0.01)
	settle(t, s, 3001)
	var before, spent int64
	start := time.Now()
	for n := range 12 {
		r, err := p.Poll(t.Context(), 100*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		spent = 0
		for _, c := range r.Info.Commands {
			spent += c.Usec
		}
		if n == 0 {
			before = spent
		}
		time.Sleep(time.Until(start.Add(time.Duration(n+1) * max(100*time.Millisecond, r.Pacing.Actual))))
	}
	elapsed := time.Since(start)
	if share := float64(spent-before-minCeiling) / float64(elapsed.Microseconds()); share > 0.012 {
		t.Errorf("polling took %.2f %% of the server's time beyond its first allowance, the budget is 1 %%", share*100)
	}
	if p.lister.every == 0 && p.lister.pass == nil {
		t.Error("no pass over the connections is under way or finished")
	}
}

// Near maxmemory every reply must fit the connection's own buffer.
func TestNearMaxmemoryOnlySmallSlices(t *testing.T) {
	l := newLister(5000)
	l.update(redis.ParseInfo("redis_version:7.0.15\r\nconnected_clients:5000\r\nmaxmemory:1000000\r\nused_memory:999000\r\n"), Capabilities{}, time.Second)
	if !l.nearLimit {
		t.Fatal("1,000 bytes free are not seen as near")
	}
	if !l.begin(nil) {
		t.Fatal(l.note)
	}
	args, _ := l.slice()
	if n := int64(len(args) - 3); n*l.line > ownBuffer {
		t.Errorf("a slice of %d ids may bring %d bytes, over %d", n, n*l.line, ownBuffer)
	}
	for range 20 {
		l.pass.step = l.nextStep(l.pass.step, 0)
	}
	if l.pass.step > slice {
		t.Errorf("an empty stretch widened the step to %d ids", l.pass.step)
	}
}

func TestOldServersAreNotAskedForThousandsAtOnce(t *testing.T) {
	for _, tc := range []struct {
		clients int
		begins  bool
	}{{3999, true}, {4001, false}} {
		l := newLister(9000)
		l.update(redis.ParseInfo(fmt.Sprintf("redis_version:6.0.9\r\nconnected_clients:%d\r\n", tc.clients)), Capabilities{}, time.Second)
		if l.begin(nil) != tc.begins || (l.note == "") != tc.begins {
			t.Errorf("%d connections on 6.0: begins %v, note %q", tc.clients, !tc.begins, l.note)
		}
	}
}
