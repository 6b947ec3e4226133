package main

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"redistop/internal/observe"
	"redistop/internal/presence"
	"redistop/internal/redistest"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// ledgered is a real server that is watched, and what a Ledger knows of it. All of it belongs to the test's goroutine.
type ledgered struct {
	t        *testing.T
	s        *redistest.Server
	ledger   *presence.Ledger
	observer *observe.Observer
	control  *program
	last     *stats.Snapshot
	ended    map[string]stats.Session // by name, as last told
}

const quickPolls = 60 * time.Millisecond

func follow(t *testing.T, s *redistest.Server) *ledgered {
	t.Helper()
	target := server.Target{Network: "tcp", Address: s.Addr()}
	return &ledgered{t: t, s: s, ledger: presence.NewLedger(presence.Options{}), control: named(t, s, "127.0.0.1", "control"), ended: map[string]stats.Session{},
		observer: observe.Start(t.Context(), observe.Config{Target: target, Interval: quickPolls, Budget: 0.9})}
}

// until takes Snapshots until something is true.
func (l *ledgered) until(what string, is func() bool) {
	l.t.Helper()
	deadline := time.After(sitePatience)
	for !is() {
		select {
		case l.last = <-l.observer.Snapshots():
			if l.last == nil {
				l.t.Fatalf("the observer ended before %s", what)
			}
			for _, g := range l.ledger.Observe(l.last).Gone {
				l.ended[g.Name] = g
			}
		case <-deadline:
			l.t.Fatalf("not true in %s: %s; online %+v, ended %+v", sitePatience, what, l.ledger.Online(), l.ended)
		}
	}
}

func (l *ledgered) online(name string) (stats.Session, bool) {
	list := l.ledger.Online()
	i := slices.IndexFunc(list, func(s stats.Session) bool { return s.Name == name })
	if i < 0 {
		return stats.Session{}, false
	}
	return list[i], true
}

// guest connects under a name and waits until it is seen.
func (l *ledgered) guest(name string) *program {
	l.t.Helper()
	p := named(l.t, l.s, "127.0.0.1", name)
	l.seen(name)
	return p
}

func (l *ledgered) seen(name string) stats.Session {
	l.t.Helper()
	l.until(name+" is online", func() bool { _, ok := l.online(name); return ok })
	s, _ := l.online(name)
	return s
}

// passes waits for whole passes over the connections that began after this moment.
func (l *ledgered) passes(n int) {
	l.t.Helper()
	from := time.Now()
	l.until("a new pass", func() bool {
		if l.last == nil || l.last.Observer.ClientsTime == nil || !l.last.Observer.ClientsTime.After(from) {
			return false
		}
		from = *l.last.Observer.ClientsTime
		n--
		return n < 0
	})
}

// why waits until somebody is gone and wants the reason. A reason may come a pass after the end.
func (l *ledgered) why(name string, want stats.OfflineReason) stats.Session {
	l.t.Helper()
	l.until(name+" is gone, and why", func() bool { return l.ended[name].Reason == want })
	s := l.ended[name]
	if _, there := l.online(name); there || s.OfflineAt == nil || s.OfflineAt.Before(s.LastSeen) || time.Since(*s.OfflineAt) > sitePatience {
		l.t.Errorf("%s: %+v", name, s)
	}
	return s
}

func (l *ledgered) config(words ...string) {
	l.t.Helper()
	l.control.must(append([]string{"CONFIG", "SET"}, words...)...)
	l.until("the configuration is known", func() bool { return l.last != nil && l.last.Config[words[0]] == words[1] })
}

// TestPresence lets connections come, speak and end in every way that can be told apart.
func TestPresence(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		if series := s.Binary().Series(); s.Binary().Flavor == "valkey" && strings.HasPrefix(series, "8") {
			t.Skip("what came before and after it shows what there is to see")
		}
		t.Parallel()
		l := follow(t, s)
		for _, part := range []struct {
			name string
			run  func(*ledgered)
		}{
			{"a life", lifeIsTrue}, {"killed", killedAreKnown}, {"timeout", timeoutIsKnown}, {"output buffer", outputBufferIsKnown},
			{"query buffer", queryBufferIsKnown}, {"evicted", evictionIsKnown}, {"frozen", frozenIsNotGone}, {"restart", restartIsKnown},
		} {
			t.Run(part.name, func(t *testing.T) { l.t = t; part.run(l) })
		}
	}, redistest.TCP())
}

func lifeIsTrue(l *ledgered) {
	before := time.Now()
	p := l.guest("first-name")
	s, _ := l.online("first-name")
	if s.Addr != p.addr() || s.User != "default" || s.IP != "127.0.0.1" || s.RunID == "" || s.DB != 0 {
		l.t.Errorf("%+v", s)
	}
	p.must("SELECT", "3")
	p.must("CLIENT", "SETNAME", "second-name")
	renamed := l.seen("second-name")
	if renamed.ID != s.ID || renamed.DB != 3 || !within(renamed.OnlineSince, before, time.Now()) {
		l.t.Errorf("%+v", renamed)
	}
	spoke := renamed.LastInteraction
	l.until("it is idle", func() bool {
		s, _ := l.online("second-name")
		return s.LastSeen.Sub(s.LastInteraction) > 1500*time.Millisecond
	})
	if s, _ := l.online("second-name"); s.LastInteraction.Sub(spoke) > time.Second {
		l.t.Errorf("it spoke at %s, and said nothing since: %+v", spoke, s)
	}
	asked := time.Now()
	p.must("PING")
	l.until("it spoke again", func() bool { s, _ := l.online("second-name"); return s.LastInteraction.After(asked.Add(-time.Second)) })
	if s, _ := l.online("second-name"); !within(s.LastInteraction, asked, time.Now()) || s.LastCommand != "ping" {
		l.t.Errorf("it spoke at %s: %+v", asked, s)
	}

	// The other end of a connection may be gone without a word: nobody can know yet.
	half := l.guest("half-open")
	left := time.Now()
	tcp := half.conn.(*net.TCPConn)
	l.passes(2)
	if s, there := l.online("half-open"); !there || s.LastSeen.Before(left) {
		l.t.Errorf("silence was taken for the end: %+v", s)
	}
	tcp.Close()
	l.why("half-open", stats.OfflineUnknown)
	p.close()
	l.why("second-name", stats.OfflineUnknown)
}

// within says that a time that is true to about a second lies between two others.
func within(at, from, to time.Time) bool {
	return !at.Before(from.Add(-1500*time.Millisecond)) && !at.After(to.Add(1500*time.Millisecond))
}

func killedAreKnown(l *ledgered) {
	p := l.guest("by-another")
	l.passes(1)
	l.control.must("CLIENT", "KILL", "ADDR", p.addr())
	l.why("by-another", stats.OfflineKilled)

	q := l.guest("by-us")
	s, _ := l.online("by-us")
	if err := l.observer.Kill(l.t.Context(), s.ID, s.Addr); err != nil {
		l.t.Fatal(err)
	}
	l.ledger.Killed(s.ID, s.Addr)
	if s := l.why("by-us", stats.OfflineKilled); s.ReasonLikely {
		l.t.Errorf("not certain: %+v", s)
	}
	q.close()
	p.close()
}

func timeoutIsKnown(l *ledgered) {
	idle := l.guest("idle")
	defer idle.close()
	busy := l.guest("busy")
	defer busy.close()
	l.control.must("CONFIG", "SET", "timeout", "2")
	defer l.config("timeout", "0")
	l.until("the idle one is gone", func() bool {
		busy.must("PING")
		l.control.must("PING")
		return l.ended["idle"].Reason == stats.OfflineTimeout
	})
	if _, there := l.online("busy"); !there {
		l.t.Error("who speaks is gone")
	}
	if s := l.ended["idle"]; s.ReasonLikely {
		l.t.Errorf("not certain: %+v", s)
	}
}

// counts says whether the server counts those that it cut off for a buffer.
func (l *ledgered) counts() bool { return l.last.Housekeeping.OutputDisconnections.Known() }

// between does what ends a connection in a pause between two polls, and waits until the server has ended it: in the
// moment between the counters and the list of a pass it makes the reason a likely one where it else is certain.
func (l *ledgered) between(name string, act func()) {
	l.t.Helper()
	l.observer.SetInterval(2 * time.Second)
	defer l.observer.SetInterval(quickPolls)
	l.passes(0)
	act()
	for deadline := time.Now().Add(sitePatience); strings.Contains(l.control.must("CLIENT", "LIST").Text, "name="+name+" "); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			l.t.Fatalf("after %s the server has not ended %s", sitePatience, name)
		}
	}
}

// again ends one in a way until that was in a pause between two polls; on a machine that is held up it may last longer.
func (l *ledgered) again(name string, likely bool, end func(*ledgered) stats.Session) {
	l.t.Helper()
	for range 2 {
		delete(l.ended, name)
		s := end(l)
		if s.ReasonLikely == likely {
			return
		}
		l.t.Logf("once more: %+v", s)
	}
	l.t.Errorf("likely instead of certain, or certain instead of likely: %+v", l.ended[name])
}

func outputBufferIsKnown(l *ledgered) { l.again("no-reader", !l.counts(), cutOff) }

// cutOff has a subscriber that does not read cut off.
func cutOff(l *ledgered) stats.Session {
	l.config("client-output-buffer-limit", "normal 0 0 0 slave 268435456 67108864 60 pubsub 8388608 0 0")
	p := l.guest("no-reader")
	defer p.close()
	p.write([]byte("SUBSCRIBE news\r\n"))
	l.until("it is subscribed", func() bool {
		i := slices.IndexFunc(l.last.Connections, func(c stats.ConnectionRow) bool { return c.Name == "no-reader" })
		return i >= 0 && l.last.Connections[i].Subscriptions == 1
	})
	piece := strings.Repeat("x", 8<<10) // Valkey 9 does not count what it need not copy, as it does with more
	publish := func() { l.control.send(128, "PUBLISH", "news", piece) }
	held := func() int64 { // what the sockets do not take any more
		list := l.control.must("CLIENT", "LIST").Text
		_, after, _ := strings.Cut(list[strings.Index(list, "name=no-reader"):], " omem=")
		n, err := strconv.ParseInt(after[:strings.IndexByte(after, ' ')], 10, 64)
		if err != nil {
			l.t.Fatal(err)
		}
		return n
	}
	for i := 0; held() < 5<<20; i++ {
		if publish(); i == 64 {
			l.t.Fatal("64 MiB that nobody reads are not held")
		}
	}
	l.passes(1)
	l.between("no-reader", func() {
		for range 8 {
			publish()
		}
	})
	return l.why("no-reader", stats.OfflineOutputBuffer)
}

func queryBufferIsKnown(l *ledgered) { l.again("no-end", !l.counts(), tooLong) }

func tooLong(l *ledgered) stats.Session {
	l.config("client-query-buffer-limit", "1048576")
	p := l.guest("no-end")
	defer p.close()
	p.write([]byte("*2\r\n$3\r\nGET\r\n$8000000\r\n" + strings.Repeat("x", 900_000)))
	l.passes(1)
	l.between("no-end", func() {
		p.conn.Write([]byte(strings.Repeat("x", 900_000))) // it may be cut off in the middle of this
	})
	return l.why("no-end", stats.OfflineQueryBuffer)
}

func evictionIsKnown(l *ledgered) { l.again("too-large", false, evicted) }

func evicted(l *ledgered) stats.Session {
	p := l.guest("too-large")
	defer p.close()
	l.config("client-query-buffer-limit", "1073741824")
	p.write([]byte("*2\r\n$3\r\nGET\r\n$80000000\r\n" + strings.Repeat("x", 8<<20)))
	l.passes(1)
	defer l.control.must("CONFIG", "SET", "maxmemory-clients", "0")
	l.between("too-large", func() { l.control.must("CONFIG", "SET", "maxmemory-clients", "4mb") })
	return l.why("too-large", stats.OfflineEvicted)
}

func frozenIsNotGone(l *ledgered) {
	defer l.guest("patient").close()
	if err := l.s.Pause(); err != nil {
		l.t.Fatal(err)
	}
	l.until("the server is silent", func() bool { return l.last.Link.State == stats.Stalled })
	if _, there := l.online("patient"); !there {
		l.t.Error("a server that does not answer has ended somebody")
	}
	if err := l.s.Resume(); err != nil {
		l.t.Fatal(err)
	}
	l.passes(1)
	if _, there := l.online("patient"); !there {
		l.t.Error("it is gone")
	}
}

func restartIsKnown(l *ledgered) {
	defer l.guest("survivor").close()
	if err := l.s.Kill(); err != nil {
		l.t.Fatal(err)
	}
	l.until("the server is down", func() bool { return l.last.Link.State == stats.Down })
	if _, there := l.online("survivor"); !there {
		l.t.Error("a server that cannot be reached has ended somebody")
	}
	if err := l.s.Restart(); err != nil {
		l.t.Fatal(err)
	}
	l.why("survivor", stats.OfflineRestart)
	before := l.ended["survivor"]
	l.control = named(l.t, l.s, "127.0.0.1", "control")
	if s := l.seen("control"); s.RunID == before.RunID || s.RunID == "" {
		l.t.Errorf("of process %q: %+v", before.RunID, s)
	}
}
