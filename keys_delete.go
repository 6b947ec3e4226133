package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"redistop/internal/keys"
	"redistop/internal/redis"
	"redistop/internal/server"
)

// keyDeletion is the flags of keys delete.
type keyDeletion struct {
	keyTool
	searching
	yes   bool
	limit int
}

func newKeysDelete() *cobra.Command {
	var d keyDeletion
	cmd := &cobra.Command{
		Use:   "delete PATTERN [ADDRESS]",
		Short: "count the keys that match, and with --yes delete them",
		Long: `Delete the keys that match PATTERN. Without --yes nothing is deleted: it counts
them and shows the first. With --yes it counts them, says how many there are,
and then deletes what matches, by UNLINK, which frees the memory of big keys
beside the server's other work, within --budget.

A key that comes while it runs, and matches, may be deleted too. What was
deleted is gone, and replicas delete it as well. Ctrl-C stops it between two
small batches; the same command goes on, or one with the --cursor that it
prints.`,
		Example: `  redistop keys delete 'tmp:*' cache.local
  redistop keys delete 'tmp:*' cache.local --yes --rate 5000`,
		Annotations:       map[string]string{"exit": exitCodes},
		Args:              usageArgs(oneAndAddress("PATTERN")),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !d.from.Start() && !d.yes {
				return usagef("--cursor goes with --yes: a dry run counts all keys")
			}
			pattern, err := patternOf(args[0])
			if err != nil {
				return err
			}
			tool, target, err := d.open(cmd, args[1:], server.ToolOptions{Actions: d.yes})
			if err != nil {
				return err
			}
			defer tool.Close()
			return d.run(cmd.Context(), tool, target, pattern)
		},
	}
	cmd.Flags().SortFlags = false
	f := cmd.Flags()
	f.BoolVar(&d.yes, "yes", false, "delete them; without it nothing is deleted")
	f.Var(&checked[int]{&d.limit, parseCount, noZero}, "limit", "delete no more than `N` keys")
	group(cmd, "Keys", "yes", "limit")
	d.searching.addTo(cmd, true)
	d.keyTool.addTo(cmd, "one JSON object")
	mustRegister(cmd.RegisterFlagCompletionFunc("limit", cobra.NoFileCompletions))
	return cmd
}

// deleteSummary is what a deletion, or its dry run, came to.
type deleteSummary struct {
	Pattern  string             `json:"pattern"`
	DryRun   bool               `json:"dry_run,omitempty"`
	Matched  int64              `json:"matched"`            // by the count before
	Deleted  int64              `json:"deleted"`            // by us
	Gone     int64              `json:"gone,omitempty"`     // before we came to them
	Examples []string           `json:"examples,omitempty"` // the first that match, for eyes
	Complete bool               `json:"complete"`
	Keys     redis.Maybe[int64] `json:"keys,omitzero"` // in the database
	Cursor   string             `json:"cursor,omitempty"`
	scanCost
}

// run counts, and with --yes deletes.
func (d *keyDeletion) run(ctx context.Context, tool *server.Tool, target server.Target, pattern string) error {
	if err := d.permitted(tool, target); err != nil {
		return err
	}
	s := deleteSummary{Pattern: pattern, DryRun: !d.yes}
	search := d.search(pattern, target.DB)
	if err := d.check(tool, search); err != nil {
		return err
	}
	if d.from.Start() {
		if err := d.count(ctx, tool, search, &s); err != nil {
			return errors.Join(d.uncounted(s), keysError(err, d.rule()))
		}
	}
	var err error
	if d.yes && (!d.from.Start() || s.Matched > 0) {
		if d.from.Start() {
			note("%s in database %d of %s; deleting%s", keysMatch(s.Matched), target.DB, target, d.some(s.Matched))
		}
		err = d.delete(ctx, tool, search, &s)
	}
	s.scanCost.finish(tool.Finish(ctx))
	return errors.Join(d.conclude(s, target, err), keysError(err, d.rule()))
}

// some says how many of those that match a limit leaves; empty: all.
func (d *keyDeletion) some(matched int64) string {
	if d.limit == 0 || int64(d.limit) >= matched {
		return ""
	}
	return " the first " + thousands(int64(d.limit)) + " of them"
}

// uncounted says that a count which did not come to its end deleted nothing.
func (d *keyDeletion) uncounted(s deleteSummary) error {
	if d.json {
		b, err := json.Marshal(s)
		if err != nil {
			return fmt.Errorf("encode summary: %w", err)
		}
		if _, err := os.Stdout.Write(append(escapeControls(b), '\n')); err != nil {
			return fmt.Errorf("write to standard output: %w", err)
		}
	}
	note("nothing was deleted: the count did not come to its end; %s so far. The same command begins anew", keysMatch(s.Matched))
	return nil
}

// rule has the rights of what it does: a dry run only counts.
func (d *keyDeletion) rule() string {
	if d.yes {
		return ruleDelete
	}
	return ruleKeys
}

// permitted refuses where every UNLINK would be refused.
func (d *keyDeletion) permitted(tool *server.Tool, target server.Target) error {
	role, _ := tool.Info().Text("role")
	switch {
	case !d.yes:
		return nil
	case !tool.Has("unlink"):
		return fmt.Errorf("delete keys of %s: it has no UNLINK (Redis 4.0 brought it), or it was renamed or disabled", target)
	case role == "slave":
		return &failure{code: exitDenied, err: fmt.Errorf("delete keys of %s: it is a replica", target), hint: "delete them on its primary; the replica follows"}
	}
	return nil
}

// check refuses a cursor of another search before anything is asked.
func (d *keyDeletion) check(tool *server.Tool, search keys.Search) error {
	_, err := keys.NewScan(tool, search)
	return keysError(err, d.rule())
}

// shownExamples is how many keys a dry run shows.
const shownExamples = 5

func (d *keyDeletion) count(ctx context.Context, tool *server.Tool, search keys.Search, s *deleteSummary) error {
	scan, err := keys.NewScan(tool, search)
	if err != nil {
		return err
	}
	bar := newScanBar(tool, scan)
	defer bar.clear()
	for {
		names, err := scan.Next(ctx)
		if errors.Is(err, io.EOF) {
			s.Keys, s.Complete = scan.Total(), true
			s.Looked += int64(scan.Progress().Looked)
			return nil
		}
		if err != nil {
			s.Keys, s.Looked = scan.Total(), int64(scan.Progress().Looked)
			return err
		}
		s.Matched += int64(len(names))
		for _, name := range names[:min(len(names), shownExamples-len(s.Examples))] {
			s.Examples = append(s.Examples, redis.PrintableCut(redis.Argument(name), 200))
		}
		bar.draw("counting, " + thousands(s.Matched) + " match")
	}
}

func (d *keyDeletion) delete(ctx context.Context, tool *server.Tool, search keys.Search, s *deleteSummary) error {
	s.Complete = false
	scan, err := keys.NewScan(tool, search)
	if err != nil {
		return err
	}
	bar := newScanBar(tool, scan)
	defer bar.clear()
	at := scan.Place()
	for {
		names, err := scan.Next(ctx)
		if errors.Is(err, io.EOF) {
			s.Complete = true
			return nil
		}
		if err == nil {
			if d.limit > 0 {
				names = names[:min(int64(len(names)), int64(d.limit)-s.Deleted)]
			}
			var done keys.Deleted
			done, err = keys.Unlink(ctx, tool, names)
			s.Deleted += done.Keys
			s.Gone += done.Gone
		}
		s.Keys = scan.Total()
		if !d.from.Start() { // nothing was counted before
			s.Looked, s.estimated = max(s.Deleted+s.Gone, int64(scan.Progress().Looked)), true
		}
		if err == nil && (d.limit == 0 || s.Deleted < int64(d.limit)) {
			at = scan.Place()
			bar.draw(thousands(s.Deleted) + " deleted")
			continue
		}
		s.Cursor = at.String() // the step under way again: what is deleted does not come back
		return err
	}
}

// conclude prints what happened; err is what ended it before its end.
func (d *keyDeletion) conclude(s deleteSummary, target server.Target, err error) error {
	out := bufio.NewWriter(os.Stdout)
	switch {
	case d.json:
		b, err := json.Marshal(s)
		if err != nil {
			return fmt.Errorf("encode summary: %w", err)
		}
		out.Write(append(escapeControls(b), '\n'))
	case s.DryRun:
		fmt.Fprintf(out, "%s%s\n", keysMatch(s.Matched), s.scanCost.text(s.Keys, target))
		for _, name := range s.Examples {
			fmt.Fprintf(out, "  %s\n", name)
		}
		if more := s.Matched - int64(len(s.Examples)); more > 0 {
			fmt.Fprintf(out, "  and %s more\n", thousands(more))
		}
	case s.Matched == 0 && d.from.Start():
		fmt.Fprintf(out, "no key matches, nothing was deleted%s\n", s.scanCost.text(s.Keys, target))
	default:
		fmt.Fprintf(out, "%s deleted%s\n", keysText(s.Deleted), s.scanCost.text(s.Keys, target))
		switch {
		case s.Gone == 1:
			fmt.Fprintln(out, "1 was gone already")
		case s.Gone > 0:
			fmt.Fprintf(out, "%s were gone already\n", thousands(s.Gone))
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	switch {
	case s.DryRun && s.Matched == 1:
		note("nothing was deleted; --yes deletes it")
	case s.DryRun && s.Matched > 0 && d.some(s.Matched) != "":
		note("nothing was deleted; --yes deletes%s", d.some(s.Matched))
	case s.DryRun && s.Matched > 0:
		note("nothing was deleted; --yes deletes them")
	case s.Cursor != "" && !refused(err):
		note("%s", goOn(os.Args, s.Cursor))
	}
	return nil
}

func keysText(n int64) string {
	if n == 1 {
		return "1 key"
	}
	return thousands(n) + " keys"
}
