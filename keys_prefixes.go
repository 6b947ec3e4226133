package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"redistop/internal/keys"
	"redistop/internal/redis"
	"redistop/internal/server"
)

// treeShape is what of the tree is shown.
type treeShape struct {
	separators  string
	depth, rows int
	share       float64
}

func newKeysPrefixes() *cobra.Command {
	var s keyStudy
	shape := treeShape{separators: ":/|", depth: 4, rows: 40, share: 0.01}
	cmd := &cobra.Command{
		Use:   "prefixes [ADDRESS]",
		Short: "a tree of key prefixes: keys, memory, expiry, types",
		Long: `Show what the keyspace is made of: a tree of the beginnings of keys, each with
the number of its keys, their memory, how many of them never expire, and their
types. Variable parts are one: user:17:cart and user:18:cart lie under user:*:.

It is estimated from a random sample; ± is half of a 95 % interval. A prefix
with few but huge keys needs a larger sample than that says, or --all.`,
		Example: `  redistop keys prefixes cache.local
  redistop keys prefixes --match 'session:*' --all --depth 2`,
		Annotations:       map[string]string{"exit": exitCodes},
		Args:              usageArgs(onlyAddress),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			r := &prefixResult{Prefixes: keys.NewPrefixes(shape.separators), shape: shape}
			return s.study(cmd, args, func(*server.Tool) keys.Want {
				return keys.Want{Type: true, Memory: true, TTL: true}
			}, r.Add, r)
		},
	}
	cmd.Flags().SortFlags = false
	f := cmd.Flags()
	f.IntVar(&shape.depth, "depth", shape.depth, "show `N` levels")
	f.Var(&checked[int]{&shape.rows, parseRows, strconv.Itoa}, "rows", "show `N` lines at most")
	f.Var(&checked[float64]{&shape.share, parseBudget, percent}, "min-share", "leave out what has less than `SHARE` of the memory and of the keys")
	f.StringVar(&shape.separators, "separators", shape.separators, "cut keys behind any of the characters `TEXT`")
	s.addTo(cmd)
	group(cmd, "Output", "depth", "rows", "min-share", "separators")
	for _, free := range []string{"depth", "rows", "min-share", "separators"} {
		mustRegister(cmd.RegisterFlagCompletionFunc(free, cobra.NoFileCompletions))
	}
	return cmd
}

// prefixResult is what keys prefixes found.
type prefixResult struct {
	*keys.Prefixes
	shape treeShape
}

func (r *prefixResult) lines() []keys.Row {
	return r.Rows(r.shape.depth, r.shape.rows, r.shape.share)
}

func (r *prefixResult) text(f sampleFacts) string {
	t := newStudyTable(f)
	t.WriteString("\n")
	t.row("prefix", t.keysHead(), t.bytesHead(), "share", "no expiry", " types      ")
	for _, row := range r.lines() {
		t.row(strings.Repeat("  ", row.Depth)+prefixText(row.Name), t.keys(f.Sum(row.Keys)), t.bytes(row.Memory), cell(5, shareText(row.Memory.Sum, r.Root.Memory.Sum)),
			cell(9, shareText(row.Keys.Sum-row.Expiring.Sum, row.Keys.Sum)), fmt.Sprintf(" %-11s", typesText(row.Prefix)))
	}
	return t.String()
}

// prefixText is a prefix as listings print names. A lone star is explained.
func prefixText(name string) string {
	if name == "*" {
		return "* (numbers, random text or bytes: nothing in common)"
	}
	return redis.Argument(name)
}

// typesText names the types of a prefix, the most frequent first.
func typesText(p *keys.Prefix) string {
	names := p.TypeNames()
	if len(names) == 0 {
		return "-"
	}
	text := names[0]
	if len(names) > 1 {
		text = fmt.Sprintf("%s %.0f %%", names[0], 100*float64(p.Types[names[0]])/p.Keys.Sum)
	}
	return redis.PrintableCut(text, 11)
}

// prefixRow is one line in JSON.
type prefixRow struct {
	Prefix       string               `json:"prefix"`
	Depth        int                  `json:"depth"`
	Keys         float64              `json:"keys"`
	KeysError    redis.Maybe[float64] `json:"keys_error,omitzero"`
	Memory       redis.Maybe[float64] `json:"memory_bytes,omitzero"`
	MemoryError  redis.Maybe[float64] `json:"memory_bytes_error,omitzero"`
	NoExpiry     float64              `json:"no_expiry_share"` // of its keys
	TypesOfShare map[string]float64   `json:"types"`           // share of its keys
}

func (r *prefixResult) object(f sampleFacts) any {
	rows := []prefixRow{}
	for _, row := range r.lines() {
		n := f.Sum(row.Keys)
		p := prefixRow{Prefix: redis.Printable(row.Name), Depth: row.Depth, Keys: n.Value, KeysError: errorOf(n),
			NoExpiry: 1 - row.Expiring.Sum/row.Keys.Sum, TypesOfShare: map[string]float64{}}
		p.Memory, p.MemoryError = f.memory(row.Memory)
		for name, count := range row.Types {
			p.TypesOfShare[name] = float64(count) / row.Keys.Sum
		}
		rows = append(rows, p)
	}
	return struct {
		Prefixes []prefixRow `json:"prefixes"`
	}{rows}
}
