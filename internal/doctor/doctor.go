package doctor

import (
	"cmp"
	"slices"
	"strings"
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
// stale Snapshot brings nothing new but that it is stale: what stood, stands.
func (d *Doctor) Observe(s *stats.Snapshot) []stats.Finding {
	if s.Stale {
		d.window.Link = s.Link
	} else {
		d.window.add(s)
	}
	if d.window.Now != nil {
		for _, r := range d.rules {
			if !s.Stale || r.Always {
				d.ask(r, s.Time)
			}
		}
	}
	if !s.Stale {
		d.settle(s.Time)
	}
	return d.list()
}

// ask notes what a rule finds.
func (d *Doctor) ask(r Rule, now time.Time) {
	d.window.rule, d.window.limits, d.window.allLimits = r.ID, d.limits[r.ID], d.limits
	found := r.Check(&d.window)
	for _, f := range found {
		f.Rule = r.ID
		d.see(f, now)
	}
	for _, f := range found {
		d.replace(r.ID, f.Subject, now)
	}
}

// see notes that a finding is there now.
func (d *Doctor) see(f stats.Finding, now time.Time) {
	key := caseKey{f.Rule, f.Subject}
	f.FirstSeen, f.LastSeen, f.Resolved = now, now, nil
	if was := d.cases[key]; was != nil && was.Resolved == nil {
		f.FirstSeen = was.FirstSeen
	} else if was == nil && len(d.cases) >= mostCases && !d.forgetOne() {
		return
	}
	d.cases[key] = &f
}

// forgetOne makes room: the finding that is gone for longest goes.
func (d *Doctor) forgetOne() bool {
	var oldest *stats.Finding
	for _, f := range d.cases {
		if f.Resolved != nil && (oldest == nil || f.Resolved.Before(*oldest.Resolved)) {
			oldest = f
		}
	}
	if oldest == nil {
		return false
	}
	delete(d.cases, caseKey{oldest.Rule, oldest.Subject})
	return true
}

// replace drops a finding of the rule that is not there now and says of the same matter less or more than
// the one with that subject: "keys" was all that was known before "keys shiro:session:*".
func (d *Doctor) replace(rule, subject string, now time.Time) {
	f := d.cases[caseKey{rule, subject}]
	if f == nil {
		return
	}
	for key, old := range d.cases {
		if key.rule != rule || old.Resolved != nil || old.LastSeen.Equal(now) {
			continue
		}
		if !strings.HasPrefix(subject+" ", key.subject+" ") && !strings.HasPrefix(key.subject+" ", subject+" ") {
			continue
		}
		if old.FirstSeen.Before(f.FirstSeen) {
			longer := *f
			longer.FirstSeen = old.FirstSeen
			f = &longer
			d.cases[caseKey{rule, subject}] = f
		}
		delete(d.cases, key)
	}
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
