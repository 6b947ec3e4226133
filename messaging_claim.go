package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"redistop/internal/messaging/pending"
	"redistop/internal/redis"
	"redistop/internal/server"
)

// claiming is the flags of messaging claim.
type claiming struct {
	pendingTool
	from, to string
	create   bool
	drop     bool
}

func newMessagingClaim() *cobra.Command {
	var c claiming
	cmd := &cobra.Command{
		Use:   "claim STREAM GROUP [ADDRESS]",
		Short: "give what a dead consumer holds to a live one",
		Long: `Give entries that consumer --from was given and has not acknowledged for
--min-idle to consumer --to. Without --yes nothing is changed: it counts them,
those apart that were deleted from the stream, and lists the first, without their
contents.

None is lost: each is either consumer's at any time, and one that was
acknowledged, claimed by somebody else or read again meanwhile stays as it is.
Ctrl-C stops it between two batches; the same command goes on. At the end the
group is asked again who holds how many.

The new consumer gets them when it reads what it holds (XREADGROUP with id 0), as
most do when they start; reading new entries (">") does not bring them. The count
of deliveries rises when it reads them, not by the claim, so that no entry looks
like poison for having been claimed. Entries that were deleted from the stream
cannot be processed by anybody: they stay, unless --drop-deleted acknowledges
them.`,
		Example: `  redistop messaging claim orders billing --from worker-1 --to worker-2
  redistop messaging claim orders billing --from worker-1 --to worker-2 --min-idle 1h --yes`,
		Annotations:       map[string]string{"exit": exitCodes},
		Args:              usageArgs(namesAndAddress("STREAM", "GROUP")),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if c.from == "" || c.to == "" {
				return usagef("give --from CONSUMER and --to CONSUMER")
			}
			claim := pending.Claim{Group: pending.Group{Key: givenName(args[0]), Name: givenName(args[1])}, From: givenName(c.from), To: givenName(c.to), MinIdle: c.minIdle, Drop: c.drop}
			if claim.From == claim.To {
				return usagef("--from and --to name the same consumer")
			}
			tool, err := c.open(cmd, args[2:])
			if err != nil {
				return err
			}
			defer tool.Close()
			return c.run(cmd.Context(), tool, claim)
		},
	}
	cmd.Flags().SortFlags = false
	f := cmd.Flags()
	f.StringVar(&c.from, "from", "", "take entries of `CONSUMER`")
	f.StringVar(&c.to, "to", "", "give them to `CONSUMER`, which has to exist")
	f.BoolVar(&c.create, "create", false, "create that consumer if it does not exist")
	f.BoolVar(&c.drop, "drop-deleted", false, "acknowledge entries that were deleted from the stream")
	group(cmd, "Claim", "from", "to", "create", "drop-deleted")
	c.addTo(cmd, "Claim", "claim them; without it nothing is changed", "only entries that it was given `TIME` ago or longer")
	c.addShow(cmd)
	for _, free := range []string{"from", "to"} {
		mustRegister(cmd.RegisterFlagCompletionFunc(free, cobra.NoFileCompletions))
	}
	c.conn.addTo(cmd)
	return cmd
}

// claimSummary is what a claim, or its dry run, came to.
type claimSummary struct {
	Stream     string         `json:"stream"`
	Group      string         `json:"group"`
	From       string         `json:"from"`
	To         string         `json:"to"`
	DryRun     bool           `json:"dry_run,omitempty"`
	Matched    int64          `json:"matched"`                   // idle for long enough when they were listed
	Fresh      int64          `json:"fresh"`                     // not idle for long enough: they stay
	Claimed    int64          `json:"claimed"`                   // now To's
	Deleted    int64          `json:"deleted,omitempty"`         // not in the stream any more
	WouldClaim *int64         `json:"would_claim,omitempty"`     // by a dry run: those that are still in the stream; absent: that is not known
	Unknown    string         `json:"deleted_unknown,omitempty"` // why not
	Changed    int64          `json:"changed,omitempty"`         // acknowledged or taken by somebody meanwhile
	Complete   bool           `json:"complete"`
	FromBefore int64          `json:"from_held_before"`
	FromAfter  int64          `json:"from_holds"`
	ToBefore   int64          `json:"to_held_before"`
	ToAfter    int64          `json:"to_holds"`
	Entries    []pendingEntry `json:"entries,omitempty"` // the first
	Cost       messagingCost  `json:"cost"`
}

func (c *claiming) run(ctx context.Context, tool *server.Tool, claim pending.Claim) error {
	before, err := c.consumers(ctx, tool, claim)
	if err != nil {
		return err
	}
	s := claimSummary{Stream: claim.Key, Group: claim.Name, From: claim.From, To: claim.To, DryRun: !c.yes}
	s.FromBefore, s.ToBefore = holds(before, claim)
	l := pending.NewListing(claim.Group, claim.From, claim.MinIdle)
	err = eachBatch(ctx, tool, l, func(page []redis.PendingEntry) error {
		s.Matched += int64(len(page))
		from := len(s.Entries)
		s.Entries = append(s.Entries, pendingEntries(page, c.show-from)...)
		if !c.yes {
			return s.rehearse(ctx, tool, claim, page, s.Entries[from:])
		}
		done, err := claim.Do(ctx, tool, idsOf(page))
		s.Claimed += int64(len(done.Given))
		s.Deleted += int64(len(done.Deleted))
		if err != nil {
			s.Matched -= int64(len(page)) // what became of these is not known
			return err
		}
		s.Changed = s.Matched - s.Claimed - s.Deleted
		return nil
	})
	s.Fresh, s.Complete = l.Fresh(), err == nil
	if s.DryRun && s.Unknown == "" {
		would := s.Matched - s.Deleted
		s.WouldClaim = &would
	}
	after := before
	if c.yes { // even when it was stopped: who holds how many now
		var again error
		if after, again = claim.Consumers(context.WithoutCancel(ctx), tool); again != nil {
			return errors.Join(pendingError(err), pendingError(again))
		}
	}
	s.FromAfter, s.ToAfter = holds(after, claim)
	s.Cost = costOfTool(ctx, tool)
	if told := c.tell(s, c.text(s)); told != nil {
		return told
	}
	c.conclude(s)
	return pendingError(err)
}

// rehearse finds out which of a batch a claim could not give to anybody, since they were deleted from the stream, and marks those of
// them that are listed.
func (s *claimSummary) rehearse(ctx context.Context, tool *server.Tool, claim pending.Claim, page []redis.PendingEntry, listed []pendingEntry) error {
	if s.Unknown != "" || len(page) == 0 {
		return nil
	}
	gone, err := claim.Group.Deleted(ctx, tool, idsOf(page))
	var reply *redis.ReplyError
	if errors.As(err, &reply) && reply.Code == "NOPERM" { // who may list them may not have the right to run scripts
		s.Unknown, s.Deleted = "this user may not ask which entries were deleted from the stream (EVAL); redistop acl "+ruleClaim+" prints the rights", 0
		return nil
	}
	if err != nil {
		return err
	}
	s.Deleted += int64(len(gone))
	for i := range listed {
		listed[i].Deleted = slices.Contains(gone, listed[i].ID)
	}
	return nil
}

// consumers are those of the group, once both are found or may be made.
func (c *claiming) consumers(ctx context.Context, tool *server.Tool, claim pending.Claim) ([]redis.StreamConsumer, error) {
	list, err := claim.Consumers(ctx, tool)
	if err != nil {
		return nil, pendingError(err)
	}
	if _, ok := consumerOf(list, claim.From); !ok {
		return nil, noConsumer(list, claim.From, "")
	}
	if _, ok := consumerOf(list, claim.To); ok {
		return list, nil
	}
	if !c.create {
		return nil, noConsumer(list, claim.To, "start it first, or have it created with --create")
	}
	if !c.yes {
		return list, nil
	}
	return list, pendingError(claim.Create(ctx, tool, claim.To))
}

// holds is how many entries both consumers hold.
func holds(list []redis.StreamConsumer, c pending.Claim) (from, to int64) {
	a, _ := consumerOf(list, c.From)
	b, _ := consumerOf(list, c.To)
	return a.Pending, b.Pending
}

func (c *claiming) text(s claimSummary) string {
	var b strings.Builder
	from, to := shownName(s.From), shownName(s.To)
	if s.DryRun {
		b.WriteString(entriesTable(s.Entries, s.Matched))
		fmt.Fprintf(&b, "%s of %s idle for %s or longer, of %s that it holds\n", entriesText(s.Matched), from, plainDuration(c.minIdle), thousands(s.FromBefore))
		switch would := s.WouldClaim; {
		case s.Matched == 0:
		case would == nil:
			fmt.Fprintf(&b, "not known: %s\n", s.Unknown)
		default:
			fmt.Fprintf(&b, "%s would be given to %s\n", entriesText(*would), to)
		}
		if s.Deleted > 0 && c.drop {
			fmt.Fprintf(&b, "%s deleted from the stream: would be acknowledged\n", entriesText(s.Deleted))
		} else if s.Deleted > 0 {
			fmt.Fprintf(&b, "%s deleted from the stream: would stay with %s\n", entriesText(s.Deleted), from)
		}
		fmt.Fprintf(&b, "%s\n", s.Cost.text())
		return b.String()
	}
	fmt.Fprintf(&b, "%s given to %s\n", entriesText(s.Claimed), to)
	if s.Changed > 0 {
		fmt.Fprintf(&b, "%s acknowledged or taken by somebody meanwhile\n", entriesText(s.Changed))
	}
	if s.Deleted > 0 && c.drop {
		fmt.Fprintf(&b, "%s deleted from the stream before: acknowledged\n", entriesText(s.Deleted))
	} else if s.Deleted > 0 {
		fmt.Fprintf(&b, "%s deleted from the stream before: %s still holds them\n", entriesText(s.Deleted), from)
	}
	if s.Fresh > 0 {
		fmt.Fprintf(&b, "%s idle for less than %s stay\n", entriesText(s.Fresh), plainDuration(c.minIdle))
	}
	fmt.Fprintf(&b, "%s holds %s now (%s before), %s %s (%s before)\n", from, thousands(s.FromAfter), thousands(s.FromBefore), to, thousands(s.ToAfter), thousands(s.ToBefore))
	return b.String()
}

// conclude says on standard error what to do next.
func (c *claiming) conclude(s claimSummary) {
	switch {
	case s.DryRun && s.Matched > 0:
		note("nothing was changed; %s", c.wouldDo(s))
	case s.DryRun:
	case !s.Complete:
		note("stopped; the same command goes on")
	case s.Claimed > 0:
		note("%s gets them when it reads what it holds, as most do when they start (XREADGROUP with id 0)", shownName(s.To))
	}
	if s.Deleted > 0 && !c.drop {
		note("--drop-deleted acknowledges what was deleted: nobody can process it")
	}
}

// wouldDo says what --yes does.
func (c *claiming) wouldDo(s claimSummary) string {
	would := s.Matched
	if s.WouldClaim != nil {
		would = *s.WouldClaim
	}
	gives := fmt.Sprintf("gives %s to %s", entriesText(would), shownName(s.To))
	switch drops := s.Deleted > 0 && c.drop; {
	case s.WouldClaim == nil:
		return "--yes gives those that are still in the stream to " + shownName(s.To)
	case would == 0 && drops:
		return fmt.Sprintf("--yes acknowledges %s for good and gives none to %s", entriesText(s.Deleted), shownName(s.To))
	case drops:
		return fmt.Sprintf("--yes %s and acknowledges %s for good", gives, entriesText(s.Deleted))
	case would == 0:
		return "--yes would give none: all were deleted from the stream"
	}
	return "--yes " + gives
}
