package canary

import (
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"redistop/internal/redistest"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// network is one address behind which a server stands, and later another, as behind a name or a virtual address. It can drop
// what goes through it, as a cable or a firewall does: nobody is told, and what was connected stays dead when it works again.
type network struct {
	target server.Target
	to     atomic.Pointer[redistest.Server]

	mu   sync.Mutex
	cut  chan struct{} // guarded by mu; closed when the connections of now are dropped
	down bool          // guarded by mu; new ones are dropped too
	held []net.Conn    // guarded by mu; all connections, closed at the end
}

func road(t *testing.T, to *redistest.Server) *network {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "n"))
	if err != nil {
		t.Fatal(err)
	}
	n := &network{target: server.Target{Network: "unix", Address: l.Addr().String()}, cut: make(chan struct{})}
	n.to.Store(to)
	t.Cleanup(func() {
		l.Close()
		n.mu.Lock()
		defer n.mu.Unlock()
		for _, c := range n.held {
			c.Close()
		}
	})
	go func() {
		for {
			here, err := l.Accept()
			if err != nil {
				return
			}
			n.connect(here)
		}
	}()
	return n
}

func (n *network) connect(here net.Conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.held = append(n.held, here)
	if n.down {
		return
	}
	there, err := net.Dial("unix", n.to.Load().Socket())
	if err != nil {
		here.Close()
		return
	}
	n.held = append(n.held, there)
	go forward(there, here, n.cut)
	go forward(here, there, n.cut)
}

// forward copies until one side ends, or until cut: then what comes is swallowed, and the end of one side is no news to the other.
func forward(to, from net.Conn, cut <-chan struct{}) {
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		select {
		case <-cut:
			if err != nil {
				return
			}
			continue
		default:
		}
		if err != nil {
			to.Close()
			return
		}
		to.Write(buf[:n])
	}
}

// drop drops all that is sent, now and later.
func (n *network) drop() { n.forget(true) }

// forget drops the connections that there are, as where an address was translated and the table of that is lost.
func (n *network) forget(down bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	close(n.cut)
	n.cut, n.down = make(chan struct{}), down
}

// heal lets new connections through.
func (n *network) heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = false
}

const givesUp = time.Second // Config.Timeout where the network is dropped

// A network that drops all without a word is noticed within the timeout, told while it lasts, and costs each way what it must: a
// list no more than the message that was popped and never came, a stream nothing.
func TestDroppedNetwork(t *testing.T) {
	t.Parallel()
	for _, kind := range Kinds {
		t.Run(string(kind), func(t *testing.T) {
			n := road(t, redistest.New(t))
			c := sing(t, Config{Kind: kind, Write: n.target, Rate: 100, Patience: 3 * time.Second, Timeout: givesUp})
			c.received(50)
			n.drop()
			began := time.Now()
			c.until("silence", func(p stats.Probe) bool { return strings.Contains(p.Verdict, "no answer since ") })
			if late := time.Since(began); late > silent+givesUp {
				t.Errorf("silence is told after %s", late)
			}
			c.until("the receiver gives its connection up", func(p stats.Probe) bool { return !p.Listening && p.Errors >= 3 })
			if p := c.Probe(); !strings.Contains(p.LastError, "no answer within 1s") || p.SilentAt.Before(began.Add(-100*time.Millisecond)) {
				t.Errorf("silent since %s, dropped at %s: %+v", p.SilentAt, began, p)
			}
			n.heal()
			lasted := time.Since(began)
			c.until("the network again", func(p stats.Probe) bool { return p.Listening && p.SilentAt.IsZero() })
			c.received(100)
			p := c.end()
			t.Log(p.Verdict)
			if gap := time.Duration(p.GapUsec.Or(0)) * time.Microsecond; gap < lasted-100*time.Millisecond || gap > lasted+20*time.Second {
				t.Errorf("a gap of %s, of the network %s", gap, lasted)
			}
			most := map[Kind]int64{PubSub: 20, List: 2, Stream: 0}[kind] // published before the subscriber was back; popped for the connection of before
			if p.Lost > most || p.Restarts != 0 || p.InFlight != 0 {
				t.Errorf("%+v", p)
			}
		})
	}
}

// A subscriber whose connection leads nowhere any more, while the sender's is well, is noticed after a second of silence and
// the timeout, however patient it is; what was published meanwhile is lost, and counted.
func TestHalfOpenSubscriber(t *testing.T) {
	t.Parallel()
	s := redistest.New(t)
	n := road(t, s)
	c := sing(t, Config{Kind: PubSub, Write: at(s), Read: n.target, Rate: 100, Patience: 2 * time.Second, Timeout: givesUp})
	c.received(50)
	n.forget(false)
	before := c.Probe().Sent
	began := time.Now()
	c.until("another subscription", func(p stats.Probe) bool { return p.Reconnects == 1 && p.Listening })
	took, missed := time.Since(began), c.Probe().Sent-before
	c.received(50)
	p := c.end()
	t.Logf("after %s: %s; %s", took, p.Verdict, p.LastError)
	if took > 2*(listens+givesUp) || p.Lost < missed/2 || p.Lost > missed+20 || p.Unsure+p.InFlight != 0 || !strings.Contains(p.LastError, "no answer within") {
		t.Errorf("after %s, in which %d were sent: %+v", took, missed, p)
	}
}
