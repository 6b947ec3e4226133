package main

import (
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"redistop/bench/lab"
	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/stats"
)

// patience is far beyond what anything takes on a quiet machine.
const patience = time.Minute

// mostHeld is what the server may hold of the command stream for us: the default of --held.
const mostHeld = 8 << 20

// heavy is what redis-benchmark sends as fast as it can.
type heavy struct {
	name    string
	clients int
	bytes   int
}

var (
	smallValues   = heavy{"3 B", 50, 3}
	largeValues   = heavy{"100 kB", 5, 100_000}
	largeFromMany = heavy{"100 kB from 50 clients", 50, 100_000}
)

// send begins a load. It ends with the test, and by itself when the server is gone.
func (h heavy) send(t *testing.T, s *redistest.Server) {
	t.Helper()
	benchmark, err := lab.Tool("benchmark")
	if err != nil {
		t.Fatal(err)
	}
	p, err := lab.Start(io.Discard, benchmark, "-h", "127.0.0.1", "-p", strconv.Itoa(s.Port()), "-q", "-t", "set",
		"-P", "16", "-n", "1000000000", "-c", strconv.Itoa(h.clients), "-d", strconv.Itoa(h.bytes))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop() })
}

// sampled is a running redistop --json, and what its server holds for it.
type sampled struct {
	t       *testing.T
	process *lab.Process
	out     lab.Snapshots
	held    *lab.Held
	asking  *lab.Client
}

// sample starts redistop --json with the flags given.
func sample(t *testing.T, s *redistest.Server, flags ...string) *sampled {
	t.Helper()
	w := &sampled{t: t}
	var err error
	if w.asking, err = lab.Dial("unix", s.Socket()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.asking.Close)
	if w.held, err = lab.WatchHeld("unix", s.Socket(), "redistop", 20*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.held.Stop() })
	args := append([]string{"top", "--json", "--interval", "500ms", s.Addr()}, flags...)
	if w.process, err = lab.Start(&w.out, "redistop", args...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.process.Stop() })
	return w
}

// until waits for a Snapshot of after now that is as wanted.
func (w *sampled) until(what string, ok func(*stats.Snapshot) bool) *stats.Snapshot {
	w.t.Helper()
	began := time.Now()
	for time.Since(began) < patience {
		list, err := w.out.From(0)
		if err == nil {
			err = w.process.Check()
		}
		if err != nil {
			w.t.Fatal(err)
		}
		for _, s := range list {
			if s.Time.After(began) && s.Link.State == stats.Up && ok(s) {
				return s
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.t.Fatalf("no snapshot with %s for %s", what, patience)
	return nil
}

func hasWindows(s *stats.Snapshot) bool { return s.Observer.Windows > 0 }

func windowsOrWhyNot(s *stats.Snapshot) bool { return hasWindows(s) || s.Observer.SamplingPaused != "" }

func paused(reason string) func(*stats.Snapshot) bool {
	return func(s *stats.Snapshot) bool { return strings.Contains(s.Observer.SamplingPaused, reason) }
}

// wantLittleHeld wants that since a moment the server was seen to hold no more than it may.
func (w *sampled) wantLittleHeld(when string, since time.Time) {
	w.t.Helper()
	sights := w.held.Since(since)
	most := lab.Most(sights)
	w.t.Logf("%s the server held %d kB for us at most, in %d looks", when, most/1000, len(sights))
	if len(sights) == 0 || most > mostHeld {
		w.t.Errorf("%s the server held %d bytes for us, in %d looks; want at least one, and %d at most", when, most, len(sights), mostHeld)
	}
}

// wantStopped freezes redistop in mid-window and wants that the server has ended the window itself.
func (w *sampled) wantStopped(full bool) {
	w.t.Helper()
	long := 3 * time.Second
	if full {
		long = patience
	}
	met, err := lab.Catch(w.asking, "redistop", long)
	if err != nil || full && !met {
		w.t.Fatalf("redistop is in MONITOR: %v, %v", met, err)
	}
	stopped := time.Now()
	if err := w.process.Pause(); err != nil {
		w.t.Fatal(err)
	}
	time.Sleep(time.Second)
	w.wait("a redistop that stopped to have left MONITOR", stopped, func(s lab.Sight) bool {
		return s.At.After(stopped.Add(time.Second)) && s.Monitoring == 0
	})
	time.Sleep(300 * time.Millisecond) // nothing brings it back
	sights := w.held.Since(stopped)
	left := lab.Left(sights, stopped)
	w.t.Logf("stopped in a window: %v; it ended within %s", met, left.Sub(stopped).Round(time.Millisecond))
	if last := sights[len(sights)-1]; last.Monitoring > 0 {
		w.t.Errorf("a redistop that stopped is in MONITOR again: %+v", sights)
	}
	w.wantLittleHeld("stopped,", stopped)
	if err := w.process.Resume(); err != nil {
		w.t.Fatal(err)
	}
}

// wantKilled kills redistop and wants that nothing of it stays on the server.
func (w *sampled) wantKilled() {
	w.t.Helper()
	killed := time.Now()
	if err := w.process.Stop(); err != nil {
		w.t.Fatal(err)
	}
	w.wait("the connections of a killed redistop to go", killed, func(s lab.Sight) bool { return s.Connections == 0 })
}

// wait waits for a look at the server, after a moment, that shows what is wanted.
func (w *sampled) wait(what string, since time.Time, ok func(lab.Sight) bool) {
	w.t.Helper()
	for began := time.Now(); time.Since(began) < patience; {
		if slices.ContainsFunc(w.held.Since(since), ok) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.t.Fatalf("wait for %s: not within %s: %+v", what, patience, w.held.Since(since))
}

// modes are sample and full mode, which lasts longer than any test here.
var modes = map[string][]string{"sample": nil, "full": {"--monitor", "5m"}}

// TestMonitorEndsWithoutUs stops and kills a redistop on a server under a full load. Nothing of it
// runs beside other tests.
func TestMonitorEndsWithoutUs(t *testing.T) {
	for _, name := range []string{"redis-7.0", "valkey-9"} {
		binary, err := lab.Find(name)
		if err != nil {
			t.Logf("left out: %v", err) // EachVersion says whether it may be missing
			continue
		}
		for _, load := range []heavy{smallValues, largeValues} {
			for mode, flags := range modes {
				t.Run(name+" "+load.name+" "+mode, func(t *testing.T) {
					t.Parallel()
					s := redistest.New(t, redistest.On(binary), redistest.TCP())
					load.send(t, s)
					began := time.Now()
					w := sample(t, s, flags...)
					w.until("a rate", func(s *stats.Snapshot) bool { return s.Throughput.CommandsPerSecond.Or(0) > 0 })
					w.wantStopped(mode == "full")
					w.until("windows, or a reason for none", windowsOrWhyNot)
					w.wantLittleHeld("reading and not,", began)
					w.wantKilled()
				})
			}
		}
	}
}

// TestMonitorReadSlowly gives redistop a sliver of the machine's time.
func TestMonitorReadSlowly(t *testing.T) {
	for _, load := range []heavy{smallValues, largeValues} {
		for mode, flags := range modes {
			t.Run(load.name+" "+mode, func(t *testing.T) {
				s := redistest.New(t, redistest.TCP())
				load.send(t, s)
				w := sample(t, s, flags...)
				w.until("windows, or a reason for none", windowsOrWhyNot)
				w.slow()
				slow := time.Now()
				time.Sleep(time.Second)
				w.until("windows, or a reason for none", windowsOrWhyNot)
				w.wantLittleHeld("read slowly,", slow)
			})
		}
	}
}

// slow lets programs that do nothing go before redistop wherever it wants to run.
func (w *sampled) slow() {
	t := w.t
	t.Helper()
	threads, err := filepath.Glob("/proc/" + strconv.Itoa(w.process.PID()) + "/task/*")
	if err != nil || len(threads) == 0 {
		t.Skip("no /proc here: its threads cannot be made nice")
	}
	args := []string{"-n", "10", "-p"}
	for _, thread := range threads {
		args = append(args, filepath.Base(thread))
	}
	if out, err := exec.Command("renice", args...).CombinedOutput(); err != nil {
		t.Logf("its threads are as nice as before: %v: %s", err, out) // a thread may have ended meanwhile
	}
	for range 4 { // each ends by itself, in any case
		busy, err := lab.Start(io.Discard, "sh", "-c", "i=0; while [ $i -lt 20000000 ]; do i=$((i+1)); done")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { busy.Stop() })
	}
}

// TestNoMonitorWhereItCouldHurt wants that a server without room sees not one MONITOR, in any mode,
// and that the reason is told.
func TestNoMonitorWhereItCouldHurt(t *testing.T) {
	for _, tc := range []struct {
		name, reason string
		config       string
		load         heavy
		held         string
		fill         bool
	}{
		{"near maxmemory", "within 10 % of maxmemory", "maxmemory 64mb", smallValues, "8MB", true},
		{"large values from many", "one turn of the server's event loop", "maxmemory 0", largeFromMany, "2MB", false},
	} {
		for mode, flags := range modes {
			t.Run(tc.name+" "+mode, func(t *testing.T) {
				t.Parallel()
				s := redistest.New(t, redistest.TCP(), redistest.Config(tc.config))
				tc.load.send(t, s)
				if tc.fill {
					fill(t, s)
				} else {
					time.Sleep(500 * time.Millisecond) // until all its connections send
				}
				w := sample(t, s, append([]string{"--held", tc.held}, flags...)...)
				w.until("the reason "+tc.reason, paused(tc.reason))
				w.until("the reason "+tc.reason, paused(tc.reason))
				info, err := w.asking.Info("commandstats")
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range info.Commands {
					if c.Name == "monitor" {
						t.Errorf("MONITOR was sent %d times", c.Calls)
					}
				}
			})
		}
	}
}

// fill brings a server to 95 % of its maxmemory.
func fill(t *testing.T, s *redistest.Server) {
	t.Helper()
	c, err := lab.Dial("unix", s.Socket())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i := range 1000 {
		info, err := c.Info("memory")
		if err != nil {
			t.Fatal(err)
		}
		if info.Float("used_memory").Or(0) >= 0.95*info.Float("maxmemory").Or(0) {
			return
		}
		if _, err := c.Do("SETRANGE", "pad:"+strconv.Itoa(i), "200000", "x"); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("the server does not fill")
}

// TestMonitorThroughRestartAndFailover takes the server away in mid-window, and makes it a replica,
// which refuses what ends a window.
func TestMonitorThroughRestartAndFailover(t *testing.T) {
	for mode, flags := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s, primary := redistest.New(t, redistest.TCP()), redistest.New(t, redistest.TCP())
			w := sample(t, s, flags...)
			w.until("windows", hasWindows)
			if err := s.Restart(); err != nil {
				t.Fatal(err)
			}
			w.until("windows after the restart", hasWindows)

			host, port, _ := strings.Cut(primary.Addr(), ":")
			replicaOf(t, s, host, port)
			if mode == "full" {
				w.until("windows that we end", func(s *stats.Snapshot) bool { return s.Server.Role == "replica" && hasWindows(s) })
			} else {
				w.until("the reason", paused("a replica refuses WAIT"))
			}
			time.Sleep(time.Second) // a loop of errors would go on
			if n := errorsOf(t, s); n > 2 {
				t.Errorf("the failover cost %d errors, want 2 at most", n)
			}
			replicaOf(t, s, "NO", "ONE")
			w.until("windows after the way back", func(s *stats.Snapshot) bool { return s.Server.Role != "replica" && hasWindows(s) })
		})
	}
}

func replicaOf(t *testing.T, s *redistest.Server, host, port string) {
	t.Helper()
	if _, err := s.CLI("REPLICAOF", host, port); err != nil {
		t.Fatal(err)
	}
}

func errorsOf(t *testing.T, s *redistest.Server) (n int64) {
	t.Helper()
	text, err := s.CLI("INFO", "errorstats")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range redis.ParseInfo(text).Errors {
		n += e.Count
	}
	return n
}
