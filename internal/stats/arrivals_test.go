package stats

import (
	"math/rand/v2"
	"testing"
	"time"

	"redistop/internal/redis"
)

// pass is one poll of the simulated server below: what INFO said, and whom CLIENT LIST showed.
func connectionsPoll(after time.Duration, received int64, ids ...int64) Reading {
	r := reading(after, line("total_connections_received:%d", received))
	var clients []redis.Client
	for _, id := range ids {
		clients = append(clients, counted(id, 0, 0))
	}
	return r.listed(clients...)
}

func TestCameAndWent(t *testing.T) {
	const s = time.Second
	incomplete := func(r Reading) Reading { r.Clients.Complete = false; return r }
	noPass := func(r Reading) Reading { r.Clients = nil; return r }
	type step struct {
		reading  Reading
		interval any // int64, nil for unknown
		total    any
	}
	for name, steps := range map[string][]step{
		"nobody comes": {
			{connectionsPoll(0, 100, 7, 9), nil, int64(0)},
			{connectionsPoll(2*s, 100, 7, 9), int64(0), int64(0)},
		},
		"all that came are seen": {
			{connectionsPoll(0, 100, 7, 9), nil, int64(0)},
			{connectionsPoll(2*s, 102, 9, 10, 11), int64(0), int64(0)},
			{connectionsPoll(4*s, 102, 9, 11), int64(0), int64(0)},
		},
		"a storm that leaves nobody": {
			{connectionsPoll(0, 100, 7, 9), nil, int64(0)},
			{connectionsPoll(2*s, 600, 7, 9), int64(500), int64(500)},
			{connectionsPoll(4*s, 600, 7, 9), int64(0), int64(500)},
			{connectionsPoll(6*s, 610, 7, 9, 515), int64(9), int64(509)},
		},
		"seen by CLIENT LIST before INFO counts them": {
			{connectionsPoll(0, 100, 7), nil, int64(0)},
			{connectionsPoll(2*s, 100, 7, 8, 9), int64(0), int64(0)},
			{connectionsPoll(4*s, 103, 7, 8, 9), int64(1), int64(1)},
		},
		"a pass is left out": {
			{connectionsPoll(0, 100, 7), nil, int64(0)},
			{noPass(connectionsPoll(2*s, 150)), nil, int64(0)},
			{connectionsPoll(4*s, 160, 7), int64(60), int64(60)},
		},
		"a pass is incomplete": {
			{connectionsPoll(0, 100, 7), nil, int64(0)},
			{incomplete(connectionsPoll(2*s, 103, 7, 8)), nil, int64(0)},
			{connectionsPoll(4*s, 103, 7, 9, 10), int64(0), int64(0)},
		},
		"the first pass is incomplete": {
			{incomplete(connectionsPoll(0, 100, 7)), nil, nil},
			{connectionsPoll(2*s, 200, 7), nil, int64(0)},
			{connectionsPoll(4*s, 201, 7), int64(1), int64(1)},
		},
		"restart": {
			{connectionsPoll(0, 100, 7), nil, int64(0)},
			{connectionsPoll(2*s, 105, 7), int64(5), int64(5)},
			{connectionsPoll(4*s, 2, 1, 2).with(func(r *Reading) {
				r.Info = redis.ParseInfo("run_id:b\ntotal_connections_received:2")
			}), nil, int64(5)},
			{connectionsPoll(6*s, 6, 1, 2, 4).with(func(r *Reading) {
				r.Info = redis.ParseInfo("run_id:b\ntotal_connections_received:6")
			}), int64(3), int64(8)},
		},
		"CONFIG RESETSTAT": {
			{connectionsPoll(0, 100, 7), nil, int64(0)},
			{connectionsPoll(2*s, 3, 7, 8), nil, int64(0)},
			{connectionsPoll(4*s, 5, 7, 8, 10), int64(1), int64(1)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := NewAggregate(Options{})
			for i, step := range steps {
				c := a.Observe(step.reading).Connected
				want(t, line("poll %d: came and went", i), c.CameAndWent, step.interval)
				want(t, line("poll %d: total", i), c.TotalCameAndWent, step.total)
			}
		})
	}
}

// A pass over many polls fixed the newest id that it asks about when it began: connections that came
// since are counted by the INFO of the poll that ended it, could not be seen, and are not missed.
func TestCameAndWentOfALongPass(t *testing.T) {
	long := connectionsPoll(2*time.Second, 150, 7)
	long.Clients.Received = 100
	all := observe(Options{}, connectionsPoll(0, 100, 7), long, connectionsPoll(4*time.Second, 150, 7))
	want(t, "counted after the pass began", all[1].Connected.CameAndWent, int64(0))
	want(t, "still gone at the next pass", all[2].Connected.CameAndWent, int64(50))
}

// Between two whole passes the count is as of the first, and what came since bounds what it does not know yet.
func TestCameSinceTheLastPass(t *testing.T) {
	noPass := connectionsPoll(4*time.Second, 170)
	noPass.Clients = nil
	part := connectionsPoll(6*time.Second, 180, 7)
	part.Clients.Complete = false
	spread := connectionsPoll(8*time.Second, 190, 7, 200)
	spread.Clients.Received = 195 // asked after INFO
	all := observe(Options{}, connectionsPoll(0, 100, 7), connectionsPoll(2*time.Second, 150, 7), noPass, part, spread, connectionsPoll(10*time.Second, 197, 7, 200))
	for i, w := range []struct{ total, since int64 }{{0, 0}, {50, 0}, {50, 20}, {50, 30}, {94, 0}, {96, 0}} {
		want(t, line("poll %d: total", i), all[i].Connected.TotalCameAndWent, w.total)
		want(t, line("poll %d: came since", i), all[i].Connected.CameSince, w.since)
	}
	one := connectionsPoll(0, 100, 7)
	one.Clients.Complete = false
	want(t, "came since no pass", lastOf(Options{}, one).Connected.CameSince, nil)
}

// The primary's link is a client of its replica, but no connection that the replica received.
func TestPrimaryLinkIsNoArrival(t *testing.T) {
	second := connectionsPoll(2*time.Second, 101, 7, 8)
	second.Clients.Clients[1].Flags = "M"
	s := lastOf(Options{}, connectionsPoll(0, 100, 7), second)
	want(t, "came and went", s.Connected.CameAndWent, int64(1))
}

// The observer's own new connection is no stranger, though its id is not in this pass.
func TestOwnConnectionIsKnown(t *testing.T) {
	second := connectionsPoll(2*time.Second, 101, 7)
	second.OwnIDs = []int64{8}
	s := lastOf(Options{}, connectionsPoll(0, 100, 7), second)
	want(t, "came and went", s.Connected.CameAndWent, int64(0))
}

// A connection of our own that is made while the first pass goes on hides nobody who came before it.
func TestOwnConnectionDuringTheFirstPass(t *testing.T) {
	first, second := connectionsPoll(0, 100, 7), connectionsPoll(2*time.Second, 104, 7, 8, 9)
	first.OwnIDs, second.OwnIDs = []int64{7, 10}, []int64{7, 10}
	want(t, "came and went", lastOf(Options{}, first, second).Connected.CameAndWent, int64(1))
}

// A server with random arrivals and departures, also between INFO and CLIENT LIST: the sum is never
// under what nobody saw, but for those that the next INFO will count, and exact once it is quiet.
func TestCameAndWentAgainstTheTruth(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	a := NewAggregate(Options{})
	var alive []int64
	seen := map[int64]bool{}
	next := int64(1)
	arrive := func(n int) {
		for range n {
			alive = append(alive, next)
			next++
		}
	}
	leave := func(share float64) {
		var stay []int64
		for _, id := range alive {
			if random.Float64() >= share {
				stay = append(stay, id)
			}
		}
		alive = stay
	}
	arrive(50)
	base := next
	var got int64
	for poll := range 300 {
		busy := 0
		if poll > 0 && poll < 298 {
			busy = random.IntN(40)
		}
		arrive(busy)
		leave(random.Float64() / 2)
		received := next - 1
		if poll > 0 {
			arrive(busy / 4) // between INFO and the pass
		}
		for _, id := range alive {
			seen[id] = true
		}
		s := a.Observe(connectionsPoll(time.Duration(poll)*time.Second, received, alive...))
		got = s.Connected.TotalCameAndWent.Or(-1)
	}
	var missed int64
	for id := base; id < next; id++ {
		if !seen[id] {
			missed++
		}
	}
	if missed < 500 || got != missed {
		t.Errorf("total %d, want %d", got, missed)
	}
}
