package report

import (
	"cmp"
	"slices"
	"time"

	"redistop/internal/doctor"
	"redistop/internal/stats"
)

// A Report is what an observation came to. Its JSON is a contract: names may be added, never renamed.
type Report struct {
	Redistop      string         `json:"redistop"` // the version that observed
	Server        stats.Server   `json:"server"`
	Started       time.Time      `json:"started"`        // the first Snapshot with facts
	Ended         time.Time      `json:"ended"`          // the last of all
	WindowSeconds float64        `json:"window_seconds"` // from the one to the other
	AskedSeconds  float64        `json:"asked_seconds"`  // for how long the user wished it
	Looks         int            `json:"looks"`          // answers of the server that were looked at
	Outcome       Outcome        `json:"outcome"`
	Link          stats.Link     `json:"link"`    // at the end
	Trouble       []Trouble      `json:"trouble"` // times in between in which the server did not answer
	Worst         stats.Severity `json:"worst"`   // None: no finding
	Counts        Counts         `json:"counts"`

	Findings []stats.Finding `json:"findings"` // most severe first
	Looked   Looked          `json:"looked_at"`
	Missing  []stats.Missing `json:"missing"` // what could not be looked at
	Observer stats.Observer  `json:"observer"`
}

// None is the worst of no findings.
const None stats.Severity = "none"

// Counts is how many findings there are of each severity.
type Counts struct {
	Critical int `json:"critical"`
	Warning  int `json:"warning"`
	Info     int `json:"info"`
}

// Looked is how much was looked at.
type Looked struct {
	Rules       int                  `json:"rules"`
	Groups      []string             `json:"groups"`        // of those rules
	Off         []string             `json:"off,omitempty"` // rules that the user switched off
	Commands    stats.Maybe[int64]   `json:"commands,omitzero"`
	Connections stats.Maybe[int64]   `json:"connections,omitzero"`
	Keys        int64                `json:"keys"`
	SlowEntries int                  `json:"slow_entries"`
	Sampled     int64                `json:"sampled_commands"`
	Unsampled   string               `json:"not_sampled,omitempty"` // why no command was seen in the stream
	Cost        stats.Maybe[float64] `json:"cost_share,omitzero"`   // of the server's main thread, by its own count
}

// Trouble is a time in which the server did not answer as it should.
type Trouble struct {
	State   stats.LinkState `json:"state"`
	From    time.Time       `json:"from"`
	Seconds float64         `json:"seconds"`
	Message string          `json:"message,omitempty"`
	Lasting bool            `json:"lasting,omitempty"` // it was still so at the end
}

// Outcome is how an observation ended.
type Outcome string

// The outcomes. Those of a server in trouble have the name of its link's state.
const (
	Observed    Outcome = "observed"    // the whole time
	Interrupted Outcome = "interrupted" // by a signal: it tells what was seen until then
)

// Asked is what an observation set out to do; a saved one begins with it.
type Asked struct {
	Redistop string   `json:"redistop"`
	Seconds  float64  `json:"asked_seconds"`
	Rules    int      `json:"rules"`
	Groups   []string `json:"groups"`
	Off      []string `json:"off,omitempty"`
	Sampling bool     `json:"sampling"`
}

// Plan is the Asked of these options.
func Plan(version string, length time.Duration, o doctor.Options, sampling bool) Asked {
	a := Asked{Redistop: version, Seconds: length.Seconds(), Groups: []string{}, Sampling: sampling}
	rules := o.Rules
	if rules == nil {
		rules = doctor.Rules()
	}
	for _, r := range rules {
		if o.Off[r.ID] {
			a.Off = append(a.Off, r.ID)
			continue
		}
		a.Rules++
		if !slices.Contains(a.Groups, r.Group) {
			a.Groups = append(a.Groups, r.Group)
		}
	}
	return a
}

// mostTrouble bounds what is kept of a server that comes and goes.
const mostTrouble = 500

// sameTrouble is how far the beginnings of one and the same time without an answer may lie apart: each look
// reckons it anew from how long it has waited. Two stalls begin further apart, since the first lasts a second.
const sameTrouble = time.Second

// A Gatherer makes a Report of Snapshots. The zero Gatherer is not ready; see Gather.
type Gatherer struct {
	asked    Asked
	findings map[key]stats.Finding
	order    map[key]int // place in the latest Snapshot that has it
	first    *stats.Snapshot
	known    *stats.Snapshot // the latest with facts
	last     *stats.Snapshot
	looks    int
	slow     map[slowKey]bool
	sampled  int64
	missing  []stats.Missing
	trouble  []Trouble
}

type key struct{ rule, subject string }

type slowKey struct {
	kind stats.SlowKind
	id   int64
}

// Gather begins a Report.
func Gather(a Asked) *Gatherer {
	return &Gatherer{asked: a, findings: map[key]stats.Finding{}, order: map[key]int{}, slow: map[slowKey]bool{}}
}

// mostSlow bounds the entries that are told apart.
const mostSlow = 100_000

// Add takes the next Snapshot.
func (g *Gatherer) Add(s *stats.Snapshot) {
	g.last = s
	g.follow(s)
	for i, f := range s.Findings {
		k := key{f.Rule, f.Subject}
		g.findings[k], g.order[k] = f, i
	}
	for _, m := range s.Missing {
		same := func(o stats.Missing) bool { return o.Part == m.Part && o.Command == m.Command }
		if !slices.ContainsFunc(g.missing, same) && len(g.missing) < 100 {
			g.missing = append(g.missing, m)
		}
	}
	if s.Stale || s.Link.State != stats.Up && s.Link.State != stats.Loading {
		return
	}
	g.looks++
	g.known = s
	if g.first == nil {
		g.first = s
	}
	for _, r := range s.Slowlog {
		if len(g.slow) < mostSlow && !r.Time.Before(g.first.Time.Add(-doctor.Recent)) {
			g.slow[slowKey{r.Kind, r.ID}] = true
		}
	}
	g.sampled += s.Observer.SampledCommands
}

// follow notes when the server does not answer, and for how long.
func (g *Gatherer) follow(s *stats.Snapshot) {
	l := s.Link
	if l.State == stats.Up || l.State == stats.Connecting && g.known == nil {
		return
	}
	if n := len(g.trouble); n > 0 && g.trouble[n-1].State == l.State && l.Since.Sub(g.trouble[n-1].From).Abs() < sameTrouble {
		g.trouble[n-1].Seconds = s.Time.Sub(g.trouble[n-1].From).Seconds()
		g.trouble[n-1].Message = cmp.Or(l.Message, g.trouble[n-1].Message)
		return
	}
	if len(g.trouble) < mostTrouble {
		g.trouble = append(g.trouble, Trouble{State: l.State, From: l.Since, Seconds: max(0, s.Time.Sub(l.Since).Seconds()), Message: l.Message})
	}
}

// Seen says whether any answer of the server was looked at.
func (g *Gatherer) Seen() bool { return g.looks > 0 }

// Findings is what is known so far, most severe first, those that are gone behind the others of their
// severity.
func (g *Gatherer) Findings() []stats.Finding {
	list := make([]stats.Finding, 0, len(g.findings))
	for _, f := range g.findings {
		list = append(list, f)
	}
	at := func(f *stats.Finding) int { return g.order[key{f.Rule, f.Subject}] }
	slices.SortFunc(list, func(a, b stats.Finding) int {
		return cmp.Or(
			cmp.Compare(b.Severity.Rank(), a.Severity.Rank()),
			cmp.Compare(goneRank(&a), goneRank(&b)),
			cmp.Compare(at(&a), at(&b)),
			cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.Subject, b.Subject))
	})
	return list
}

func goneRank(f *stats.Finding) int {
	if f.Resolved != nil {
		return 1
	}
	return 0
}

// Report ends the observation. interrupted says that its time was cut short by the user.
func (g *Gatherer) Report(interrupted bool) *Report {
	r := &Report{Redistop: g.asked.Redistop, AskedSeconds: g.asked.Seconds, Looks: g.looks, Outcome: Observed,
		Findings: g.Findings(), Missing: g.missing, Trouble: g.trouble}
	if r.Missing == nil {
		r.Missing = []stats.Missing{}
	}
	if r.Trouble == nil {
		r.Trouble = []Trouble{}
	}
	r.Worst, r.Counts = tally(r.Findings)
	if g.last != nil {
		r.Link, r.Started, r.Ended, r.Server = g.last.Link, g.last.Time, g.last.Time, g.last.Server
		r.Observer = g.last.Observer
	}
	if g.first != nil {
		r.Started, r.Server, r.Observer = g.first.Time, g.known.Server, g.known.Observer
		r.WindowSeconds = r.Ended.Sub(r.Started).Seconds()
	}
	r.Looked = g.looked(r)
	if n := len(r.Trouble); n > 0 && g.last != nil && r.Trouble[n-1].State == r.Link.State {
		r.Trouble = slices.Clone(r.Trouble)
		r.Trouble[n-1].Lasting = true
	}
	if s := r.Link.State; s != stats.Up && s != "" {
		r.Outcome = Outcome(s)
	} else if interrupted {
		r.Outcome = Interrupted
	}
	return r
}

func tally(list []stats.Finding) (worst stats.Severity, c Counts) {
	worst = None
	for _, f := range list {
		if f.Severity.Rank() > worst.Rank() {
			worst = f.Severity
		}
		switch f.Severity {
		case stats.Critical:
			c.Critical++
		case stats.Warning:
			c.Warning++
		default:
			c.Info++
		}
	}
	return worst, c
}

func (g *Gatherer) looked(r *Report) Looked {
	l := Looked{Rules: g.asked.Rules, Groups: g.asked.Groups, Off: g.asked.Off, SlowEntries: len(g.slow), Sampled: g.sampled}
	if l.Groups == nil {
		l.Groups = []string{}
	}
	if g.known == nil {
		return l
	}
	s := g.known
	l.Connections = s.Connected.Clients
	for _, db := range s.Keyspace {
		l.Keys += db.Keys
	}
	before, ok := g.first.Throughput.TotalCommands.Get()
	now, ok2 := s.Throughput.TotalCommands.Get()
	if ok && ok2 && now >= before && g.first.Server.RunID == s.Server.RunID {
		own := s.Observer.TotalCommands - g.first.Observer.TotalCommands
		l.Commands = stats.Some(max(now-before-max(own, 0), 0))
	}
	if spent := s.Observer.TotalUsec - g.first.Observer.TotalUsec; spent >= 0 && r.WindowSeconds > 0 {
		l.Cost = stats.Some(float64(spent) / 1e6 / r.WindowSeconds)
	}
	if g.sampled == 0 {
		l.Unsampled = cmp.Or(s.Observer.SamplingPaused, "none passed in a window")
		if !g.asked.Sampling {
			l.Unsampled = "switched off"
		}
	}
	return l
}
