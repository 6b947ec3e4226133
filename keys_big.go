package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"redistop/internal/keys"
	"redistop/internal/redis"
	"redistop/internal/server"
	"redistop/internal/sketch"
)

func newKeysBig() *cobra.Command {
	var s keyStudy
	top, touch := 10, false
	cmd := &cobra.Command{
		Use:   "big [ADDRESS]",
		Short: "the biggest keys, and how sizes are spread",
		Long: `Find big keys: the biggest by memory and by elements, and for each type how many
there are, what they take, and how their sizes are spread.

Memory is the server's own estimate (MEMORY USAGE, five elements of each key,
never all of them). A sample finds the biggest of the sample: a single giant
among millions is found by --all alone.

No key is made to look used. Counting elements does so before Redis 7.2, which
brought CLIENT NO-TOUCH: there it is left out unless --touch is given.`,
		Example: `  redistop keys big cache.local
  redistop keys big --all --match 'cart:*' --type hash --top 50`,
		Annotations:       map[string]string{"exit": exitCodes},
		Args:              usageArgs(onlyAddress),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			r := &bigResult{Big: keys.NewBig(top)}
			return s.study(cmd, args, func(tool *server.Tool) keys.Want {
				r.uncounted = !touch && !keys.CountsElements(tool)
				return keys.Want{Type: true, Memory: true, Elements: !r.uncounted}
			}, r.Add, r)
		},
	}
	cmd.Flags().SortFlags = false
	f := cmd.Flags()
	f.Var(&checked[int]{&top, parseRows, strconv.Itoa}, "top", "show the `N` biggest")
	f.BoolVar(&touch, "touch", false, "count elements though the server has no CLIENT NO-TOUCH")
	s.addTo(cmd)
	group(cmd, "Output", "top")
	group(cmd, "Keys", "touch")
	mustRegister(cmd.RegisterFlagCompletionFunc("top", cobra.NoFileCompletions))
	return cmd
}

// maxRows bounds what is kept and shown.
const maxRows = 1000

func parseRows(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxRows {
		return 0, fmt.Errorf("not a number from 1 to %d", maxRows)
	}
	return n, nil
}

// bigResult is what keys big found.
type bigResult struct {
	*keys.Big
	uncounted bool // elements would have been touched
}

func (r *bigResult) text(f sampleFacts) string {
	t := newStudyTable(f)
	of := ""
	if !f.Complete {
		of = ", of the sample"
	}
	r.list(t, "biggest by memory"+of, r.ByMemory)
	if r.uncounted {
		t.WriteString("\nelements are not counted: that would make keys look used on this server, which\nhas no CLIENT NO-TOUCH (7.2+); --touch counts them all the same\n")
	} else {
		r.list(t, "biggest by elements"+of, r.ByElements)
	}
	t.WriteString("\n")
	t.row("type", t.keysHead(), t.bytesHead(), "share", cell(8, "median"), cell(8, "99 %"), cell(8, "largest"))
	for _, s := range r.Types() {
		t.row(s.Type, t.keys(f.Count(s.Memory.Keys)), t.bytes(s.Memory), cell(5, shareText(s.Memory.Sum, r.Memory().Sum)),
			cell(8, quantileText(&s.Sizes, 0.5)), cell(8, quantileText(&s.Sizes, 0.99)), cell(8, quantileText(&s.Sizes, 1)))
	}
	return t.String()
}

func (r *bigResult) list(t *studyTable, title string, list []keys.Key) {
	t.WriteString("\n" + title + "\n")
	line := func(memory, elements, kind, name string) {
		cells := []string{cell(10, memory), cell(12, elements), fmt.Sprintf(" %-6s", kind)}
		if r.uncounted {
			cells = append(cells[:1], cells[2])
		}
		t.whole(name, cells...)
	}
	line("memory", "elements", "type", "key")
	for _, k := range list {
		line(known(k.Memory, sizeText), elementsText(k), redis.PrintableCut(k.Type, 20), redis.Argument(k.Name))
	}
	if len(list) == 0 {
		line("-", "-", "-", "(none)")
	}
}

// elementsText leaves out the bytes of a string, which its memory tells.
func elementsText(k keys.Key) string {
	if k.Type == "string" {
		return "-"
	}
	return known(k.Elements, thousands)
}

func quantileText(q *sketch.Quantiles, part float64) string {
	v, ok := q.Quantile(part)
	if !ok {
		return "n/a"
	}
	return sizeText(int64(v))
}

// bigType is one type in JSON.
type bigType struct {
	Type        string               `json:"type"`
	Keys        float64              `json:"keys"`
	KeysError   redis.Maybe[float64] `json:"keys_error,omitzero"`
	Memory      redis.Maybe[float64] `json:"memory_bytes,omitzero"`
	MemoryError redis.Maybe[float64] `json:"memory_bytes_error,omitzero"`
	Sizes       *spread              `json:"key_bytes,omitempty"`
	Elements    *spread              `json:"key_elements,omitempty"` // of a string bytes
}

// spread is how a size is spread over keys.
type spread struct {
	Median uint64 `json:"p50"`
	P90    uint64 `json:"p90"`
	P99    uint64 `json:"p99"`
	Max    uint64 `json:"max"`
}

func spreadOf(q *sketch.Quantiles) *spread {
	if q.Count() == 0 {
		return nil
	}
	s := &spread{Max: q.Max()}
	s.Median, _ = q.Quantile(0.5)
	s.P90, _ = q.Quantile(0.9)
	s.P99, _ = q.Quantile(0.99)
	return s
}

func (r *bigResult) object(f sampleFacts) any {
	o := struct {
		ByMemory   []describedKey `json:"by_memory"`
		ByElements []describedKey `json:"by_elements,omitempty"` // absent: they were not counted
		Types      []bigType      `json:"types"`
	}{ByMemory: describedKeys(r.ByMemory), Types: []bigType{}}
	if !r.uncounted {
		o.ByElements = describedKeys(r.ByElements)
	}
	for _, t := range r.Types() {
		n := f.Count(t.Memory.Keys)
		row := bigType{Type: t.Type, Keys: n.Value, KeysError: errorOf(n), Sizes: spreadOf(&t.Sizes), Elements: spreadOf(&t.Elements)}
		row.Memory, row.MemoryError = f.memory(t.Memory)
		o.Types = append(o.Types, row)
	}
	return o
}

func describedKeys(list []keys.Key) []describedKey {
	described := make([]describedKey, 0, len(list))
	for _, k := range list {
		described = append(described, keyJSON(k))
	}
	return described
}

// countText is an estimated number for eyes: three digits say as much as it knows.
func countText(v float64) string {
	switch {
	case v < 9999.5:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v < 999_500:
		return shortText(v/1e3) + "k"
	case v < 999.5e6:
		return shortText(v/1e6) + "M"
	}
	return shortText(v/1e9) + "G"
}

func shortText(v float64) string {
	if v < 99.95 {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

func sizeOf(v float64) string { return sizeText(int64(v + 0.5)) }
