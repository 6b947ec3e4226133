package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"redistop/internal/messaging/pending"
	"redistop/internal/server"
)

func newMessagingDelConsumer() *cobra.Command {
	var p pendingTool
	cmd := &cobra.Command{
		Use:   "delconsumer STREAM GROUP CONSUMER [ADDRESS]",
		Short: "delete a consumer that is gone and holds nothing",
		Long: `Delete a consumer of a group. Without --yes it says whether that could be done.

A consumer that still holds entries is never deleted: they would be lost with it
(claim them first). The server asks and deletes in one piece, so that an entry
that arrives in between is not lost. One that has asked within --min-idle is not
deleted either; one that waits for entries for longer than that (BLOCK) looks
gone, and comes back by itself when it gets one. Servers before Redis 7.2 do not
tell when a consumer asked: there it counts when it last got something.`,
		Example: `  redistop messaging delconsumer orders billing worker-1
  redistop messaging delconsumer orders billing worker-1 --yes`,
		Annotations:       map[string]string{"exit": exitCodes},
		Args:              usageArgs(namesAndAddress("STREAM", "GROUP", "CONSUMER")),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			tool, err := p.open(cmd, args[3:])
			if err != nil {
				return err
			}
			defer tool.Close()
			return p.deleteConsumer(cmd.Context(), tool, pending.Group{Key: givenName(args[0]), Name: givenName(args[1])}, givenName(args[2]))
		},
	}
	cmd.Flags().SortFlags = false
	p.addTo(cmd, "Delete", "delete it; without it nothing is changed", "only if it has not asked for `TIME`")
	p.conn.addTo(cmd)
	return cmd
}

// deletionSummary is what became of a consumer, or would.
type deletionSummary struct {
	Stream      string  `json:"stream"`
	Group       string  `json:"group"`
	Consumer    string  `json:"consumer"`
	DryRun      bool    `json:"dry_run,omitempty"`
	Deleted     bool    `json:"deleted"`
	Pending     int64   `json:"pending"`
	IdleSeconds float64 `json:"idle_seconds"`
}

func (p *pendingTool) deleteConsumer(ctx context.Context, tool *server.Tool, g pending.Group, name string) error {
	list, err := g.Consumers(ctx, tool)
	if err != nil {
		return pendingError(err)
	}
	c, ok := consumerOf(list, name)
	if !ok {
		return noConsumer(list, name, "")
	}
	held, idle, became := c.Pending, c.Idle, pending.Deleted
	did := "asked"
	if !c.HasInactive {
		did = "got something"
	}
	switch {
	case held > 0:
		became = pending.Holds
	case idle < p.minIdle:
		became = pending.Active
	case p.yes:
		if became, held, idle, err = g.Delete(ctx, tool, name, p.minIdle); err != nil {
			return pendingError(err)
		}
	}
	if err := p.kept(g, name, became, held, did+" "+spanText(idle.Seconds())+" ago"); err != nil {
		return err
	}
	s := deletionSummary{Stream: g.Key, Group: g.Name, Consumer: name, DryRun: !p.yes, Deleted: p.yes, Pending: held, IdleSeconds: idle.Seconds()}
	text := fmt.Sprintf("%s deleted; it held nothing and last %s %s ago\n", shownName(name), did, spanText(idle.Seconds()))
	if s.DryRun {
		text = fmt.Sprintf("%s holds nothing and last %s %s ago\n", shownName(name), did, spanText(idle.Seconds()))
	}
	if err := p.tell(s, text); err != nil {
		return err
	}
	if s.DryRun {
		note("nothing was changed; --yes deletes it")
	}
	return nil
}

// kept is the error of a consumer that is not deleted, with what to do. last is when it asked or got something.
func (p *pendingTool) kept(g pending.Group, name string, became pending.Deletion, held int64, last string) error {
	who := shownName(name)
	switch became {
	case pending.Deleted:
		return nil
	case pending.Holds:
		return &failure{code: exitError, err: fmt.Errorf("%s still holds %s: they would be lost with it", who, entriesText(held)),
			hint: fmt.Sprintf("redistop messaging claim %s %s --from %s --to CONSUMER gives them to another one; --drop-deleted acknowledges those that were deleted from the stream", shellWord(g.Key), shellWord(g.Name), shellWord(name))}
	case pending.Active:
		return &failure{code: exitError, err: fmt.Errorf("%s %s: it is at work", who, last), hint: "stop it first, or give a shorter --min-idle"}
	case pending.None:
		return &failure{code: exitError, err: fmt.Errorf("%s is not there any more", who)}
	}
	return fmt.Errorf("delete %s: the server says %q", who, string(became))
}
