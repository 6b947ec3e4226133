package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"redistop/internal/observe"
	"redistop/internal/presence"
	"redistop/internal/server"
	"redistop/internal/web"
)

// defaultChannel is where who is online is published unless told otherwise.
const defaultChannel = "__redis__:cli"

// publishing is the flags that ask to publish who is online.
type publishing struct {
	on      bool
	channel string
	every   time.Duration
	to      string         // as given; empty: to each server of itself
	target  *server.Target // of to
}

func (p *publishing) addTo(cmd *cobra.Command) {
	p.channel, p.every = defaultChannel, 10*time.Second
	f := cmd.Flags()
	f.BoolVar(&p.on, "publish", false, "tell the subscribers of each server who is online on it")
	f.Var(&checked[string]{&p.channel, parseChannel, quote}, "publish-channel", "those of `CHANNEL`")
	f.Var(&checked[time.Duration]{&p.every, parsePublishInterval, time.Duration.String}, "publish-interval", "every `TIME`, 1s to 1h; comings and goings at once")
	f.StringVar(&p.to, "publish-to", "", "tell those of the server at `ADDRESS` all of it instead")
	group(cmd, "Publishing", "publish", "publish-channel", "publish-interval", "publish-to")
	for _, free := range []string{"publish-channel", "publish-interval", "publish-to"} {
		mustRegister(cmd.RegisterFlagCompletionFunc(free, cobra.NoFileCompletions))
	}
}

func parseChannel(s string) (string, error) { return s, server.CheckChannel(s) }

func parsePublishInterval(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < time.Second || d > time.Hour {
		return 0, fmt.Errorf("not a time from 1s to 1h")
	}
	return d, nil
}

// resolve finds the server of --publish-to. An address with a login of its own is not given another.
func (p *publishing) resolve(flags *pflag.FlagSet, conn *connection) error {
	for _, name := range []string{"publish-channel", "publish-interval", "publish-to"} {
		if flags.Changed(name) && !p.on {
			return usagef("--%s goes with --publish", name)
		}
	}
	if p.to == "" {
		return nil
	}
	t, err := server.ParseAddress(p.to)
	if err != nil {
		return usageError(fmt.Errorf("--publish-to: %w", err))
	}
	if t.Username == "" && t.Password == "" {
		if err := conn.login(&t, flags); err != nil {
			return err
		}
	}
	p.target = &t
	return conn.encrypt(&t)
}

// A telling is the publishing under way. Its lists are immutable; a nil one tells nothing.
type telling struct {
	updates []chan presence.Update // of each server that is watched
	senders []*sender              // where what is told of each goes
	targets []server.Target
	names   []web.Watched
}

// tell begins to publish, if that is wished; working runs what it is given until ctx ends.
func (p *publishing) tell(ctx context.Context, targets []server.Target, names []web.Watched, working func(func())) *telling {
	if !p.on {
		return nil
	}
	t := &telling{targets: targets, names: names}
	start := func(to server.Target) *sender {
		s := newSender(to, p.channel)
		working(func() { s.run(ctx) })
		return s
	}
	var one *sender
	if p.target != nil {
		one = start(*p.target)
	}
	for i := range targets {
		s := one
		if s == nil {
			s = start(targets[i])
		}
		updates := make(chan presence.Update, 1)
		t.updates, t.senders = append(t.updates, updates), append(t.senders, s)
		working(func() { announce(ctx, presence.NewAnnouncer(names[i].Name, p.every), updates, s.put) })
	}
	return t
}

// hear takes an Update of one server. It waits for no network.
func (t *telling) hear(ctx context.Context, place int, u presence.Update) {
	select {
	case t.updates[place] <- u:
	case <-ctx.Done():
	}
}

// beside is the connection that publishes on a server that is watched. Where all goes to one server, the first that
// watches that one counts it as its own.
func (t *telling) beside(place int) observe.Beside {
	if t == nil {
		return nil
	}
	s := t.senders[place]
	for i, target := range t.targets {
		if t.senders[i] == s && target.String() == s.target.String() {
			if i == place {
				return s.company
			}
			break
		}
	}
	return nil
}

// trouble is why nobody hears of a server at present, by its name. It may be called from any goroutine.
func (t *telling) trouble() map[string]string {
	if t == nil {
		return nil
	}
	why := map[string]string{}
	for i, s := range t.senders {
		if text := s.trouble(); text != "" {
			why[t.names[i].Name] = text
		}
	}
	return why
}

// announce hands on what is to be said of one server, when it is to be said.
func announce(ctx context.Context, a *presence.Announcer, updates <-chan presence.Update, say func([]byte)) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case u := <-updates:
			a.Hear(u)
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		messages, next := a.Due(time.Now())
		for _, m := range messages {
			say(m)
		}
		wait := time.Hour // until something is heard
		if !next.IsZero() {
			wait = time.Until(next)
		}
		timer.Reset(max(0, wait))
	}
}
