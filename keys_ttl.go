package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"redistop/internal/keys"
	"redistop/internal/redis"
	"redistop/internal/server"
)

func newKeysTTL() *cobra.Command {
	var s keyStudy
	top := 10
	cmd := &cobra.Command{
		Use:   "ttl [ADDRESS]",
		Short: "which keys never expire, and which expire together",
		Long: `Show when keys expire: how many within a minute, an hour and so on; which kinds of
key never do, with their memory; and which expire together, so that all who need
them come at once (a stampede). Seconds are told apart within a day, minutes
within two months, hours beyond.`,
		Example: `  redistop keys ttl cache.local
  redistop keys ttl --all --match 'cache:*'`,
		Annotations:       map[string]string{"exit": exitCodes},
		Args:              usageArgs(cobra.MaximumNArgs(1)),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			r := &lifeResult{Lives: keys.NewLives(), top: top}
			return s.study(cmd, args, func(*server.Tool) keys.Want {
				return keys.Want{Memory: true, TTL: true}
			}, func(k keys.Key) { r.Add(k, time.Now()) }, r)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().Var(&checked[int]{&top, parseRows, strconv.Itoa}, "top", "show `N` lines of each list")
	s.addTo(cmd)
	group(cmd, "Output", "top")
	mustRegister(cmd.RegisterFlagCompletionFunc("top", cobra.NoFileCompletions))
	return cmd
}

// lifeResult is what keys ttl found.
type lifeResult struct {
	*keys.Lives
	top int
}

func (r *lifeResult) text(f sampleFacts) string {
	var b strings.Builder
	b.WriteString("\n    keys        ±   share  expire\n")
	row := func(t keys.Tally, name string) {
		n := f.Count(t.Keys)
		fmt.Fprintf(&b, "%8s %8s  %6s  %s\n", countText(n.Value), marginText(n, countText), percentOf(t.Sum, r.Keys.Sum), name)
	}
	row(r.Never, "never")
	before := ""
	for _, h := range r.Horizons {
		name := "within " + horizonText(h.Within)
		if h.Within == 0 {
			name = "later than " + before
		}
		row(h.Keys, name)
		before = horizonText(h.Within)
	}
	r.neverending(&b, f)
	r.stampedes(&b, f)
	return b.String()
}

func (r *lifeResult) neverending(b *strings.Builder, f sampleFacts) {
	list := r.Neverending(r.top)
	if len(list) == 0 {
		return
	}
	b.WriteString("\nnever expire\n    keys        ±      memory           ±  of its kind  keys like\n")
	for _, p := range list {
		n, m := f.Sum(p.Never), f.Sum(p.Memory)
		fmt.Fprintf(b, "%8s %8s  %10s  %10s  %11s  %s\n", countText(n.Value), marginText(n, countText), sizeText(int64(m.Value)), marginText(m, sizeOf),
			percentOf(p.Never.Sum, p.Keys.Sum), redis.PrintableCut(p.Pattern, 100))
	}
}

func (r *lifeResult) stampedes(b *strings.Builder, f sampleFacts) {
	list := r.Stampedes(r.top)
	if len(list) == 0 {
		b.WriteString("\nno keys expire together\n")
		return
	}
	b.WriteString("\nexpire together\n    keys        ±  within  at                           most of them like\n")
	for _, t := range list {
		n := f.Count(t.Keys)
		when := t.From.Format(time.DateTime) + " (in " + ttlText(max(0, time.Until(t.From)).Round(time.Second)) + ")"
		fmt.Fprintf(b, "%8s %8s  %6s  %-27s  %s\n", countText(n.Value), marginText(n, countText), ttlText(t.To.Sub(t.From)), when, redis.PrintableCut(orNone(t.Pattern), 100))
	}
}

func orNone(pattern string) string {
	if pattern == "" {
		return "(several kinds)"
	}
	return pattern
}

func horizonText(d time.Duration) string {
	return map[time.Duration]string{time.Minute: "a minute", time.Hour: "an hour", 24 * time.Hour: "a day",
		7 * 24 * time.Hour: "a week", 30 * 24 * time.Hour: "30 days"}[d]
}

// The parts of the result in JSON.
type (
	lifeHorizon struct {
		Within redis.Maybe[float64] `json:"within_seconds,omitzero"` // absent: later than all the others
		Keys   float64              `json:"keys"`
		Error  redis.Maybe[float64] `json:"keys_error,omitzero"`
	}
	lifeNever struct {
		Pattern     string               `json:"pattern"`
		Keys        float64              `json:"keys"`
		Error       redis.Maybe[float64] `json:"keys_error,omitzero"`
		Memory      float64              `json:"memory_bytes"`
		MemoryError redis.Maybe[float64] `json:"memory_bytes_error,omitzero"`
		Share       float64              `json:"share_of_pattern"` // that never expires
	}
	lifeTogether struct {
		From    time.Time            `json:"from"`
		To      time.Time            `json:"to"`
		Keys    float64              `json:"keys"`
		Error   redis.Maybe[float64] `json:"keys_error,omitzero"`
		Pattern string               `json:"pattern,omitempty"` // that most of them have
	}
)

func (r *lifeResult) object(f sampleFacts) any {
	never := f.Count(r.Never.Keys)
	o := struct {
		Never      float64              `json:"never_expire"`
		NeverError redis.Maybe[float64] `json:"never_expire_error,omitzero"`
		Horizons   []lifeHorizon        `json:"expire"`
		Patterns   []lifeNever          `json:"never_expire_patterns"`
		Together   []lifeTogether       `json:"expire_together"`
	}{Never: never.Value, NeverError: errorOf(never), Patterns: []lifeNever{}, Together: []lifeTogether{}}
	for _, h := range r.Horizons {
		n := f.Count(h.Keys.Keys)
		row := lifeHorizon{Keys: n.Value, Error: errorOf(n)}
		if h.Within > 0 {
			row.Within = redis.Some(h.Within.Seconds())
		}
		o.Horizons = append(o.Horizons, row)
	}
	for _, p := range r.Neverending(r.top) {
		n, m := f.Sum(p.Never), f.Sum(p.Memory)
		o.Patterns = append(o.Patterns, lifeNever{p.Pattern, n.Value, errorOf(n), m.Value, errorOf(m), p.Never.Sum / p.Keys.Sum})
	}
	for _, t := range r.Stampedes(r.top) {
		n := f.Count(t.Keys)
		o.Together = append(o.Together, lifeTogether{t.From.UTC(), t.To.UTC(), n.Value, errorOf(n), t.Pattern})
	}
	return o
}
