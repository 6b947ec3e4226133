package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"redistop/internal/canary"
	"redistop/internal/redis"
	"redistop/internal/server"
)

// singing is the flags of canary.
type singing struct {
	conn     connection
	via      []canary.Kind
	stream   string
	readFrom string
	sentinel []string
	master   string
	rate     float64
	span     time.Duration
	patience time.Duration
	timeout  time.Duration
	interval time.Duration
	json     bool
}

func newCanary() *cobra.Command {
	s := singing{via: canary.Kinds, rate: canary.DefaultRate, patience: canary.DefaultPatience, timeout: canary.DefaultTimeout, interval: time.Second}
	cmd := &cobra.Command{
		Use:   "canary [ADDRESS]",
		Short: "send numbered messages through a server, and see what arrives",
		Long: `Prove a pipeline from outside: send small, numbered, timed messages through a
channel, a list and a stream with a consumer group, read them back on another
connection, and report what was sent, received, lost, duplicated and reordered,
and how long it took. It goes on through a restart or a failover, and says what
that cost. Give it Sentinels, and it asks them for the primary as clients do; in
a cluster it follows its keys to the node that has them.

It writes: to a channel, a list and a stream of its own ("redistop:canary:…"),
which it removes at the end and which expire within 15 minutes if it is killed;
or to the stream that --stream names, from which it removes its entries and its
group. Over Pub/Sub each message is sent once; to a list or a stream again and
again until the server has said that it took it. Lost is what the server took
and the receiver, listening, did not get for --patience.

A message that a list or a stream lost makes the exit code 1; Pub/Sub promises
nothing.`,
		Example: `  redistop canary cache.local --for 1m
  redistop canary --via stream --rate 100 --for 10m --json | jq .lost
  redistop canary primary.local --via pubsub,stream --read-from replica.local
  redistop canary --sentinel s1.local,s2.local,s3.local --master orders --for 10m`,
		Annotations: map[string]string{"exit": `Exit code: 0 ok, 1 error or something lost where nothing may be, 2 wrong use,
3 cannot connect, 4 denied; 128 + N when signal N ended it (130: Ctrl-C).
`},
		Args:              usageArgs(cobra.MaximumNArgs(1)),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			configs, err := s.configs(cmd.Flags(), args)
			if err != nil {
				return err
			}
			return s.run(cmd.Context(), configs)
		},
	}
	cmd.Flags().SortFlags = false
	s.addTo(cmd)
	s.conn.addTo(cmd)
	return cmd
}

func (s *singing) addTo(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var(&checked[[]canary.Kind]{&s.via, parseVia, showKinds}, "via", "send through `KIND`: pubsub, list, stream, several with commas, or all")
	f.StringVar(&s.stream, "stream", "", "use the stream `NAME` in place of one of its own; it is written to")
	f.StringVar(&s.readFrom, "read-from", "", "read at `ADDRESS`, such as a replica; the login is the same")
	f.StringSliceVar(&s.sentinel, "sentinel", nil, "ask Sentinels at `ADDRESS,...` for the primary")
	f.StringVar(&s.master, "master", "", "that they watch under `NAME`")
	f.Var(&checked[float64]{&s.rate, parseCanaryRate, plainNumber}, "rate", "send `N` messages a second through each, 0.1 to 1000")
	f.Var(&checked[time.Duration]{&s.span, parseSpan, noDuration}, "for", "end after `TIME`; else at Ctrl-C")
	f.Var(&checked[time.Duration]{&s.patience, parsePatience, time.Duration.String}, "patience", "a message is lost after `TIME` of listening")
	f.Var(&checked[time.Duration]{&s.timeout, parseTimeout, time.Duration.String}, "timeout", "connect anew after `TIME` without an answer")
	group(cmd, "Canary", "via", "stream", "read-from", "sentinel", "master", "rate", "for", "patience", "timeout")
	f.Var(&checked[time.Duration]{&s.interval, parseInterval, time.Duration.String}, "interval", "show the counts every `TIME`, 500ms to 60s")
	f.BoolVar(&s.json, "json", false, "one JSON object a kind and interval")
	group(cmd, "Output", "interval", "json")
	mustRegister(cmd.RegisterFlagCompletionFunc("via", cobra.FixedCompletions([]string{"pubsub", "list", "stream", "all"}, cobra.ShellCompDirectiveNoFileComp)))
	for _, free := range []string{"stream", "read-from", "sentinel", "master", "rate", "for", "patience", "timeout", "interval"} {
		mustRegister(cmd.RegisterFlagCompletionFunc(free, cobra.NoFileCompletions))
	}
}

// addCanary defines the flag of the verbs that watch and may let canaries sing beside.
func addCanary(cmd *cobra.Command, kinds *[]canary.Kind) {
	f := cmd.Flags()
	f.Var(&checked[[]canary.Kind]{kinds, parseVia, showKinds}, "canary", "write messages by `WAY`: all, pubsub, list, stream")
	group(cmd, "Watching", "canary")
	mustRegister(cmd.RegisterFlagCompletionFunc("canary", cobra.FixedCompletions([]string{"all", "pubsub", "list", "stream"}, cobra.ShellCompDirectiveNoFileComp)))
}

// parseVia reads "pubsub,stream" or "all".
func parseVia(s string) ([]canary.Kind, error) {
	if s == "all" {
		return canary.Kinds, nil
	}
	var kinds []canary.Kind
	for word := range strings.SplitSeq(s, ",") {
		if !slices.Contains(canary.Kinds, canary.Kind(word)) {
			return nil, fmt.Errorf("not pubsub, list, stream or all")
		}
		if !slices.Contains(kinds, canary.Kind(word)) {
			kinds = append(kinds, canary.Kind(word))
		}
	}
	return kinds, nil
}

func showKinds(kinds []canary.Kind) string {
	var words []string
	for _, k := range kinds {
		words = append(words, string(k))
	}
	return strings.Join(words, ",")
}

func parseCanaryRate(s string) (float64, error) {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || !(n >= canary.MinRate && n <= canary.MaxRate) {
		return 0, fmt.Errorf("not a number from 0.1 to 1000")
	}
	return n, nil
}

func plainNumber(n float64) string { return strconv.FormatFloat(n, 'g', -1, 64) }

func parseSpan(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < time.Second {
		return 0, fmt.Errorf("not a time such as 30s or 10m, 1s at the least")
	}
	return d, nil
}

func parsePatience(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < 100*time.Millisecond || d > 5*time.Minute {
		return 0, fmt.Errorf("not a time from 100ms to 5m")
	}
	return d, nil
}

func parseTimeout(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < 100*time.Millisecond || d > time.Minute {
		return 0, fmt.Errorf("not a time from 100ms to 1m")
	}
	return d, nil
}

// noDuration shows a time whose 0 means none.
func noDuration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// configs are the pipelines to prove.
func (s *singing) configs(flags *pflag.FlagSet, args []string) ([]canary.Config, error) {
	if s.stream != "" && !slices.Contains(s.via, canary.Stream) {
		return nil, usagef("--stream %s: it goes with --via stream", redis.PrintableCut(s.stream, 60))
	}
	group, err := s.sentinels(flags, args)
	if err != nil {
		return nil, err
	}
	write, err := s.conn.target(flags, args)
	if err != nil {
		return nil, err
	}
	if group != nil {
		write.Address = "" // Sentinels tell it
		if write.TLS != nil && s.conn.tlsOptions.SNI == "" {
			write.TLS.ServerName = ""
		}
	}
	read := write
	if s.readFrom != "" {
		if read, err = s.conn.beside(flags, s.readFrom, write.DB); err != nil {
			return nil, err
		}
	}
	var configs []canary.Config
	for _, kind := range s.via {
		c := canary.Config{Kind: kind, Write: write, Read: read, Sentinel: group, Rate: s.rate, Patience: s.patience, Timeout: s.timeout}
		if kind == canary.Stream {
			c.Stream = s.stream
		}
		configs = append(configs, c)
	}
	return configs, nil
}

// sentinels are those to ask, nil for none. Their logins stand in their addresses: theirs are not the servers'.
func (s *singing) sentinels(flags *pflag.FlagSet, args []string) (*server.Sentinel, error) {
	switch {
	case len(s.sentinel) == 0 && s.master == "":
		return nil, nil
	case len(s.sentinel) == 0 || s.master == "":
		return nil, usagef("--sentinel and --master go together")
	case len(args) > 0 || flags.Changed("uri") || flags.Changed("socket") || flags.Changed("host") || flags.Changed("port"):
		return nil, usagef("--sentinel: the Sentinels tell the address, give no other")
	}
	group := &server.Sentinel{Primary: s.master}
	for _, address := range s.sentinel {
		t, err := server.ParseSentinel(address)
		if err == nil && t.TLS != nil {
			err = t.UseTLS(s.conn.tlsOptions)
		}
		if err != nil {
			return nil, usageError(fmt.Errorf("--sentinel: %w", err))
		}
		t.DB = 0
		group.At = append(group.At, t)
	}
	return group, nil
}

// beside is another server, with the login and the encryption of the first one unless its address says otherwise.
func (c *connection) beside(flags *pflag.FlagSet, address string, db int) (server.Target, error) {
	t, err := server.ParseAddress(address)
	if err != nil {
		return t, usageError(err)
	}
	t.DB = db
	if err := c.login(&t, flags); err != nil {
		return t, err
	}
	return t, c.encrypt(&t)
}

// errAnother ends a canary because another one failed, which says enough.
var errAnother = errors.New("another canary failed")

// run lets the canaries sing until the time is over or ctx ends, and shows what becomes of it.
func (s *singing) run(ctx context.Context, configs []canary.Config) error {
	during, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if s.span > 0 {
		var cancel context.CancelFunc
		during, cancel = context.WithTimeout(during, s.span)
		defer cancel()
	}
	var canaries []*canary.Canary
	var singing sync.WaitGroup
	failures := make(chan error, len(configs))
	for _, config := range configs {
		c := canary.New(config)
		canaries = append(canaries, c)
		singing.Go(func() {
			err := c.Run(during)
			if err == nil || errors.Is(err, context.Canceled) && errors.Is(context.Cause(during), errAnother) {
				return
			}
			failures <- fmt.Errorf("canary over %s: %w", config.Kind, err)
			stop(errAnother)
		})
	}
	ended := make(chan struct{})
	go func() { singing.Wait(); close(ended) }()
	out := newCanaryOutput(s.json)
	err := out.follow(canaries, s.interval, ended)
	stop(nil)
	<-ended
	close(failures)
	for failure := range failures {
		if err == nil {
			err = canaryError(failure)
			continue
		}
		note("%s", failure)
	}
	if !slices.ContainsFunc(canaries, func(c *canary.Canary) bool { return c.Probe().Sent > 0 }) && err != nil {
		return err
	}
	if told := out.end(canaries); told != nil {
		return told
	}
	if lost := broken(canaries); lost != nil {
		if err != nil {
			note("%s", err)
		}
		return lost
	}
	return cmp.Or(err, context.Cause(ctx))
}

// broken is the error of what lost something that it may not lose.
func broken(canaries []*canary.Canary) error {
	var lost []string
	for _, c := range canaries {
		if p := c.Probe(); p.Broken {
			lost = append(lost, fmt.Sprintf("%s of %s over %s", thousands(p.Lost), thousands(p.Sent), p.Kind))
		}
	}
	if lost == nil {
		return nil
	}
	return &failure{code: exitError, err: fmt.Errorf("the server took messages and lost them: %s", strings.Join(lost, ", ")),
		hint: "a restart without persistence, a failover before the replica had them, or an eviction loses what was acknowledged"}
}

// canaryError gives an error of a canary its exit code and its hint.
func canaryError(err error) error {
	var reply *redis.ReplyError
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &reply) && reply.Code == "NOPERM":
		return &failure{code: exitDenied, err: err, hint: "redistop acl --canary prints the least user that serves"}
	case errors.As(err, &reply) && reply.Code == "MOVED":
		return &failure{code: exitError, err: err, hint: "the key is on another node of the cluster, named at the end, which a replica cannot follow: give that node"}
	case errors.As(err, &reply) && reply.Code == "READONLY":
		return &failure{code: exitError, err: err, hint: "give the primary's address, and the replica's with --read-from"}
	case errors.Is(err, server.ErrUnknownPrimary):
		return &failure{code: exitError, err: err, hint: "give the name that they watch it under: redis-cli -p 26379 SENTINEL MASTERS"}
	case errors.Is(err, canary.ErrAbsent):
		return &failure{code: exitError, err: err, hint: "it is not made for a test; without --stream the canary makes one of its own, and removes it"}
	case errors.As(err, &reply), errors.Is(err, canary.ErrUnfit), errors.Is(err, canary.ErrDemoted):
		return err
	}
	return serverError(err)
}
