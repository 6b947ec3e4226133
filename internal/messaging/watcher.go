package messaging

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"redistop/internal/redis"
	"redistop/internal/server"
	"redistop/internal/stats"
	"redistop/internal/usage"
)

// Options say whose messages are watched and at which price.
type Options struct {
	Target server.Target
	Budget float64                           // share of the server's main thread: a part of the observer's
	Booked func([]redis.Sent, redis.Lookups) // told what was sent after each write, by the Watcher's goroutine; nil: nobody is
	Every  time.Duration                     // wished time between two looks at the same key
	After  *Watcher                          // whose connection was lost: what it knew of the same server is taken over, and it is of no further use; nil: there was none
}

// A Watcher finds and polls the streams, queues and channels of one server, on a connection of its own. One
// goroutine owns it. After an error it is of no further use, unless Reconnect succeeds.
type Watcher struct {
	options  Options
	tool     *server.Tool
	spent    server.Cost // of the connections before
	table    *usage.Table
	every    time.Duration
	fallback int // the database that is walked where INFO may not be asked
	db       int // that is selected

	known     *known
	queues    queues
	registers registers
	channels  channels
	search    discovery
	round     time.Time     // when the round under way began
	took      time.Duration // the last whole round
	informed  time.Time     // when INFO was asked
	wrong     map[string]string
}

// frameworks is what is known of them, read once.
var frameworks = sync.OnceValue(usage.Load)

// cut is how much of one text in a reply is kept: names are shorter, and of jobs only their beginning is parsed.
const cut = 16 << 10

// Open connects.
func Open(ctx context.Context, o Options) (*Watcher, error) {
	tool, err := openTool(ctx, o)
	if err != nil {
		return nil, err
	}
	w := &Watcher{options: o, tool: tool, table: frameworks(), every: o.Every, fallback: o.Target.DB, db: o.Target.DB,
		known: newKnown(), search: discovery{kinds: newKinds()}, informed: time.Now(), wrong: map[string]string{}}
	w.inherit(o.After)
	return w, nil
}

// inherit takes over what a Watcher knew whose connection was lost, where the server is the same process: its cursors hold
// as long as it lives. A search through many millions of keys would else begin anew.
func (w *Watcher) inherit(old *Watcher) {
	if old == nil {
		return
	}
	before, told := old.tool.Info().Text("run_id")
	if now, _ := w.tool.Info().Text("run_id"); !told || now != before {
		return
	}
	w.known, w.queues, w.channels, w.search = old.known, old.queues, old.channels, old.search
	w.search.pace = pace{} // of the time before
	w.known.again = false
	w.round, w.took = old.round, old.took
}

func openTool(ctx context.Context, o Options) (*server.Tool, error) {
	return server.OpenTool(ctx, o.Target, server.ToolOptions{Budget: o.Budget, Messages: true, Booked: o.Booked, Cut: cut})
}

// Reconnect makes another connection in place of one that is lost, and goes on with what is known. The search begins anew: a
// server that was started again knows no cursor of its life before.
func (w *Watcher) Reconnect(ctx context.Context) error {
	tool, err := openTool(ctx, w.options)
	if err != nil {
		return err
	}
	w.spent = w.Cost()
	w.tool.Close()
	w.tool, w.db, w.informed, w.wrong = tool, w.fallback, time.Now(), map[string]string{}
	w.known.next, w.known.again = 0, false
	w.search.again()
	w.search.pace = pace{} // of the time before
	return nil
}

// Cost is what all connections took.
func (w *Watcher) Cost() server.Cost {
	cost, before := w.tool.Cost(), w.spent
	cost.Usec, cost.Elapsed = cost.Usec+before.Usec, cost.Elapsed+before.Elapsed
	if cost.Guessed == "" {
		cost.Guessed = before.Guessed
	}
	return cost
}

// Tool is the connection, for its price and for what the server says of itself.
func (w *Watcher) Tool() *server.Tool { return w.tool }

// Close ends the connection.
func (w *Watcher) Close() error { return w.tool.Close() }

// Able says whether the user may ask anything that this is about.
func (w *Watcher) Able() bool { return w.tool.Has("scan") || w.tool.Has("pubsub|channels") }

// informEvery is how often the server is asked what databases it has and how its memory is.
const informEvery = 20 * time.Second

// inform asks INFO when it is time to.
func (w *Watcher) inform(ctx context.Context) error {
	if time.Since(w.informed) < informEvery {
		return nil
	}
	w.informed = time.Now()
	return w.tool.Look(ctx)
}

func (w *Watcher) selectDB(ctx context.Context, db int) error {
	if db == w.db {
		return nil
	}
	if err := w.tool.Select(ctx, db); err != nil {
		return err
	}
	w.db = db
	return nil
}

// question is one command and what to do with its reply.
type question struct {
	args []string
	put  func(redis.Value) error
	fail func(error) // told of a refusal, and of an error of put; nil: the Snapshot says it
}

// ask sends questions and hands out the replies. A refusal for want of a right is noted, and the command is
// not sent again.
func (w *Watcher) ask(ctx context.Context, list []question) error {
	commands := make([][]string, len(list))
	for i, q := range list {
		commands[i] = q.args
	}
	values, err := w.tool.AskAll(ctx, commands)
	if err != nil {
		return fmt.Errorf("ask about messages: %w", err)
	}
	for i, v := range values {
		refused := v.Err()
		if refused == nil {
			refused = list[i].put(v)
		}
		if refused == nil {
			continue
		}
		command := commandOf(list[i].args)
		switch err := w.refusal(refused, command); {
		case err == nil:
		case list[i].fail != nil:
			list[i].fail(err)
		default:
			w.wrong[command] = redis.PrintableCut(err.Error(), 120)
		}
	}
	return nil
}

// commandOf is the server's name of a command.
func commandOf(args []string) string {
	name := strings.ToLower(args[0])
	switch name {
	case "xinfo", "pubsub", "memory", "client":
		return name + "|" + strings.ToLower(args[1])
	}
	return name
}

// refusal takes note of a right that is missing, and returns any other error.
func (w *Watcher) refusal(err error, command string) error {
	var reply *redis.ReplyError
	if errors.As(err, &reply) && reply.Code == "NOPERM" {
		if w.tool.Has(command) {
			w.tool.Refused(command)
		}
		return nil
	}
	return err
}

// Told is what is known at present. It is a copy that nobody changes.
func (w *Watcher) Told() *stats.Messaging {
	m := &stats.Messaging{Time: time.Now().Round(0), Discovery: w.Discovery(), Patterns: w.channels.patterns, CanaryChannels: w.channels.canaries, Unknown: w.unknown()}
	for _, s := range w.known.order {
		switch {
		case s.kind == "stream" && !s.looked.IsZero():
			row := s.row
			row.Framework = w.queues.writers[s]
			m.Streams = append(m.Streams, row)
		case s.queueShown && !w.queues.owned[s]:
			m.Queues = append(m.Queues, s.queueRow)
		}
	}
	for _, q := range w.queues.list {
		m.Queues = append(m.Queues, q.row)
	}
	m.Results = w.known.results.told()
	m.Channels = append(m.Channels, w.channels.rows...)
	m.Omitted = w.known.omitted + w.channels.omitted + int(w.registers.untold)
	var more [3]int
	m.Streams, more[0] = worst(m.Streams, streamOrder)
	m.Queues, more[1] = worst(m.Queues, queueOrder)
	m.Channels, more[2] = worst(m.Channels, channelOrder)
	m.Omitted += more[0] + more[1] + more[2]
	if w.took > w.every+w.every/2 {
		m.Discovery.EverySeconds = stats.Some(w.took.Seconds())
	}
	return m
}

// unknown says what could not be asked.
func (w *Watcher) unknown() []string {
	var list []string
	if refused := w.tool.Refusals(); len(refused) > 0 {
		const named = 5
		var names []string
		for _, name := range refused[:min(len(refused), named)] {
			names = append(names, strings.ToUpper(strings.ReplaceAll(name, "|", " ")))
		}
		text := "this user may not ask " + strings.Join(names, ", ")
		if more := len(refused) - named; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		list = append(list, text+": redistop acl --messaging prints the rights")
	}
	if w.tool.NearLimit() {
		list = append(list, "nothing is asked while the server's memory is within a tenth of maxmemory")
	}
	if w.channels.many > 0 {
		list = append(list, fmt.Sprintf("the channels are not listed: there are %d, and PUBSUB CHANNELS sends all of them", w.channels.many))
	}
	for _, command := range slices.Sorted(maps.Keys(w.wrong)) { // those that name no key: a few
		list = append(list, strings.ToUpper(strings.ReplaceAll(command, "|", " "))+": "+w.wrong[command])
	}
	return list
}
