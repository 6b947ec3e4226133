package main

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"redistop/internal/keys"
	"redistop/internal/server"
	"redistop/internal/stats"
	"redistop/internal/usage"
)

// usageLook is the flags of redistop usage.
type usageLook struct {
	keyTool
	size     int
	length   time.Duration
	noSample bool
	held     int64
}

func newUsage() *cobra.Command {
	u := usageLook{size: sampleSize, length: 5 * time.Second, held: 8 << 20}
	cmd := &cobra.Command{
		Use:   "usage [ADDRESS]",
		Short: "what a server is used for: cache, queues, sessions, locks ...",
		Long: `Say what a server is used for: as a cache, for sessions, job queues (of which
framework, and which queues), Pub/Sub, streams, locks, rate limits, counters,
rankings; how sure that is, on what it rests, and what the server is not used
for. Frameworks are known by the names and types of several of their keys, also
under another prefix; the rest by words in its names and by its shape.

It looks at a random sample of the keys of all databases (-n: of one), by SCAN,
TYPE and PTTL, and meanwhile at commands and clients as top does, all within
--budget. No value is read, and nothing is changed.`,
		Example: `  redistop usage cache.local
  redistop usage cache.local --sample 100000 --budget 2%
  redistop usage --json | jq '.usage.uses[] | {kind, framework, names}'`,
		Annotations:       map[string]string{"exit": exitCodes},
		Args:              usageArgs(onlyAddress),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, args []string) error { return u.run(cmd, args) },
	}
	cmd.Flags().SortFlags = false
	f := cmd.Flags()
	f.Var(&checked[int]{&u.size, parseCount, strconv.Itoa}, "sample", "look at `N` keys, a random sample of all")
	f.Var(&checked[time.Duration]{&u.length, parseLook, time.Duration.String}, "for", "look at commands and clients for `TIME`, 1s to 1h")
	f.BoolVar(&u.noSample, "no-sample", false, "no samples of the command stream: the counters alone")
	f.Var(&checked[int64]{&u.held, parseHeld, mebibytes}, "held", "let the server hold `SIZE` of that stream for us")
	group(cmd, "Looking", "sample", "for", "no-sample", "held")
	u.addTo(cmd, "one JSON object")
	for _, free := range []string{"sample", "for", "held"} {
		mustRegister(cmd.RegisterFlagCompletionFunc(free, cobra.NoFileCompletions))
	}
	return cmd
}

// run looks at the keys and, beside that, at commands and clients, each with half of the budget, and says what
// comes of it. What is interrupted says what it has come to know.
func (u *usageLook) run(cmd *cobra.Command, args []string) error {
	target, err := u.conn.target(cmd.Flags(), args)
	if err != nil {
		return err
	}
	u.budget /= 2
	ctx, stop := context.WithCancel(cmd.Context())
	defer stop()
	table := usage.Load()
	target.Own = server.NewOwn()
	beside := newCompany()
	watching := u.watch(ctx, target, beside)
	pass := &usagePass{look: u, began: time.Now(), table: table, company: beside, gatherer: usage.NewGatherer(mostLayouts), alone: cmd.Flags().Changed("db") || target.DB != 0}
	if err := pass.run(ctx, target); err != nil {
		return err
	}
	seen := <-watching
	if seen.snap == nil {
		if err := context.Cause(cmd.Context()); err != nil {
			return err
		}
		return linkError(target.String(), seen.link)
	}
	result := u.conclude(table, pass, seen.snap)
	if err := result.print(u.json); err != nil {
		return err
	}
	return context.Cause(cmd.Context())
}

// conclude puts together what was seen.
func (u *usageLook) conclude(table *usage.Table, pass *usagePass, snap *stats.Snapshot) *usageResult {
	judged := *snap
	pass.watched(snap.Observer)
	judged.Usage = table.Recognise(pass.survey(), snap)
	if pass.refusal != nil {
		judged.Usage.Unknown = append([]string{"which keys there are, streams and queues among them: " + pass.refusal.Error()},
			slices.DeleteFunc(judged.Usage.Unknown, func(text string) bool { return strings.HasPrefix(text, "which keys there are") })...)
	}
	judged.Server.Usage = usage.Short(judged.Usage, shortUses)
	return &usageResult{snap: &judged, usage: judged.Usage, cost: pass.cost, complete: pass.complete, findings: abuses(&judged)}
}

const (
	// mostLayouts bounds what is kept of a survey.
	mostLayouts = 2000
	// shortUses are the uses that the first line names.
	shortUses = 3
)

// wanted is what is asked about each key.
func wanted(counts bool) keys.Want { return keys.Want{Type: true, TTL: true, Elements: counts} }
