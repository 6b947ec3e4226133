package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// usageResult is what a server is used for.
type usageResult struct {
	snap     *stats.Snapshot
	usage    *stats.Usage
	findings []stats.Finding // about how it is used
	complete bool            // every key was looked at
	cost     scanCost
}

func (r *usageResult) print(asJSON bool) error {
	if !asJSON {
		return writeOut([]byte(r.text()))
	}
	object, err := json.Marshal(struct {
		Server   stats.Server    `json:"server"`
		Complete bool            `json:"complete"` // every key was looked at
		Usage    *stats.Usage    `json:"usage"`
		Findings []stats.Finding `json:"findings"`
		scanCost
	}{r.snap.Server, r.complete, r.usage, append([]stats.Finding{}, r.findings...), r.cost})
	if err != nil {
		return fmt.Errorf("encode result: %w", err)
	}
	return writeOut(append(escapeControls(object), '\n'))
}

func (r *usageResult) text() string {
	t := newTextWriter(os.Stdout)
	s := &r.snap.Server
	words := strings.Join(s.Usage, " · ")
	if words == "" {
		words = "nothing that can be told"
	}
	t.line("%s %s at %s: %s", redis.PrintableCut(s.Flavor, 20), redis.PrintableCut(s.Version, 20), redis.PrintableCut(s.Addr, 100), words)
	t.line("%s", r.lookedAt())
	r.table(t)
	r.reasons(t)
	t.list("not used for", r.usage.NotUsed)
	t.list("not known", r.usage.Unknown)
	r.suggestions(t)
	return t.String()
}

// lookedAt says how much of the server was seen.
func (r *usageResult) lookedAt() string {
	switch u := r.usage; {
	case u.Keys == 0:
		return "it has no keys"
	case u.Sampled == 0:
		return thousands(u.Keys) + " keys, of which none were looked at"
	case r.complete:
		return fmt.Sprintf("%s keys, all looked at, in %s", thousands(u.Keys), r.cost.spent())
	default:
		return fmt.Sprintf("%s keys, of which a random sample of %s (%s) was looked at, in %s", thousands(u.Keys), thousands(u.Sampled), percentOf(float64(u.Sampled), float64(u.Keys)), r.cost.spent())
	}
}

// table has a line for each use.
func (r *usageResult) table(t *textWriter) {
	if len(r.usage.Uses) == 0 {
		return
	}
	t.line("")
	t.line("  keys  commands  no expiry  sure      use")
	for i := range r.usage.Uses {
		u := &r.usage.Uses[i]
		line := fmt.Sprintf("%s  %s  %s  %-8s  ", cell(6, maybeShare(u.KeyShare)), cell(8, maybeShare(u.CallShare)), cell(9, maybeShare(u.NoExpiry)), string(u.Confidence))
		t.whole(line, useText(u))
	}
}

// useText is a use with the names of what it is about.
func useText(u *stats.Use) string {
	if len(u.Names) == 0 {
		return u.Title
	}
	names := make([]string, len(u.Names))
	for i, name := range u.Names {
		names[i] = redis.PrintableCut(redis.Argument(name), 60)
	}
	what, _, _ := strings.Cut(u.Title, ": ") // how many there are shows
	text := what + ": " + strings.Join(names, ", ")
	if u.NamesMore > 0 {
		text += fmt.Sprintf(" and %d more", u.NamesMore)
	}
	return text
}

// maybeShare is a share in a column; what is not known is never 0.
func maybeShare(share stats.Maybe[float64]) string {
	v, ok := share.Get()
	switch {
	case !ok:
		return "n/a"
	case v > 0 && v < 0.005:
		return "<1 %"
	}
	return shareText(v, 1)
}

// reasons say how each use is known.
func (r *usageResult) reasons(t *textWriter) {
	if len(r.usage.Uses) == 0 {
		return
	}
	t.line("")
	t.line("how we know (of keys by %s)", keySource)
	for i := range r.usage.Uses {
		u := &r.usage.Uses[i]
		t.item(2, u.Title)
		for _, e := range u.Evidence {
			source := " (" + e.Source + ")"
			if e.Source == keySource {
				source = ""
			}
			t.item(4, e.What+": "+e.Value+source)
		}
		if len(u.Clients) > 0 {
			names := make([]string, len(u.Clients))
			for i, name := range u.Clients {
				names[i] = redis.PrintableCut(redis.Argument(name), 40)
			}
			t.item(4, "clients: "+strings.Join(names, ", ")+" (CLIENT LIST)")
		}
	}
}

// keySource is what tells of keys.
const keySource = "SCAN, TYPE, PTTL"

// suggestions are findings about how the server is used.
func (r *usageResult) suggestions(t *textWriter) {
	if len(r.findings) == 0 {
		return
	}
	t.line("")
	t.line("worth a look")
	for i := range r.findings {
		f := &r.findings[i]
		t.item(2, f.Title)
		for _, remedy := range f.Remedy {
			t.item(4, remedy)
		}
	}
}
