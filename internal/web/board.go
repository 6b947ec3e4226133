package web

import (
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"redistop/internal/stats"
)

// Watched is a server by the name that people give it. Neither holds a secret.
type Watched struct {
	Name string // unique, see CheckName
	Addr string // "127.0.0.1:6379", "unix:///run/redis.sock"
}

// A Board holds the latest Snapshot of every watched server. Any goroutine may publish and read.
type Board struct {
	epoch      string // tells this run of the program from another, so that ids and ETags do not meet
	showValues bool

	mu     sync.Mutex // of writers; readers take latest
	latest atomic.Pointer[generation]
}

// A generation is the latest of all servers at one moment. It is immutable.
type generation struct {
	seq     uint64    // grows with each
	moments []*moment // one a server, in the order in which they were named
	last    *body     // of /last_observation
	after   chan struct{}
}

// NewBoard returns a Board on which every server is being connected to. Unless showValues, the arguments
// of slow commands are kept without their values.
func NewBoard(servers []Watched, showValues bool, now time.Time) *Board {
	b := &Board{epoch: strconv.FormatInt(now.UnixMilli(), 36), showValues: showValues}
	moments := make([]*moment, len(servers))
	for i, w := range servers {
		moments[i] = newMoment(b, w, 0, 0, &stats.Snapshot{
			Time:   now,
			Link:   stats.Link{State: stats.Connecting, Since: now},
			Server: stats.Server{Addr: w.Addr},
		})
	}
	b.latest.Store(newGeneration(0, moments))
	return b
}

func newGeneration(seq uint64, moments []*moment) *generation {
	g := &generation{seq: seq, moments: moments, after: make(chan struct{})}
	g.last = newBody(func() ([]byte, error) { return encode(lastObservation(g)) })
	return g
}

// Publish makes s the latest of the server with this place in the list that NewBoard got. A Snapshot is
// immutable and stays so.
func (b *Board) Publish(place int, s *stats.Snapshot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.latest.Load()
	moments := make([]*moment, len(old.moments))
	copy(moments, old.moments)
	was := moments[place]
	seq := old.seq + 1
	moments[place] = newMoment(b, was.Watched, seq, was.number+1, s)
	b.latest.Store(newGeneration(seq, moments))
	close(old.after)
}

// now is the latest generation.
func (b *Board) now() *generation { return b.latest.Load() }

// find returns the moment of the server with this name.
func (g *generation) find(name string) (*moment, bool) {
	for _, m := range g.moments {
		if m.Name == name {
			return m, true
		}
	}
	return nil, false
}

// tag is the ETag of what was said at seq.
func (b *Board) tag(seq uint64) string { return `"` + b.id(seq) + `"` }

// id is the id of an event.
func (b *Board) id(seq uint64) string { return b.epoch + "-" + strconv.FormatUint(seq, 10) }

// CheckName says whether a name may stand in paths and labels: 1 to 64 letters, digits and . _ - : [ ].
func CheckName(name string) bool {
	for _, c := range []byte(name) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		switch {
		case letter, c >= '0' && c <= '9', c == '.', c == '_', c == '-', c == ':', c == '[', c == ']':
		default:
			return false
		}
	}
	return len(name) > 0 && len(name) <= 64 && name != "." && name != ".."
}
