package main

import (
	"fmt"
	"strconv"
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
		Long: `Show when keys expire: how many within a minute, an hour and so on; which kinds
of key never do, with their memory; and which expire together, so that all who
need them come at once (a stampede). Seconds are told apart within a day,
minutes within two months, hours beyond.`,
		Example: `  redistop keys ttl cache.local
  redistop keys ttl --all --match 'cache:*'`,
		Annotations:       map[string]string{"exit": exitCodes},
		Args:              usageArgs(onlyAddress),
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
	t := newStudyTable(f)
	t.WriteString("\n")
	t.row("expire", t.keysHead(), "share")
	row := func(of keys.Tally, name string) {
		t.row(name, t.keys(f.Count(of.Keys)), cell(5, shareText(of.Sum, r.Keys.Sum)))
	}
	row(r.Never, "never")
	before := ""
	for _, h := range r.Horizons {
		name := "within " + horizonText(h.Within)
		if h.Within == 0 {
			name = "later than " + before
		}
		if h.Keys.Keys > 0 || f.Complete { // that a sample has none says little
			row(h.Keys, name)
		}
		before = horizonText(h.Within)
	}
	r.neverending(t, f)
	r.stampedes(t, f)
	return t.String()
}

func (r *lifeResult) neverending(t *studyTable, f sampleFacts) {
	list := r.Neverending(r.top)
	if len(list) == 0 {
		return
	}
	t.WriteString("\nnever expire\n")
	t.row("keys like", t.keysHead(), t.bytesHead(), "of its kind")
	for _, p := range list {
		t.row(redis.Argument(p.Pattern), t.keys(f.Sum(p.Never)), t.bytes(p.Memory), cell(11, shareText(p.Never.Sum, p.Keys.Sum)))
	}
}

func (r *lifeResult) stampedes(t *studyTable, f sampleFacts) {
	list := r.Stampedes(r.top)
	if len(list) == 0 {
		t.WriteString("\nno keys expire together\n")
		return
	}
	t.WriteString("\nexpire together\n")
	t.row("most of them like", t.keysHead(), "within", fmt.Sprintf(" %-30s", "at"))
	for _, s := range list {
		when := s.From.Format(time.DateTime) + " (in " + ttlText(max(0, time.Until(s.From)).Round(time.Second)) + ")"
		t.row(orNone(s.Pattern), t.keys(f.Count(s.Keys)), cell(6, ttlText(s.To.Sub(s.From))), fmt.Sprintf(" %-30s", when))
	}
}

func orNone(pattern string) string {
	if pattern == "" {
		return "(several kinds)"
	}
	return redis.Argument(pattern)
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
		Memory      redis.Maybe[float64] `json:"memory_bytes,omitzero"`
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
		n := f.Sum(p.Never)
		memory, margin := f.memory(p.Memory)
		o.Patterns = append(o.Patterns, lifeNever{redis.Printable(p.Pattern), n.Value, errorOf(n), memory, margin, p.Never.Sum / p.Keys.Sum})
	}
	for _, t := range r.Stampedes(r.top) {
		n := f.Count(t.Keys)
		o.Together = append(o.Together, lifeTogether{t.From.UTC(), t.To.UTC(), n.Value, errorOf(n), redis.Printable(t.Pattern)})
	}
	return o
}
