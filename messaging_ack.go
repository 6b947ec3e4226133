package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"redistop/internal/messaging/pending"
	"redistop/internal/redis"
	"redistop/internal/server"
)

// acknowledging is the flags of messaging ack.
type acknowledging struct {
	pendingTool
	ids   []string
	allOf string
}

// mostIDs bounds the entries that are named one by one.
const mostIDs = 10_000

func newMessagingAck() *cobra.Command {
	var a acknowledging
	cmd := &cobra.Command{
		Use:   "ack STREAM GROUP [ADDRESS]",
		Short: "acknowledge entries that will not be processed",
		Long: `Acknowledge pending entries of a group: those that --id names, or all that
consumer --all-of was given --min-idle ago or longer. Without --yes nothing is
changed: it counts them and lists the first, without their contents.

An acknowledged entry counts as processed: no consumer of the group gets it
again. It stays in the stream, for other groups and for reading by hand, until
it is trimmed. Entries named by --id are acknowledged whoever holds them and
however fresh they are, unless --min-idle is given too.`,
		Example: `  redistop messaging ack orders billing --id 1526919030474-55
  redistop messaging ack orders billing --all-of worker-1 --min-idle 24h --yes`,
		Annotations:       map[string]string{"exit": exitCodes},
		Args:              usageArgs(namesAndAddress("STREAM", "GROUP")),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.check(cmd.Flags().Changed("min-idle")); err != nil {
				return err
			}
			tool, err := a.open(cmd, args[2:])
			if err != nil {
				return err
			}
			defer tool.Close()
			return a.run(cmd.Context(), tool, pending.Group{Key: givenName(args[0]), Name: givenName(args[1])})
		},
	}
	cmd.Flags().SortFlags = false
	f := cmd.Flags()
	f.StringSliceVar(&a.ids, "id", nil, "acknowledge entry `ID`; several with commas, or the flag again")
	f.StringVar(&a.allOf, "all-of", "", "acknowledge what `CONSUMER` holds")
	group(cmd, "Acknowledge", "id", "all-of")
	a.addTo(cmd, "Acknowledge", "acknowledge them; without it nothing is changed", "only entries that were given out `TIME` ago or longer")
	a.addShow(cmd)
	for _, free := range []string{"id", "all-of"} {
		mustRegister(cmd.RegisterFlagCompletionFunc(free, cobra.NoFileCompletions))
	}
	a.conn.addTo(cmd)
	return cmd
}

// check refuses ids that are none, and both ways at once.
func (a *acknowledging) check(idle bool) error {
	switch {
	case (len(a.ids) == 0) == (a.allOf == ""):
		return usagef("give --id ID or --all-of CONSUMER, one of them")
	case len(a.ids) > mostIDs:
		return usagef("--id: more than %d entries", mostIDs)
	}
	for _, id := range a.ids {
		if _, ok := redis.ParseStreamID(id); !ok {
			return usagef("--id %s: not an id such as 1526919030474-55", shownName(id))
		}
	}
	if a.allOf == "" && !idle {
		a.minIdle = 0
	}
	return nil
}

// ackSummary is what was acknowledged, or would be.
type ackSummary struct {
	Stream       string         `json:"stream"`
	Group        string         `json:"group"`
	Consumer     string         `json:"consumer,omitempty"`
	DryRun       bool           `json:"dry_run,omitempty"`
	Matched      int64          `json:"matched"`
	Fresh        int64          `json:"fresh"`                 // not idle for long enough: they stay
	NotPending   int64          `json:"not_pending,omitempty"` // of those that were named
	Acknowledged int64          `json:"acknowledged"`
	Changed      int64          `json:"changed,omitempty"` // acknowledged or taken by somebody meanwhile
	Complete     bool           `json:"complete"`
	Entries      []pendingEntry `json:"entries,omitempty"`
}

func (a *acknowledging) run(ctx context.Context, tool *server.Tool, g pending.Group) error {
	consumer := givenName(a.allOf)
	s := ackSummary{Stream: g.Key, Group: g.Name, Consumer: consumer, DryRun: !a.yes}
	do := func(page []redis.PendingEntry) error {
		s.Matched += int64(len(page))
		s.Entries = append(s.Entries, pendingEntries(page, a.show-len(s.Entries))...)
		if !a.yes {
			return nil
		}
		done, err := g.Acknowledge(ctx, tool, consumer, a.minIdle, idsOf(page))
		s.Acknowledged += int64(len(done))
		if err == nil {
			s.Changed = s.Matched - s.Acknowledged
		}
		return err
	}
	var err error
	if a.allOf != "" {
		list, e := g.Consumers(ctx, tool)
		if e != nil {
			return pendingError(e)
		}
		if _, ok := consumerOf(list, consumer); !ok {
			return noConsumer(list, consumer, "")
		}
		l := pending.NewListing(g, consumer, a.minIdle)
		err = eachBatch(ctx, tool, l, do)
		s.Fresh = l.Fresh()
	} else {
		err = a.named(ctx, tool, g, &s, do)
	}
	s.Complete = err == nil
	if err != nil && s.Acknowledged == 0 {
		return pendingError(err)
	}
	if told := a.tell(s, a.text(s)); told != nil {
		return told
	}
	switch {
	case s.DryRun && s.Matched > 0:
		note("nothing was changed; --yes acknowledges them, and no consumer of the group gets them again")
	case !s.Complete:
		note("stopped; the same command goes on")
	}
	return pendingError(err)
}

// named goes through the entries that were named.
func (a *acknowledging) named(ctx context.Context, tool *server.Tool, g pending.Group, s *ackSummary, do func([]redis.PendingEntry) error) error {
	for ids := range slices.Chunk(a.ids, pending.Batch) {
		found, err := g.Find(ctx, tool, ids)
		if err != nil {
			return err
		}
		s.NotPending += int64(len(ids) - len(found))
		old := slices.DeleteFunc(found, func(e redis.PendingEntry) bool { return e.Idle < a.minIdle })
		s.Fresh += int64(len(found) - len(old))
		if len(old) == 0 {
			continue
		}
		if err := do(old); err != nil {
			return err
		}
	}
	return nil
}

func (a *acknowledging) text(s ackSummary) string {
	var b strings.Builder
	if s.DryRun {
		b.WriteString(entriesTable(s.Entries, s.Matched))
		fmt.Fprintf(&b, "%s to acknowledge\n", entriesText(s.Matched))
	} else {
		fmt.Fprintf(&b, "%s acknowledged\n", entriesText(s.Acknowledged))
	}
	if s.Changed > 0 {
		fmt.Fprintf(&b, "%s acknowledged or taken by somebody meanwhile\n", entriesText(s.Changed))
	}
	if s.NotPending > 0 {
		fmt.Fprintf(&b, "%s not pending in this group\n", entriesText(s.NotPending))
	}
	if s.Fresh > 0 {
		fmt.Fprintf(&b, "%s idle for less than %s stay\n", entriesText(s.Fresh), plainDuration(a.minIdle))
	}
	return b.String()
}
