package stats

import (
	"slices"
	"strings"

	"redistop/internal/redis"
	"redistop/internal/sketch"
)

// Identities are those of the last pass over the connections, for the Tally; nil before the first.
func (a *Aggregate) Identities() *Identities { return a.identities }

// foldSamples shows what the windows tell of clients and keys.
func (a *Aggregate) foldSamples(r Reading, iv interval, growths map[string]growth, s *Snapshot) {
	if r.Clients != nil {
		own := r.OwnIDs
		if a.showOwn {
			own = nil
		}
		a.identities = NewIdentities(r.Clients.Clients, own)
	}
	a.keepSamples(r, iv, growths)
	a.horizon.expire(r.Time)
	if len(a.horizon.batches) == 0 {
		return
	}
	h := a.horizon
	f := newFigures(&h)
	if f.sampled.Commands == 0 {
		s.Sampled = f.sampled
		return
	}
	f.show(s)
}

// keepSamples takes the windows of a Reading.
func (a *Aggregate) keepSamples(r Reading, iv interval, growths map[string]growth) {
	if r.Samples == nil || r.Samples.Windows() == 0 {
		return
	}
	b := newBatch(r.Samples, r.Sampling)
	if growths != nil {
		b.visible, b.elapsed = Some(a.visible(iv, growths)), iv.elapsed
	}
	a.horizon.add(b)
}

// hiddenContainers are those that servers before 7.0, which know no flags of subcommands, flag ADMIN.
var hiddenContainers = [...]string{"acl", "client", "cluster", "config", "latency", "module", "slowlog"}

// visible counts the calls that MONITOR shows: no ADMIN commands, and before 7.0 no AUTH and HELLO.
func (a *Aggregate) visible(iv interval, growths map[string]growth) int64 {
	version, _ := iv.after.Text("redis_version")
	old := len(version) > 1 && version[1] == '.' && version[0] < '7'
	var all int64
	for name, g := range growths {
		command, sub, _ := strings.Cut(name, "|")
		info, _ := redis.LookupSubcommand([]byte(command), []byte(sub))
		hidden := info != nil && info.Flags&redis.FlagAdmin != 0
		if old && (name == "auth" || name == "hello" || slices.Contains(hiddenContainers[:], name)) {
			hidden = true
		}
		if !hidden {
			all = sketch.Add(all, a.shown(g))
		}
	}
	return all
}

// show fills a Snapshot.
func (f *figures) show(s *Snapshot) {
	samples := f.samples()
	s.Keys = f.keyRows(samples)
	s.HotKeys = f.hotKeys()
	s.allSamples = f.sampleRows(samples)
	s.Samples = s.allSamples[:min(len(s.allSamples), mostSampleRows):min(len(s.allSamples), mostSampleRows)]
	f.fillGroups(s, samples)
	s.published, s.pushed = f.publishedTo(), f.pushedTo()
	s.Sampled = f.sampled
}

// sampling tells how the command stream is seen.
func (o *Observer) sampling(r Reading, dropped int64) {
	how := r.Sampling
	if o.Mode = string(how.Mode); o.Mode == "" {
		o.Mode = string(ModePoll)
	}
	o.MonitorDuty = Maybe[float64]{}
	if how.Mode == ModeSample || how.Mode == ModeMonitor {
		o.MonitorDuty = maybe(sketch.Finite(how.Duty))
	}
	o.Windows, o.SampledCommands = 0, 0
	if r.Samples != nil {
		o.Windows, o.SampledCommands = r.Samples.Windows(), r.Samples.Commands()
	}
	o.Dropped = dropped
	o.SamplingPaused = how.Paused
	o.MonitorUntil = nil
	if !how.Until.IsZero() {
		until := how.Until.Round(0)
		o.MonitorUntil = &until
	}
	o.MonitorStopped, o.MonitorStoppedAt = how.Stopped, nil
	if !how.StoppedAt.IsZero() {
		at := how.StoppedAt.Round(0)
		o.MonitorStoppedAt = &at
	}
	o.Price = nil
	if how.Price.known() {
		o.Price = &how.Price
	}
}
