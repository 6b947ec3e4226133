package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"text/tabwriter"

	"redistop/internal/stats"
)

// askings is how often a comparison is tried anew because jobs moved meanwhile.
const askings = 5

// compare holds what redistop says of a framework's queues against the framework's own numbers, asked before and after
// it, and writes what was in the server then.
func (b *bench) compare(ctx context.Context, r *run, recording *contents) error {
	for range askings {
		before, err := r.program.count()
		if err != nil {
			return err
		}
		shown, err := b.messaging(ctx, r.server.Addr())
		if err != nil {
			return err
		}
		if recording.Keys, err = readContents(r.server.Socket()); err != nil {
			return err
		}
		after, err := r.program.count()
		if err != nil {
			return err
		}
		if still(before, after) {
			recording.Own = before
			return b.tell(recording, shown)
		}
	}
	return errors.New("compare its numbers: its jobs do not stand still")
}

// messaging is what redistop says of a server's messages.
func (b *bench) messaging(ctx context.Context, addr string) (*stats.Messaging, error) {
	cmd := exec.CommandContext(ctx, b.redistop, "messaging", "--json", "--interval", "500ms", "--budget", "100%", addr)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("ask redistop about messages: %w", err)
	}
	var m stats.Messaging
	if err := json.Unmarshal(out, &m); err != nil {
		return nil, fmt.Errorf("read what redistop says about messages: %w", err)
	}
	return &m, nil
}

// tell prints both and returns what differs.
func (b *bench) tell(c *contents, shown *stats.Messaging) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer w.Flush()
	var differs []error
	for _, own := range c.Own {
		row := rowOf(c.Framework, own.Queue, c.Own, shown.Queues)
		fmt.Fprintf(w, "%s %s\t%s\t%s", c.Framework, c.Version, c.Scene, cmp.Or(own.Queue, "(all)"))
		for _, f := range own.facts(row, shown.Time) {
			mark := "="
			if f.differs {
				mark = "≠"
				differs = append(differs, fmt.Errorf("queue %q: %s is %s by its own calls and %s by redistop", own.Queue, f.name, f.theirs, f.ours))
			}
			fmt.Fprintf(w, "\t%s %s %s %s", f.name, f.theirs, mark, f.ours)
		}
		fmt.Fprintln(w)
	}
	for _, q := range shown.Queues {
		if !owned(c.Framework, q, c.Own, shown.Queues) {
			differs = append(differs, fmt.Errorf("redistop shows a queue %q (%q) that the framework does not know", q.Name, q.Framework))
		}
	}
	return errors.Join(differs...)
}

// rowOf is the row of a queue; of what all queues share the row that is named like none of them.
func rowOf(framework, queue string, own []numbers, rows []stats.QueueRow) *stats.QueueRow {
	for i := range rows {
		row := &rows[i]
		if !strings.EqualFold(row.Framework, framework) {
			continue
		}
		if row.Name == queue || queue == "" && !slices.ContainsFunc(own, func(n numbers) bool { return n.Queue == row.Name }) {
			return row
		}
	}
	return nil
}

func owned(framework string, q stats.QueueRow, own []numbers, rows []stats.QueueRow) bool {
	return slices.ContainsFunc(own, func(n numbers) bool {
		row := rowOf(framework, n.Queue, own, rows)
		return row != nil && row.Key == q.Key && row.DB == q.DB
	})
}
