// Command messaging measures what it takes to find ten thousand streams and queues among many keys and to
// follow them: how long, what of the server's time, and what of our memory.
//
//	go run ./bench/messaging                     # among 1,000,000 keys
//	go run ./bench/messaging -keys 50000000      # as many as the machine has memory for, about 90 bytes each
//
// A client beside sends SET every few milliseconds; the table says how long it waited. redistop runs with its
// default budget, once without looking for messages and once with it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
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
	keys := flag.Int("keys", 1_000_000, "strings beside the streams and queues")
	flows := flag.Int("flows", 10_000, "streams and queues, half of each")
	patience := flag.Duration("patience", 20*time.Minute, "how long the search may take")
	flag.Parse()
	if *keys < 1000 || *keys > mostKeys || *flows < 2 || *flows > 20_000 {
		return fmt.Errorf("check flags: -keys is 1,000 to %d, -flows 2 to 20,000", mostKeys)
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
	s, err := redistest.Start(ctx, redistest.Options{Binary: binary})
	if err != nil {
		return err
	}
	defer s.Stop()
	fmt.Printf("%s; server, redistop and the other client share %s\n", binary, lab.Machine())
	if err := fill(ctx, s, *keys, *flows); err != nil {
		return err
	}
	fmt.Printf("%d strings, %d streams with a group each, %d lists\n\n", *keys, *flows/2, *flows-*flows/2)
	fmt.Println("| redistop | searched in | of the server's thread | a look at each every | our memory | SET waits: median | 99 % | longest |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	for _, args := range [][]string{{"--no-messaging"}, nil} {
		if err := trial(ctx, s, *program, *flows, *patience, args); err != nil {
			return err
		}
	}
	return nil
}

// fill makes the keys, a piece at a time.
func fill(ctx context.Context, s *redistest.Server, keys, flows int) error {
	c, err := lab.Dial("unix", s.Socket())
	if err != nil {
		return err
	}
	defer c.Close()
	const piece = 50_000
	for _, part := range []struct {
		n    int
		line string
	}{
		{keys, "redis.call('set','user:'..i..':name',i)"},
		{flows / 2, "local k='events:'..i for j=1,3 do redis.call('xadd',k,'*','f',j) end redis.call('xgroup','create',k,'g','0') redis.call('xreadgroup','group','g','c','count','1','streams',k,'>')"},
		{flows - flows/2, "redis.call('rpush','queue:'..i,'a','b')"},
	} {
		for from := 1; from <= part.n; from += piece {
			script := fmt.Sprintf("for i=%d,%d do %s end", from, min(part.n, from+piece-1), part.line)
			if _, err := c.Do("EVAL", script, "0"); err != nil {
				return fmt.Errorf("fill: %w", err)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return nil
}

// settle is how long a trial goes on once everything was found, so that each key has its turns.
const settle = 30 * time.Second

// trial runs redistop and says what it took.
func trial(ctx context.Context, s *redistest.Server, program string, flows int, patience time.Duration, args []string) error {
	var out lab.Snapshots
	p, err := lab.Start(&out, program, append([]string{"--json", "--interval", "2s", "-s", s.Socket()}, args...)...)
	if err != nil {
		return err
	}
	defer p.Stop()
	probe, err := startProbe(s.Socket())
	if err != nil {
		return err
	}
	found, last, err := follow(ctx, p, &out, patience, len(args) > 0)
	waits, probed := probe.stop()
	if err := errors.Join(err, probed); err != nil {
		return err
	}
	memory, err := lab.PeakMemory(p.PID())
	if err != nil {
		return err
	}
	searched, every, what := "-", "-", "without messages"
	if len(args) == 0 {
		what = "with messages"
		searched = found.Round(time.Second).String()
		every = fmt.Sprintf("%.1f s", last.Messaging.Discovery.EverySeconds.Or(last.Observer.IntervalSeconds))
		rows := len(last.Messaging.Streams) + len(last.Messaging.Queues) + last.Messaging.Omitted
		if rows != flows {
			return fmt.Errorf("%d streams and queues were found, want %d", rows, flows)
		}
	}
	share := float64(last.Observer.TotalUsec) / 1e6 / last.Time.Sub(last.Link.Since).Seconds()
	at := func(part float64) time.Duration {
		return waits[int(part*float64(len(waits)-1))].Round(time.Microsecond)
	}
	fmt.Printf("| %s | %s | %.2f %% | %s | %.0f MiB | %v | %v | %v |\n", what, searched, share*100, every, float64(memory)/(1<<20), at(0.5), at(0.99), at(1))
	return nil
}

// follow reads Snapshots until a search is over and some time has passed, and returns how long the search took.
func follow(ctx context.Context, p *lab.Process, out *lab.Snapshots, patience time.Duration, without bool) (found time.Duration, last *stats.Snapshot, err error) {
	began := time.Now()
	var ended time.Time
	for ctx.Err() == nil {
		time.Sleep(time.Second)
		list, err := out.From(0)
		if err = errors.Join(err, p.Check()); err != nil {
			return 0, nil, err
		}
		if len(list) == 0 {
			continue
		}
		last = list[len(list)-1]
		switch done := without || last.Messaging != nil && last.Messaging.Discovery.Passes > 0; {
		case ended.IsZero() && done:
			ended = time.Now()
		case !ended.IsZero() && time.Since(ended) >= settle:
			return ended.Sub(began), last, nil
		case time.Since(began) > patience:
			return 0, nil, fmt.Errorf("the search is not over after %v", patience)
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
