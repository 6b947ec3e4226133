package doctor

import (
	"cmp"
	"slices"
	"time"

	"redistop/internal/stats"
)

// Options say what a Doctor leaves out and where its limits differ from the defaults.
type Options struct {
	Rules  []Rule                        // nil: Rules()
	Off    map[string]bool               // rule IDs that are not asked
	Limits map[string]map[string]float64 // by rule ID and limit name
}

// A Doctor follows one server. Give it every Snapshot in its order. One goroutine owns it.
type Doctor struct {
	rules  []Rule
	limits map[string]map[string]float64
	window Window
	cases  map[caseKey]*stats.Finding // by what they are about, those that are gone too
}

// caseKey tells one finding from another over time.
type caseKey struct{ rule, subject string }

const (
	// grace is how long a finding that its rule does not see any more still stands: what comes and goes
	// from look to look would else flicker.
	grace = 20 * time.Second
	// remembered is how long a finding that is gone stays in the list, for whoever comes later.
	remembered = 5 * time.Minute
	// mostCases bounds the findings that are kept, whatever the server does.
	mostCases = 200
)

// New returns a Doctor that knows nothing yet.
func New(o Options) *Doctor {
	d := &Doctor{rules: o.Rules, limits: map[string]map[string]float64{}, cases: map[caseKey]*stats.Finding{}}
	if d.rules == nil {
		d.rules = Rules()
	}
	d.rules = slices.DeleteFunc(slices.Clone(d.rules), func(r Rule) bool { return o.Off[r.ID] })
	for _, r := range d.rules {
		values := map[string]float64{}
		for _, l := range r.Limits {
			values[l.Name] = l.Default
			if v, ok := o.Limits[r.ID][l.Name]; ok {
				values[l.Name] = v
			}
		}
		d.limits[r.ID] = values
	}
	return d
}

// Observe takes the newest Snapshot and returns what is wrong: the worst first, then what is gone. A
// stale Snapshot brings nothing new: what stood, stands.
func (d *Doctor) Observe(s *stats.Snapshot) []stats.Finding {
	if !s.Stale {
		d.window.add(s)
	}
	for _, r := range d.rules {
		if s.Stale {
			break
		}
		d.window.limits = d.limits[r.ID]
		for _, f := range r.Check(&d.window) {
			f.Rule = r.ID
			d.see(f, s.Time)
		}
	}
	if !s.Stale {
		d.settle(s.Time)
	}
	return d.list()
}

// see notes that a finding is there now.
func (d *Doctor) see(f stats.Finding, now time.Time) {
	key := caseKey{f.Rule, f.Subject}
	f.FirstSeen, f.LastSeen, f.Resolved = now, now, nil
	if was := d.cases[key]; was != nil && was.Resolved == nil {
		f.FirstSeen = was.FirstSeen
	} else if was == nil && len(d.cases) >= mostCases {
		return
	}
	d.cases[key] = &f
}

// settle ends the findings that have not been seen for a while, and forgets those long gone.
func (d *Doctor) settle(now time.Time) {
	for key, f := range d.cases {
		switch {
		case f.Resolved != nil && now.Sub(*f.Resolved) > remembered:
			delete(d.cases, key)
		case f.Resolved == nil && now.Sub(f.LastSeen) > grace:
			gone := *f // the one before is in Snapshots
			at := f.LastSeen
			gone.Resolved = &at
			d.cases[key] = &gone
		}
	}
}

// list returns the findings in the order of their weight.
func (d *Doctor) list() []stats.Finding {
	list := make([]stats.Finding, 0, len(d.cases))
	for _, f := range d.cases {
		list = append(list, *f)
	}
	d.explain(list)
	place := map[string]int{}
	for i, r := range d.rules {
		place[r.ID] = i
	}
	slices.SortFunc(list, func(a, b stats.Finding) int {
		return cmp.Or(
			compareBool(a.Resolved != nil, b.Resolved != nil),
			cmp.Compare(b.Severity.Rank(), a.Severity.Rank()),
			cmp.Compare(place[a.Rule], place[b.Rule]),
			cmp.Compare(b.Weight, a.Weight),
			cmp.Compare(a.Subject, b.Subject))
	})
	return list
}

// explain makes findings that another one explains information.
func (d *Doctor) explain(list []stats.Finding) {
	standing := map[string]int{} // the highest rank of each rule
	for _, f := range list {
		if f.Resolved == nil {
			standing[f.Rule] = max(standing[f.Rule], f.Severity.Rank()+1)
		}
	}
	behind := map[string][]string{}
	for _, r := range d.rules {
		behind[r.ID] = r.Behind
	}
	for i := range list {
		f := &list[i]
		for _, cause := range behind[f.Rule] {
			if f.Resolved == nil && standing[cause] > f.Severity.Rank() {
				f.Severity = stats.Info
				break
			}
		}
	}
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
