package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"

	"github.com/spf13/cobra"

	"redistop/internal/keys"
	"redistop/internal/redis"
	"redistop/internal/server"
)

// keyListing is the flags of a listing.
type keyListing struct {
	keyTool
	searching
	limit     int
	countOnly bool
	long      bool
	raw, null bool
}

func newKeysList(use, short string) *cobra.Command {
	var l keyListing
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Long: `List the keys that match PATTERN; the same as "redistop keys PATTERN", for one
that is called like a verb. See redistop keys --help.`,
		Annotations:       map[string]string{"exit": exitCodes},
		Args:              usageArgs(oneAndAddress("PATTERN")),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if l.countOnly && (l.long || l.raw || l.null || l.limit > 0) {
				return usagef("--count-only: no keys are printed, so neither --long, --raw, --null nor --limit goes with it")
			}
			if l.json && (l.raw || l.null) || l.long && (l.raw || l.null) {
				return usagef("--raw and --null print names alone: neither --json nor --long goes with them")
			}
			pattern, err := patternOf(args[0])
			if err != nil {
				return err
			}
			tool, target, err := l.open(cmd, args[1:], server.ToolOptions{})
			if err != nil {
				return err
			}
			defer tool.Close()
			return l.run(cmd.Context(), tool, target, pattern)
		},
	}
	cmd.Flags().SortFlags = false
	f := cmd.Flags()
	f.Var(&checked[int]{&l.limit, parseCount, noZero}, "limit", "end after `N` keys")
	group(cmd, "Keys", "limit")
	l.searching.addTo(cmd, true)
	f.BoolVar(&l.countOnly, "count-only", false, "print how many keys match, nothing else")
	f.BoolVar(&l.long, "long", false, "print type, memory and time to live of each key too")
	f.BoolVar(&l.raw, "raw", false, "print names as they are, one a line; without it odd ones are quoted as redis-cli reads them")
	f.BoolVar(&l.null, "null", false, "print names as they are, each with a NUL behind it, for xargs -0")
	group(cmd, "Output", "count-only", "long", "raw", "null")
	l.keyTool.addTo(cmd, "one JSON object a key (NDJSON), the last one is {\"summary\": ...}")
	mustRegister(cmd.RegisterFlagCompletionFunc("limit", cobra.NoFileCompletions))
	return cmd
}

// listSummary is what a listing came to.
type listSummary struct {
	Pattern  string             `json:"pattern"`
	Matched  int64              `json:"matched"`
	Twice    int64              `json:"returned_twice,omitempty"` // by SCAN, and left out
	Complete bool               `json:"complete"`                 // the whole keyspace was visited
	Keys     redis.Maybe[int64] `json:"keys,omitzero"`            // in the database
	Cursor   string             `json:"cursor,omitempty"`         // where to go on
	scanCost

	resumed bool // it began at a cursor
	limited bool // it ended at its limit
}

// run lists until the end, the limit, or an interrupt.
func (l *keyListing) run(ctx context.Context, tool *server.Tool, target server.Target, pattern string) error {
	scan, err := keys.NewScan(tool, l.search(pattern, target.DB))
	if err != nil {
		return keysError(err, ruleKeys)
	}
	bar := newScanBar(tool, scan)
	out := &clearing{bar: bar, w: bufio.NewWriterSize(os.Stdout, 64<<10)}
	matched, at := int64(0), scan.Place()
	for err == nil {
		var names []string
		if names, err = scan.Next(ctx); err != nil {
			break
		}
		if l.limit > 0 {
			names = names[:min(len(names), l.limit-int(matched))]
		}
		if err = l.print(ctx, tool, out, names); err != nil {
			break
		}
		matched += int64(len(names))
		at = scan.PlaceAfter(len(names))
		bar.draw(thousands(matched) + " match")
		if l.limit > 0 && int(matched) == l.limit {
			break
		}
	}
	bar.clear()
	if errors.Is(err, syscall.EPIPE) { // the reader has enough
		return err
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	s := listSummary{Pattern: pattern, Matched: matched, Twice: scan.Twice(), Keys: scan.Total(), Complete: scan.Done() && at.Start() && err == nil}
	if !s.Complete {
		s.Cursor = at.String()
	}
	s.scanCost = costOf(tool.Finish(ctx), scan.Progress())
	s.Looked = max(s.Looked, matched)
	s.resumed, s.limited = !l.from.Start(), !s.Complete && l.limit > 0 && int(matched) == l.limit
	s.estimated = !s.Complete || s.resumed
	return errors.Join(l.conclude(out, s, target, err), keysError(err, ruleKeys))
}

func (l *keyListing) print(ctx context.Context, tool *server.Tool, out *clearing, names []string) error {
	if l.countOnly || len(names) == 0 {
		return nil
	}
	var b []byte
	switch {
	case l.long:
		described, err := keys.Describe(ctx, tool, names, keys.Want{Type: true, Memory: true, TTL: true})
		if err != nil {
			return err
		}
		for _, k := range described {
			b = l.appendLong(b, k)
		}
	case l.json:
		for _, name := range names {
			b = append(appendText(append(b, '{'), "key", name), "}\n"...)
		}
	default:
		for _, name := range names {
			b = l.appendName(b, name)
		}
	}
	return out.write(b)
}

func (l *keyListing) appendName(dst []byte, name string) []byte {
	switch {
	case l.null:
		return append(append(dst, name...), 0)
	case l.raw:
		return append(append(dst, name...), '\n')
	}
	return append(append(dst, redis.Argument(name)...), '\n')
}

// appendLong writes a key with its facts. The name stands last, since it may be of any width.
func (l *keyListing) appendLong(dst []byte, k keys.Key) []byte {
	if l.json {
		b, err := json.Marshal(keyJSON(k))
		if err != nil {
			return dst
		}
		return append(append(dst, escapeControls(b)...), '\n')
	}
	return fmt.Appendf(dst, "%-7s %11s %9s  %s\n", redis.PrintableCut(k.Type, 20), known(k.Memory, sizeText), lifeText(k), redis.Argument(k.Name))
}

// conclude says what it came to: a number, the last JSON object, and for eyes a line on standard error.
// After a refusal, which would come again, there is nothing to go on with.
func (l *keyListing) conclude(out *clearing, s listSummary, target server.Target, err error) error {
	var last []byte
	switch {
	case l.json:
		b, err := json.Marshal(map[string]listSummary{"summary": s})
		if err != nil {
			return fmt.Errorf("encode summary: %w", err)
		}
		last = append(escapeControls(b), '\n')
	case l.countOnly:
		last = strconv.AppendInt(nil, s.Matched, 10)
		last = append(last, '\n')
	}
	if err := out.write(last); err != nil {
		return err
	}
	if refused(err) && s.Matched == 0 {
		return nil
	}
	note("%s", s.text(target))
	if hint := s.hint(l.kind); hint != "" {
		note("%s", hint)
	}
	if s.Cursor != "" && !refused(err) {
		note("%s", goOn(os.Args, s.Cursor))
	}
	return nil
}

// text is one line: what was found, in what, and for what price.
func (s listSummary) text(target server.Target) string {
	if s.limited { // how many were looked at for these says nothing: a step brings more than are wanted
		return fmt.Sprintf("the first %s that match in database %d of %s, and there may be more; %s", keysText(s.Matched), target.DB, target, s.spent())
	}
	n := keysMatch(s.Matched)
	if s.resumed {
		n += " from the cursor on"
	}
	if !s.Complete {
		n += " so far"
	}
	return n + s.scanCost.text(s.Keys, target)
}

// hint helps who took PATTERN for something else.
func (s listSummary) hint(kind string) string {
	key, literal := keys.Literal(s.Pattern)
	if !literal || s.Matched > 0 || kind != "" {
		return ""
	}
	return fmt.Sprintf("%s has no wildcard, so it means one key, and there is none of that name; * stands for anything, an ADDRESS comes behind PATTERN",
		redis.PrintableCut(redis.Argument(key), 60))
}
