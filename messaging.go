package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"redistop/internal/messaging"
	"redistop/internal/redis"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// messagingView is the flags of messaging.
type messagingView struct {
	conn        connection
	interval    time.Duration
	length      time.Duration
	budget      float64
	noSample    bool
	watch, json bool
	all         bool
}

func newMessaging() *cobra.Command {
	var m messagingView
	cmd := &cobra.Command{
		Use:   "messaging [ADDRESS]",
		Short: "streams, consumer groups, queues and channels: do messages move?",
		Long: `Tell whether messages move: streams with their groups and consumers, lists and
sorted sets that are queues, in the words of the framework that wrote them, and
the channels of Pub/Sub. First the whole keyspace is searched by type, a step at
a time within --budget; then what was found is looked at again and again for
--for. Meanwhile commands and clients are seen as by top: how many jobs come and
go, and which workers wait, also at queues that are empty. A queue that stands
still is said to be never empty after 20 s. With --watch a connection that is
lost is made anew; until then what was seen last is shown, and said to be stale.

No entry, job or message is shown. A lag that is not known is said so, and one
that only the server's counter has (after a trim) is corrected. Pub/Sub delivers
at most once: who is not subscribed at that moment never gets the message.

Needs to ask about all keys: redistop acl --messaging prints the rights.`,
		Example: `  redistop messaging cache.local
  redistop messaging cache.local --for 30s
  redistop messaging --watch --interval 5s
  redistop messaging --json | jq '.streams[].groups[] | select(.drain_never)'`,
		Annotations:       map[string]string{"exit": exitCodes},
		Args:              usageArgs(cobra.MaximumNArgs(1)),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              m.run,
	}
	cmd.Flags().SortFlags = false
	m.addTo(cmd)
	cmd.AddCommand(newMessagingClaim(), newMessagingAck(), newMessagingDelConsumer())
	return cmd
}

func (m *messagingView) addTo(cmd *cobra.Command) {
	m.interval, m.length, m.budget = 2*time.Second, 5*time.Second, 0.01
	f := cmd.Flags()
	f.VarP(&checked[time.Duration]{&m.interval, parseInterval, time.Duration.String}, "interval", "i", "look every `TIME`, 500ms to 60s; rates are of that time")
	f.Var(&checked[time.Duration]{&m.length, parseLook, time.Duration.String}, "for", "look for `TIME` before it is told, 1s to 1h")
	f.Var(&checked[float64]{&m.budget, parseBudget, percent}, "budget", "take at most `SHARE` of the server's time")
	f.BoolVar(&m.noSample, "no-sample", false, "no samples of the command stream: no rates of jobs, no workers")
	f.BoolVarP(&m.watch, "watch", "w", false, "look again and again until Ctrl-C, searching for new ones")
	group(cmd, "Looking", "interval", "for", "budget", "no-sample", "watch")
	f.BoolVar(&m.all, "all", false, "every consumer, not only those that need a person")
	f.BoolVar(&m.json, "json", false, "print one JSON object a look")
	group(cmd, "Output", "all", "json")
	mustRegister(cmd.RegisterFlagCompletionFunc("interval", cobra.NoFileCompletions))
	mustRegister(cmd.RegisterFlagCompletionFunc("for", cobra.NoFileCompletions))
	mustRegister(cmd.RegisterFlagCompletionFunc("budget", cobra.NoFileCompletions))
	m.conn.addTo(cmd)
}

func (m *messagingView) run(cmd *cobra.Command, args []string) error {
	target, err := m.conn.target(cmd.Flags(), args)
	if err != nil {
		return err
	}
	if m.watch && cmd.Flags().Changed("for") {
		return usagef("--for %s: with --watch it looks until Ctrl-C", m.length)
	}
	ctx := cmd.Context()
	m.budget /= 2 // the search and who stands by have half each
	target.Own = server.NewOwn()
	beside := newCompany()
	watcher, err := messaging.Open(ctx, messaging.Options{Target: target, Budget: m.budget, Every: m.interval, Booked: beside.book})
	if err != nil {
		return serverError(err)
	}
	defer watcher.Close()
	beside.holds(watcher.Tool().ID())
	during, stop := context.WithCancel(context.WithoutCancel(ctx))
	by := m.standBy(during, target, beside)
	defer func() {
		stop()
		<-by.done
	}()
	seen := &messagesSeen{Watcher: watcher, by: by, beside: beside, target: target, link: stats.Link{State: stats.Up, Since: time.Now()}}
	for {
		err := m.round(ctx, seen)
		if m.watch && connectionLost(ctx, err) {
			err = m.rejoin(ctx, seen, err)
			if err == nil {
				continue
			}
		}
		if err != nil {
			return m.failed(ctx, err)
		}
		return context.Cause(ctx)
	}
}

// round searches all keys, unless that was done before, and looks.
func (m *messagingView) round(ctx context.Context, seen *messagesSeen) error {
	interrupted := false
	if seen.Passes() == 0 {
		var err error
		if interrupted, err = m.search(ctx, seen.Watcher, seen.by); err != nil {
			return err
		}
	}
	if interrupted { // what was found by then is worth showing
		note("the search was broken off after %.0f %% of the keys: there may be more streams and queues than are shown", 100*seen.Discovery().Share)
		ctx = context.WithoutCancel(ctx)
	}
	return m.looks(ctx, seen, interrupted)
}

func (m *messagingView) failed(ctx context.Context, err error) error {
	var ours *failure
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &ours), errors.Is(err, syscall.EPIPE):
		return err
	}
	return serverError(err)
}

// search walks over all keys once, with a bar. It may have what who stands by leaves of the budget, and asks at once about what
// is seen in use.
func (m *messagingView) search(ctx context.Context, w *messaging.Watcher, by *bystander) (interrupted bool, err error) {
	line := newStatusLine()
	defer line.clear()
	tool := w.Tool()
	defer tool.Allow(m.budget)
	tool.Stalls = func(reason string) { line.put("the server refuses for now: " + reason) }
	for {
		done, err := w.Search(ctx, time.Now().Add(barEvery))
		if ctx.Err() != nil {
			return true, nil
		}
		if err != nil || done {
			return false, err
		}
		tool.Allow(m.budget + by.observer.Spare())
		if err := w.Sight(ctx, by.observer.Sights()); ctx.Err() == nil && err != nil {
			return false, err
		}
		d := w.Discovery()
		streams, others := w.Found()
		line.put(fmt.Sprintf("%s %3.0f %%%s  %d streams, %d lists and sorted sets  %s of the server's time", meter(d.Share), 100*d.Share, toGo(d), streams, others, priceText(tool.Cost())))
	}
}

// looks looks for as long as is wished, twice at the least, and prints what that gives, again and again where that is
// wanted. brief has it look just twice.
func (m *messagingView) looks(ctx context.Context, w *messagesSeen, brief bool) error {
	line := newStatusLine()
	defer line.clear()
	until := time.Now().Add(m.length)
	for n := 0; ; n++ {
		due := time.Now().Add(m.interval)
		w.by.follow(w.Watcher)
		if err := m.look(ctx, w.Watcher, due); err != nil {
			return err
		}
		enough := brief || m.watch || !time.Now().Before(until)
		if n > 0 && enough {
			line.clear()
			if err := m.print(w); err != nil {
				return err
			}
			if !m.watch || brief {
				return nil
			}
		}
		for time.Now().Before(due) && n > 0 {
			if done, err := w.Search(ctx, due); err != nil {
				return err
			} else if done {
				break
			}
		}
		if left := time.Until(until).Round(time.Second); !m.watch && left > 0 {
			line.put(fmt.Sprintf("looking for rates and workers: %s left", left))
		}
		if !brief && !m.watch && n > 0 && due.After(until) {
			due = until
		}
		if err := server.Sleep(ctx, time.Until(due)); err != nil {
			return err
		}
	}
}

// look has each of many keys take its turn.
func (m *messagingView) look(ctx context.Context, w *messaging.Watcher, due time.Time) error {
	for {
		turns, err := w.Poll(ctx, due.Add(time.Minute))
		if err != nil {
			return err
		}
		if turns {
			break
		}
	}
	if !w.Able() { // a server that can tell says so at once, another one when it is asked
		return &failure{code: exitDenied, err: errors.New("this user may ask about no stream, queue or channel"), hint: "redistop acl --messaging prints the rights"}
	}
	return nil
}

func (m *messagingView) print(w *messagesSeen) error {
	w.last, w.link.Attempts = w.by.enrich(w.Told()), 0
	return m.write(w, messagingText(w.last, m.all)+fmt.Sprintf("%s: %s, %s of the server's time so far\n",
		redis.PrintableCut(w.target.String(), 100), searchedText(w.last.Discovery), w.cost().price()))
}

// write writes what was seen last: text, or JSON where that is wanted.
func (m *messagingView) write(w *messagesSeen, text string) error {
	out := []byte(text)
	if m.json {
		cost := w.cost()
		told := messagesTold{Server: w.target.String(), Messaging: w.last, Cost: messagingCost{cost.Seconds, cost.Usec, cost.Share, cost.Guessed}}
		if m.watch {
			told.Link, told.Stale = &w.link, w.link.State != stats.Up
		}
		object, err := json.Marshal(told)
		if err != nil {
			return fmt.Errorf("encode messages: %w", err)
		}
		out = append(escapeControls(object), '\n')
	}
	if err := writeOut(out); err != nil {
		return &failure{code: exitError, err: err}
	}
	return nil
}

// messagesTold is an object of JSON.
type messagesTold struct {
	Server string `json:"server"`
	*stats.Messaging
	Link  *stats.Link   `json:"link,omitempty"`  // with --watch
	Stale bool          `json:"stale,omitempty"` // what is told is of the time before the connection was lost
	Cost  messagingCost `json:"cost"`
}

// messagingCost is what the looking took.
type messagingCost struct {
	Seconds float64 `json:"seconds"`
	Usec    float64 `json:"server_usec"`
	Share   float64 `json:"server_cpu_share"`
	Guessed string  `json:"guessed,omitempty"` // why server_usec is the time that answers took instead
}

// costOfTool is what a tool took, as of its end.
func costOfTool(ctx context.Context, tool *server.Tool) messagingCost {
	c := tool.Finish(ctx)
	return messagingCost{c.Elapsed.Seconds(), c.Usec, c.Share(), c.Guessed}
}

// text is "0.2 s, 1.5 ms of the server's time".
func (c messagingCost) text() string {
	return scanCost{Seconds: c.Seconds, Usec: c.Usec, Guessed: c.Guessed}.spent()
}
