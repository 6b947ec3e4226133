package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"redistop/internal/keys"
	"redistop/internal/redis"
	"redistop/internal/server"
)

// keyReading is the flags of keys get.
type keyReading struct {
	keyTool
	limit   int
	raw     bool
	ordered bool
	cut     int64
}

func newKeysGet() *cobra.Command {
	r := keyReading{cut: 1 << 20}
	cmd := &cobra.Command{
		Use:   "get KEY [ADDRESS]",
		Short: "print a value of any type and size, a step at a time",
		Long: `Print the value of KEY, whatever its type and size: instead of GET, HGETALL,
SMEMBERS, ZRANGE 0 -1, LRANGE 0 -1 and XRANGE - +, in steps that hold the server
for a quarter of a millisecond, within --budget.

One line an element; a hash has field and value, a sorted set score and member,
a stream id, names and values, with a tab behind the first. What a terminal
would act on is quoted and escaped, as redis-cli reads it, and a long string is
always quoted; --raw prints the bytes. KEY in double quotes is read likewise, so
that a name can be given as keys prints it: '"a\n"', or '""' for the empty one.
(A key that is really called so, quotes and all, comes first.)

What is there from beginning to end is printed once, whatever changes meanwhile.
A list is read by position: one that grows or shrinks at its head shifts under
the reader, and so does --ordered.

What cannot be helped: one element comes whole, however large (--cut bounds what
is kept of it here), a small hash, set or sorted set comes whole, and in a list
the server walks to the place anew for each step (0.1 ms to the middle of five
million elements). Before Redis 7.2 reading makes the key look used.`,
		Example: `  redistop keys get cart:42 cache.local
  redistop keys get sessions --json --limit 100 | jq .value
  redistop keys get page:home --raw > page.html`,
		Annotations:       map[string]string{"exit": exitCodes},
		Args:              usageArgs(oneAndAddress("KEY")),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if r.raw && r.json {
				return usagef("--raw and --json: give one of them")
			}
			tool, target, err := r.open(cmd, args[1:], server.ToolOptions{Values: true, Cut: r.cut})
			if err != nil {
				return err
			}
			defer tool.Close()
			return r.run(cmd.Context(), tool, target, args[0])
		},
	}
	cmd.Flags().SortFlags = false
	f := cmd.Flags()
	f.Var(&checked[int]{&r.limit, parseCount, noZero}, "limit", "end after `N` elements, or bytes of a string")
	f.BoolVar(&r.ordered, "ordered", false, "a sorted set in the order of its scores")
	f.Var(&checked[int64]{&r.cut, parseHeld, mebibytes}, "cut", "keep no more than `SIZE` of one element, 1MB to 64MB")
	group(cmd, "Value", "limit", "ordered", "cut")
	f.BoolVar(&r.raw, "raw", false, "print the bytes as they are; of a string nothing else")
	group(cmd, "Output", "raw")
	r.keyTool.addTo(cmd, "one JSON object an element (NDJSON), the last one is {\"summary\": ...}")
	for _, free := range []string{"limit", "cut"} {
		mustRegister(cmd.RegisterFlagCompletionFunc(free, cobra.NoFileCompletions))
	}
	return cmd
}

// readSummary is what reading a key came to.
type readSummary struct {
	Key      string             `json:"key"`
	Bytes    string             `json:"key_base64,omitempty"`
	Type     string             `json:"type"`
	Elements redis.Maybe[int64] `json:"elements,omitzero"` // when it began; of a string bytes
	Read     int64              `json:"read"`
	Cut      int64              `json:"cut,omitempty"` // elements of which only the beginning was kept
	Complete bool               `json:"complete"`
	scanCost
}

func (r *keyReading) run(ctx context.Context, tool *server.Tool, target server.Target, key string) error {
	value, err := keys.Open(ctx, tool, key, r.ordered)
	if name, ok := unquoted(key); ok && errors.Is(err, keys.ErrNoKey) {
		key = name
		value, err = keys.Open(ctx, tool, key, r.ordered)
	}
	switch {
	case errors.Is(err, keys.ErrNoKey):
		return &failure{code: exitError, err: fmt.Errorf("%s in database %d: %w", redis.PrintableCut(redis.Argument(key), 100), target.DB, err)}
	case err != nil:
		return keysError(err, ruleGet)
	}
	bar := newScanBar(tool, value)
	out := &clearing{bar: bar, w: bufio.NewWriterSize(os.Stdout, 64<<10)}
	text := elementFormat{of: value.Type, json: r.json, raw: r.raw}
	left := int64(r.limit)
	for err == nil {
		if r.limit > 0 {
			value.AtMost(left)
		}
		var elements []keys.Element
		if elements, err = value.Next(ctx); err != nil {
			break
		}
		if r.limit > 0 {
			elements, left = firstOf(elements, left, value.Type == "string")
		}
		if err = out.write(text.append(nil, elements)); err == nil && r.limit > 0 && left == 0 {
			break
		}
		bar.draw("")
	}
	bar.clear()
	if errors.Is(err, syscall.EPIPE) { // the reader has enough
		return err
	}
	complete := errors.Is(err, io.EOF)
	if complete {
		err = nil
	}
	if werr := out.write(text.end()); err == nil {
		err = werr
	}
	d := keyJSON(keys.Key{Name: key})
	s := readSummary{Key: d.Key, Bytes: d.Bytes, Type: value.Type, Elements: value.Size, Read: text.printed, Cut: text.cut, Complete: complete}
	s.scanCost = costOf(tool.Finish(ctx), value.Progress())
	return errors.Join(r.conclude(out, s, target), keysError(err, ruleGet))
}

// firstOf is the beginning of elements that has no more than left of them, or of bytes.
func firstOf(elements []keys.Element, left int64, bytes bool) ([]keys.Element, int64) {
	if !bytes {
		n := min(left, int64(len(elements)))
		return elements[:n], left - n
	}
	for i := range elements {
		piece := &elements[i].Value
		n := min(left, int64(len(piece.Bytes)))
		piece.Bytes, left = piece.Bytes[:n], left-n
	}
	return elements, left
}

// conclude tells what was read: as JSON always, else where it was not all, or not for nothing.
func (r *keyReading) conclude(out *clearing, s readSummary, target server.Target) error {
	if r.json {
		b, err := json.Marshal(map[string]readSummary{"summary": s})
		if err != nil {
			return fmt.Errorf("encode summary: %w", err)
		}
		if err := out.write(append(escapeControls(b), '\n')); err != nil {
			return err
		}
	}
	unit := map[string]string{"string": "bytes", "hash": "fields", "stream": "entries", "list": "elements"}[s.Type]
	if unit == "" {
		unit = "members"
	}
	of := ""
	if n, ok := s.Elements.Get(); ok && !s.Complete {
		of = " of " + thousands(n)
	}
	if of == "" && s.Read == 1 {
		unit = strings.TrimSuffix(strings.Replace(unit, "ies", "ys", 1), "s")
	}
	note("%s: %s%s %s in %s, %s of the server's time", s.Type, thousands(s.Read), of, unit, spanText(s.Seconds), s.price())
	switch {
	case s.Cut == 1:
		note("1 was longer than --cut; only its beginning is here")
	case s.Cut > 0:
		note("%s were longer than --cut; only their beginnings are here", thousands(s.Cut))
	}
	return nil
}
