// Command messaging measures what it takes to find ten thousand streams and queues among many keys and to
// follow them: how long, what of the server's time, and what of our memory.
//
//	go run ./bench/messaging                                       # among 1,000,000 keys
//	go run ./bench/messaging -keys 1000000,10000000,50000000       # one row each, about 90 bytes of memory a key
//	go run ./bench/messaging -keys 50000000 -within 5m             # how far it comes in 5 minutes
//
// A client beside sends SET every few milliseconds; the table says how long it waited. redistop runs with its
// default budget, once without looking for messages and for each number of keys once with it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"redistop/bench/lab"
	"redistop/internal/redistest"
	"redistop/internal/stats"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "messaging:", err)
		os.Exit(1)
	}
}

const mostKeys = 50_000_000

func run() error {
	name := flag.String("server", "", "server: a path or a beginning of flavor-version; default the installed one")
	program := flag.String("redistop", "./redistop", "the program measured, made by make")
	list := flag.String("keys", "1000000", "strings beside the streams and queues; several numbers, each larger than the one before, make several rows")
	flows := flag.Int("flows", 10_000, "streams and queues, half of each")
	within := flag.Duration("within", 20*time.Minute, "how long a search may take: then its row says how far it came")
	budget := flag.String("budget", "1%", "that redistop is given")
	flag.Parse()
	sizes, err := sizesOf(*list)
	if err != nil {
		return err
	}
	if *flows < 2 || *flows > 20_000 || *within < settle {
		return fmt.Errorf("check flags: -flows is 2 to 20,000, -within %s at least", settle)
	}
	if _, err := os.Stat(*program); err != nil {
		return fmt.Errorf("find redistop: %w (make builds it)", err)
	}
	binary, err := lab.Find(*name)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	s, err := redistest.Start(ctx, redistest.Options{Binary: binary, Config: []string{"enable-debug-command yes"}})
	if err != nil {
		return err
	}
	defer s.Stop()
	fmt.Printf("%s; server, redistop and the other client share %s\n", binary, lab.Machine())
	fmt.Printf("%d streams with a group each, %d lists, and strings; a budget of %s\n\n", *flows/2, *flows-*flows/2, *budget)
	fmt.Println("| keys | redistop | searched in | found | of the server's thread | a look at each every | our memory | SET waits: median | 99 % | longest | load |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|---|---|")
	f := filler{ctx: ctx, s: s}
	t := trials{s: s, program: *program, flows: *flows, within: *within, budget: *budget}
	for i, keys := range sizes {
		if err := f.fill(keys, *flows); err != nil {
			return err
		}
		if i == 0 {
			if err := t.run(ctx, keys, "--no-messaging"); err != nil {
				return err
			}
		}
		if err := t.run(ctx, keys); err != nil {
			return err
		}
	}
	return nil
}

func sizesOf(list string) (sizes []int, err error) {
	for text := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1000 || n > mostKeys || len(sizes) > 0 && n <= sizes[len(sizes)-1] {
			return nil, fmt.Errorf("check flags: -keys is numbers of 1,000 to %d, each larger than the one before: %q", mostKeys, text)
		}
		sizes = append(sizes, n)
	}
	return sizes, nil
}

// filler makes keys, a piece at a time.
type filler struct {
	ctx     context.Context
	s       *redistest.Server
	strings int  // that there are
	flows   bool // the streams and lists are there
}

// piece is how many keys one command makes.
const piece = 50_000

// fill brings the strings to so many, and makes the streams and lists the first time.
func (f *filler) fill(keys, flows int) error {
	c, err := lab.Dial("unix", f.s.Socket())
	if err != nil {
		return err
	}
	defer c.Close()
	for f.strings < keys {
		n := min(piece, keys-f.strings)
		if _, err := c.Do("DEBUG", "POPULATE", strconv.Itoa(n), "user:"+strconv.Itoa(f.strings)); err != nil {
			return fmt.Errorf("fill: %w", err)
		}
		if f.strings += n; f.ctx.Err() != nil {
			return f.ctx.Err()
		}
	}
	if f.flows {
		return nil
	}
	f.flows = true
	for _, part := range []struct {
		n    int
		line string
	}{
		{flows / 2, "local k='events:'..i for j=1,3 do redis.call('xadd',k,'*','f',j) end redis.call('xgroup','create',k,'g','0') redis.call('xreadgroup','group','g','c','count','1','streams',k,'>')"},
		{flows - flows/2, "redis.call('rpush','queue:'..i,'a','b')"},
	} {
		if _, err := c.Do("EVAL", fmt.Sprintf("for i=1,%d do %s end", part.n, part.line), "0"); err != nil {
			return fmt.Errorf("fill: %w", err)
		}
	}
	return nil
}

// settle is how long a trial goes on once everything was found, so that each key has its turns.
const settle = 30 * time.Second

// trials run redistop and say what it took.
type trials struct {
	s       *redistest.Server
	program string
	flows   int
	within  time.Duration
	budget  string
}

func (t trials) run(ctx context.Context, keys int, args ...string) error {
	var out lab.Snapshots
	p, err := lab.Start(&out, t.program, append([]string{"--json", "--interval", "2s", "--budget", t.budget, "-s", t.s.Socket()}, args...)...)
	if err != nil {
		return err
	}
	defer p.Stop()
	probe, err := startProbe(t.s.Socket())
	if err != nil {
		return err
	}
	searched, last, err := follow(ctx, p, &out, t.within, len(args) > 0)
	waits, probed := probe.stop()
	if err := errors.Join(err, probed); err != nil {
		return err
	}
	memory, err := lab.PeakMemory(p.PID())
	if err != nil {
		return err
	}
	took, found, every, what := "-", "-", "-", "without messages"
	if len(args) == 0 {
		what = "with messages"
		d := last.Messaging.Discovery
		every = fmt.Sprintf("%.1f s", d.EverySeconds.Or(last.Observer.IntervalSeconds))
		found = fmt.Sprintf("%d of %d", d.Found, t.flows)
		took = searched.Round(time.Second).String()
		switch {
		case d.Passes == 0:
			took = fmt.Sprintf("%.1f %% in %s, about %s to go", 100*d.Share, took, time.Duration(d.RemainingSeconds.Or(0)*float64(time.Second)).Round(time.Second))
		case d.Found != t.flows:
			return fmt.Errorf("%d streams and queues were found, want %d", d.Found, t.flows)
		}
	}
	share := float64(last.Observer.TotalUsec) / 1e6 / last.Time.Sub(last.Link.Since).Seconds()
	at := func(part float64) time.Duration {
		return waits[int(part*float64(len(waits)-1))].Round(time.Microsecond)
	}
	fmt.Printf("| %d | %s | %s | %s | %.2f %% | %s | %.0f MiB | %v | %v | %v | %s |\n", keys, what, took, found, share*100, every, float64(memory)/(1<<20), at(0.5), at(0.99), at(1), lab.Load())
	return nil
}

// follow reads Snapshots until a search is over and some time has passed, or until it may take no longer, and returns how long
// it took.
func follow(ctx context.Context, p *lab.Process, out *lab.Snapshots, within time.Duration, without bool) (searched time.Duration, last *stats.Snapshot, err error) {
	began := time.Now()
	var ended time.Time
	for n := 0; ctx.Err() == nil; {
		time.Sleep(time.Second)
		list, err := out.From(n)
		if err = errors.Join(err, p.Check()); err != nil {
			return 0, nil, err
		}
		n += len(list)
		if len(list) > 0 {
			last = list[len(list)-1]
		}
		if last == nil {
			continue
		}
		switch done := without || last.Messaging != nil && last.Messaging.Discovery.Passes > 0; {
		case ended.IsZero() && done:
			ended = time.Now()
		case !ended.IsZero() && time.Since(ended) >= settle:
			return ended.Sub(began), last, nil
		case ended.IsZero() && time.Since(began) > within && last.Messaging != nil:
			return time.Since(began), last, nil
		}
	}
	return 0, nil, ctx.Err()
}

// probe is another client: it wants to send SET at fixed times and notes how long after each the answer came.
type probe struct {
	end, done chan struct{}
	waits     []time.Duration // valid once done is closed, as err is
	err       error
}

const probeEvery = 5 * time.Millisecond

func startProbe(socket string) (*probe, error) {
	client, err := lab.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	p := &probe{end: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(p.done)
		defer client.Close()
		for due := time.Now(); ; due = due.Add(probeEvery) {
			time.Sleep(time.Until(due))
			select {
			case <-p.end:
				return
			default:
			}
			began := time.Now()
			if _, p.err = client.Do("SET", "probe", "x"); p.err != nil {
				return
			}
			p.waits = append(p.waits, time.Since(began))
		}
	}()
	return p, nil
}

// stop ends it and returns what it waited, the shortest first.
func (p *probe) stop() ([]time.Duration, error) {
	close(p.end)
	<-p.done
	slices.Sort(p.waits)
	if len(p.waits) == 0 && p.err == nil {
		return nil, errors.New("the other client sent nothing")
	}
	return p.waits, p.err
}
