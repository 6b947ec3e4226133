package canary

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"redistop/internal/redistest"
	"redistop/internal/server"
	"redistop/internal/stats"
)

func at(s *redistest.Server) server.Target {
	return server.Target{Network: "unix", Address: s.Socket()}
}

// patience is short where something is lost for good, and long where nothing may be, however busy the machine is.
func patience(loses bool) time.Duration {
	if loses {
		return 300 * time.Millisecond
	}
	return 10 * time.Second
}

// running is a canary that sings until end is called.
type running struct {
	*Canary
	t     *testing.T
	stop  context.CancelFunc
	ended chan error
}

func sing(t *testing.T, c Config) *running {
	t.Helper()
	return singThrough(t, c, func(w way) way { return w })
}

// singThrough is sing with something between the canary and its way.
func singThrough(t *testing.T, c Config, between func(way) way) *running {
	t.Helper()
	if c.Rate == 0 {
		c.Rate = MaxRate
	}
	if c.Patience == 0 {
		c.Patience = patience(false)
	}
	if c.Timeout == 0 {
		c.Timeout = 20 * time.Second // a busy machine is no network that has gone
	}
	if c.Read.Address == "" {
		c.Read = c.Write
	}
	ctx, stop := context.WithCancel(t.Context())
	r := &running{Canary: New(c), t: t, stop: stop, ended: make(chan error, 1)}
	go func() {
		m, err := r.start(ctx)
		if err == nil {
			r.way = between(r.way)
			err = r.proceed(ctx, m)
		}
		r.ended <- err
	}()
	return r
}

// until waits for something that must come.
func (r *running) until(what string, ok func(stats.Probe) bool) {
	r.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		select {
		case err := <-r.ended:
			r.t.Fatalf("it ended before %s: %v", what, err)
		default:
		}
		p := r.Probe()
		if ok(p) {
			return
		}
		if time.Now().After(end) {
			r.t.Fatalf("waited for %s: %+v", what, p)
		}
	}
}

// received waits for so many messages more.
func (r *running) received(n int64) {
	r.t.Helper()
	from := r.Probe().Received
	r.until("messages", func(p stats.Probe) bool { return p.Received >= from+n })
}

func (r *running) end() stats.Probe {
	r.t.Helper()
	r.stop()
	if err := <-r.ended; err != nil {
		r.t.Errorf("at the end: %v", err)
	}
	p := r.Probe()
	if p.Sent != p.Received+p.Lost+p.InFlight {
		r.t.Errorf("the counts do not agree: %+v", p)
	}
	return p
}

// keys are all keys of a server.
func keys(t *testing.T, s *redistest.Server) string {
	t.Helper()
	text, err := s.CLI("KEYS", "*")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(text)
}

// On a healthy server of every version nothing is lost, and nothing is left.
func TestHealthy(t *testing.T) {
	t.Parallel()
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		for _, kind := range Kinds {
			c := sing(t, Config{Kind: kind, Write: at(s)})
			c.received(100)
			if left := keys(t, s); kind == Stream && !strings.HasPrefix(left, server.CanaryPrefix) {
				t.Errorf("%s: keys %q", kind, left)
			}
			p := c.end()
			if p.Received < 100 || p.Lost+p.Duplicated+p.Reordered+p.InFlight+p.Unsure+p.Errors != 0 || !p.P50Usec.Known() || !p.P99Usec.Known() || !p.MaxUsec.Known() {
				t.Errorf("%s: %+v", kind, p)
			}
			if left := keys(t, s); left != "" {
				t.Errorf("%s leaves %q", kind, left)
			}
			if ids, sent := c.Own(); len(ids) != 2 || len(sent) == 0 {
				t.Errorf("%s: connections %v, sent %v", kind, ids, sent)
			}
		}
	})
}

// The user that redistop acl --canary prints is enough, on every version, and can touch nothing else.
func TestLeastUser(t *testing.T) {
	t.Parallel()
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		rule, err := server.ACLRule(t.Context(), at(s), server.ACLWish{User: "bird", Canary: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.CLI(strings.Fields(strings.Replace(rule, ">PASSWORD", "nopass", 1))...); err != nil {
			t.Fatalf("%s: %v", rule, err)
		}
		if text, err := s.CLI("ACL", "DRYRUN", "bird", "RPUSH", "orders", "x"); err == nil && !strings.Contains(text, "permissions") {
			t.Errorf("%s may write to others' keys: %s", rule, text)
		}
		bird := at(s)
		bird.Username = "bird"
		for _, kind := range Kinds {
			c := sing(t, Config{Kind: kind, Write: bird})
			c.received(20)
			if p := c.end(); p.Lost+p.Errors != 0 {
				t.Errorf("%s: %+v", kind, p)
			}
		}
		if stats, err := s.CLI("INFO", "errorstats"); err != nil || strings.Contains(stats, "NOPERM") {
			t.Errorf("refusals: %s, %v", stats, err)
		}
	})
}

// A subscriber that is cut off misses what is published meanwhile, and a stream keeps it.
func TestCutOff(t *testing.T) {
	t.Parallel()
	s := redistest.New(t)
	for _, tt := range []struct {
		kind  Kind
		who   string
		loses bool
	}{{PubSub, "pubsub", true}, {Stream, "normal", false}} {
		c := sing(t, Config{Kind: tt.kind, Write: at(s), Patience: patience(tt.loses)})
		for range 3 {
			c.received(50)
			if _, err := s.CLI("CLIENT", "KILL", "TYPE", tt.who); err != nil {
				t.Fatal(err)
			}
		}
		c.received(50)
		p := c.end()
		if p.Lost > 0 != tt.loses || p.Broken || p.Reconnects < 3 || p.Restarts != 0 || p.InFlight != 0 {
			t.Errorf("%s: %+v", tt.kind, p)
		}
	}
}

// gate holds the receiver up while it is shut.
type gate struct {
	way
	shut chan struct{}
}

func (g gate) receive(ctx context.Context, m *server.Messenger) ([]delivery, error) {
	<-g.shut
	return g.way.receive(ctx, m)
}

// A restart without persistence loses what was acknowledged; with it nothing is lost.
func TestRestart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		config []string
		broken bool
	}{
		{"nothing is kept", nil, true},
		{"everything is kept", []string{"appendonly yes", "appendfsync always"}, false},
	} {
		for _, kind := range []Kind{List, Stream} {
			t.Run(tt.name+", "+string(kind), func(t *testing.T) {
				s := redistest.New(t, redistest.Config(tt.config...))
				open := make(chan struct{})
				c := singThrough(t, Config{Kind: kind, Write: at(s), Patience: patience(tt.broken)}, func(w way) way { return gate{w, open} })
				c.until("messages under way", func(p stats.Probe) bool { return p.Sent >= 50 })
				if err := s.Restart(); err != nil {
					t.Fatal(err)
				}
				close(open)
				c.received(c.Probe().Sent + 50) // more than wait, so that the sender is back too
				p := c.end()
				if p.Broken != tt.broken || p.Lost >= 50 != tt.broken || p.Restarts != 1 || p.Reconnects < 2 || p.InFlight != 0 {
					t.Errorf("%+v", p)
				}
			})
		}
	}
}

// A consumer that crashes between reading and acknowledging gets the same again.
func TestAtLeastOnceMayDuplicate(t *testing.T) {
	t.Parallel()
	s := redistest.New(t)
	c := singThrough(t, Config{Kind: Stream, Write: at(s)}, func(w way) way { return &forgetful{way: w} })
	c.until("duplicates", func(p stats.Probe) bool { return p.Duplicated > 0 && p.Received > 20 })
	if p := c.end(); p.Lost != 0 || p.InFlight != 0 || p.Duplicated == 0 || !strings.Contains(p.Verdict, "at least once: 0 lost") {
		t.Errorf("%+v", p)
	}
}

// forgetful loses its connection instead of acknowledging, once.
type forgetful struct {
	way
	lost bool
}

func (f *forgetful) done(ctx context.Context, m *server.Messenger, ds []delivery) error {
	if !f.lost {
		f.lost = true
		return errors.New("crash")
	}
	return f.way.done(ctx, m, ds)
}

// A full server refuses messages: they are errors and wait, none is lost.
func TestFull(t *testing.T) {
	t.Parallel()
	s := redistest.New(t)
	for _, kind := range []Kind{List, Stream} {
		c := sing(t, Config{Kind: kind, Write: at(s)})
		c.received(20)
		if _, err := s.CLI("CONFIG", "SET", "maxmemory", "1"); err != nil {
			t.Fatal(err)
		}
		c.until("a refusal", func(p stats.Probe) bool { return strings.Contains(p.LastError, "OOM") })
		if _, err := s.CLI("CONFIG", "SET", "maxmemory", "0"); err != nil {
			t.Fatal(err)
		}
		c.received(20)
		if p := c.end(); p.Lost+p.Duplicated+p.InFlight != 0 || p.Errors == 0 {
			t.Errorf("%s: %+v", kind, p)
		}
	}
}

// A replica hears what is published and added on its primary; it cannot be popped from.
func TestReadFromReplica(t *testing.T) {
	t.Parallel()
	primary, replica := replicated(t)
	for _, kind := range []Kind{PubSub, Stream} {
		c := sing(t, Config{Kind: kind, Write: at(primary), Read: at(replica)})
		c.received(100)
		if p := c.end(); p.Lost+p.Duplicated+p.InFlight+p.Errors != 0 {
			t.Errorf("%s: %+v", kind, p)
		}
	}
	for _, kind := range []Kind{List, Stream} {
		c := sing(t, Config{Kind: kind, Write: at(replica), Read: at(primary)})
		if err := <-c.ended; !errors.Is(err, ErrUnfit) {
			t.Errorf("%s written to a replica: %v", kind, err)
		}
	}
	c := sing(t, Config{Kind: List, Write: at(primary), Read: at(replica)})
	if err := <-c.ended; err == nil || !strings.Contains(err.Error(), "replica") {
		t.Errorf("a list on a replica: %v", err)
	}
	if left := keys(t, primary); left != "" {
		t.Errorf("left: %q", left)
	}
}

// On a stream that a person named, others' entries and groups stay as they were.
func TestNamedStream(t *testing.T) {
	t.Parallel()
	s := redistest.New(t)
	for _, command := range [][]string{{"XADD", "orders", "1-1", "secret", "x"}, {"XGROUP", "CREATE", "orders", "theirs", "0"}} {
		if _, err := s.CLI(command...); err != nil {
			t.Fatal(err)
		}
	}
	c := sing(t, Config{Kind: Stream, Write: at(s), Stream: "orders"})
	c.received(50)
	if _, err := s.CLI("XADD", "orders", "*", "secret", "y"); err != nil {
		t.Fatal(err)
	}
	c.received(50)
	if p := c.end(); p.Lost+p.Duplicated+p.InFlight+p.Errors != 0 || p.Key != "orders" {
		t.Errorf("%+v", p)
	}
	entries, err := s.CLI("XLEN", "orders")
	if err != nil || strings.TrimSpace(entries) != "2" {
		t.Errorf("%s entries are left, %v", entries, err)
	}
	groups, err := s.CLI("XINFO", "GROUPS", "orders")
	if err != nil || strings.Contains(groups, server.CanaryPrefix) || !strings.Contains(groups, "theirs") {
		t.Errorf("groups: %s, %v", groups, err)
	}
}

// A stream that a person named and that is not there is not made, neither where it is read nor where it is written.
func TestNamedStreamThatIsNotThere(t *testing.T) {
	t.Parallel()
	here, there := redistest.New(t), redistest.New(t)
	if _, err := there.CLI("XADD", "orders", "1-1", "a", "b"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []Config{{Write: at(here), Read: at(here)}, {Write: at(there), Read: at(here)}, {Write: at(here), Read: at(there)}} {
		c.Kind, c.Stream, c.Rate, c.Patience = Stream, "orders", 10, time.Second
		if err := New(c).Run(t.Context()); !errors.Is(err, ErrAbsent) {
			t.Errorf("written at %s, read at %s: %v", c.Write, c.Read, err)
		}
	}
	if left := keys(t, here); left != "" {
		t.Errorf("left: %q", left)
	}
	if groups, err := there.CLI("XINFO", "GROUPS", "orders"); err != nil || strings.TrimSpace(groups) != "" {
		t.Errorf("groups: %s, %v", groups, err)
	}
}

// What cannot work is an error at once.
func TestHopeless(t *testing.T) {
	t.Parallel()
	s := redistest.New(t, redistest.Config("user feeble on nopass ~* &* +@all -xadd -rpush -publish"))
	if _, err := s.CLI("SET", "text", "x"); err != nil {
		t.Fatal(err)
	}
	feeble := at(s)
	feeble.Username = "feeble"
	gone := server.Target{Network: "unix", Address: s.Socket() + ".gone"}
	for _, c := range []Config{
		{Kind: Stream, Write: feeble}, {Kind: List, Write: feeble}, {Kind: PubSub, Write: feeble},
		{Kind: PubSub, Write: gone}, {Kind: PubSub, Write: gone, Read: at(s)}, {Kind: Stream, Write: at(s), Stream: "text"},
	} {
		r := sing(t, c)
		if err := <-r.ended; err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
	if left := keys(t, s); left != "text" {
		t.Errorf("left: %q", left)
	}
}

func TestVerdict(t *testing.T) {
	for _, tt := range []struct {
		p      stats.Probe
		want   string
		broken bool
	}{
		{stats.Probe{Kind: "pubsub", Listening: true}, "nothing sent yet", false},
		{stats.Probe{Kind: "pubsub", Sent: 4000, Received: 3988, Lost: 12, Listening: true, Restarts: 1, Reconnects: 2}, "at most once: 12 of 4,000 lost; the server restarted or failed over", false},
		{stats.Probe{Kind: "pubsub", Sent: 40, Received: 40, Unsure: 1, Restarts: 2, Listening: true}, "at most once, none missing so far: 0 lost of 40, 1 of unknown fate; the server restarted or failed over 2 times", false},
		{stats.Probe{Kind: "pubsub", Sent: 40, Received: 40, Listening: true}, "at most once, none missing so far: 0 lost of 40", false},
		{stats.Probe{Kind: "stream", Sent: 40, Received: 40, Duplicated: 3, Listening: true}, "at least once: 0 lost of 40, 3 duplicated", false},
		{stats.Probe{Kind: "stream", Sent: 40, Received: 39, Lost: 1, Reordered: 1, Listening: true}, "not kept: 1 of 40 lost, 1 out of order", true},
		{stats.Probe{Kind: "list", Sent: 40, Received: 38, InFlight: 2, Reconnects: 1}, "kept until popped: 0 lost of 40, 2 under way; 1 reconnection, nobody listens at present", false},
	} {
		if got, broken := verdict(tt.p); got != tt.want || broken != tt.broken {
			t.Errorf("%+v:\n got %q %v\nwant %q %v", tt.p, got, broken, tt.want, tt.broken)
		}
	}
}
