package doctor

import (
	"slices"

	"redistop/internal/stats"
)

var hostLatency = Rule{
	ID:    "host-latency",
	Title: "It is slow, and not because of what the server executes",
	Group: "Persistence and host",
	What:  "Requests take long although the server executes little: its host does not let programs run when they should, or the network between holds them up.",
	Why:   "Nothing that is changed in Redis or its clients helps. Without knowing that, people look in the wrong place.",
	How:   "PINGs from here, a thread of redistop that only counts and sees when it is not run (like redis-cli --intrinsic-latency), the time that the hypervisor gave to others, and how busy the server's main thread is. What is measured here says nothing of the server's host when that is another one. While calls take as long as the PINGs were late, they explain it: then nothing is said of the host but what was measured of it by itself.",
	Do:    "Look at the host: load, other programs, limits of the container or virtual machine; between hosts at the network.",
	Limits: []Limit{
		{"looks_share", 0.3, "of the looks had such a PING: a single hiccup is nobody's fault"},
		{"ping_usec", 20_000, "for the longest of some ten PINGs: a network inside a data centre needs under 1 ms, between zones 2 ms"},
		{"pause_usec", 20_000, "that a thread which only counts was not run: a desktop under load has pauses of some milliseconds"},
		{"grave_ping_usec", 250_000, "impatient clients give up by then; below it is for information, since nothing is wrong with the server"},
		{"load_per_core", crowdedLoad, "as many programs want to run as there are processors for, twice over"},
		{"steal_share", 0.1, "of the time given to other machines by the hypervisor"},
		{"busy_share", 0.5, "of the main thread at most, for the server not to be the cause"},
	},
	Behind: []string{
		"blocking-command", "slow-script", "dangerous-command", "big-key-delete", "huge-replies", "huge-requests", "hot-key", "saturated", "monitor-left-running",
		"connection-storm", "output-buffers", "blocked-clients", "expire-cycle", "eviction-stall", "slow-fork", "aof-fsync-delays", "swapping",
	},
	Check: checkHostLatency,
}

func checkHostLatency(w *Window) []stats.Finding {
	l := &w.Now.Latency
	slow, clean := w.slowLooks()
	if slow.share < w.Limit("looks_share") || w.Now.Persistence.Loading {
		return nil
	}
	busy, known := w.mean(Recent, mainThread)
	pause := l.BaselineUsec.Or(0)
	executes := w.longestExecuted() >= max(slow.usec, pause) || known > 0 && busy > w.Limit("busy_share") && pause < slow.usec/2
	f := stats.Finding{
		Severity: stats.Info, Confidence: stats.Likely,
		Evidence: []stats.Evidence{w.evidence("longest PING of each look", usec(slow.usec)+" or about that in "+percent(slow.share)+" of the looks", "PING")},
		Impact:   "Requests are late by up to " + usec(slow.usec) + " whatever they ask.",
	}
	steal, _ := w.mean(Recent, func(s *stats.Snapshot) stats.Maybe[float64] { return s.Host.StealShare })
	if executes {
		return w.hostAlso(&f, pause, steal)
	}
	if slow.usec >= w.Limit("grave_ping_usec") {
		f.Severity = stats.Warning
	}
	ran := clean.share >= w.Limit("looks_share") && clean.share >= 0.8*slow.share // we did, while the server did not
	if !l.Remote && (pause >= w.Limit("pause_usec") || w.overloaded() && !ran || w.Now.Host.Local && steal >= w.Limit("steal_share")) {
		w.hostPauses(&f, pause, steal)
		f.Evidence = append(f.Evidence, w.hostLimits(&f, pause, steal)...)
		if pause < slow.usec/2 {
			f.Confidence = stats.Likely // it fits, but nothing that was measured lasted that long
		}
		return []stats.Finding{f}
	}
	if clean.share < w.Limit("looks_share") || known == 0 || busy > w.Limit("busy_share") {
		return nil // we may be slow ourselves, or the server has much to do
	}
	w.notTheServer(&f, clean.usec, busy)
	f.Evidence = append(f.Evidence, w.hostLimits(&f, 0, 0)...)
	return []stats.Finding{f}
}

// hostLimits names the limits that a finding of late PINGs is over.
func (w *Window) hostLimits(f *stats.Finding, pause, steal float64) []stats.Evidence {
	names := []string{"looks_share", "ping_usec"}
	for name, value := range map[string]float64{"pause_usec": pause, "steal_share": steal, "load_per_core": w.loadPerCore()} {
		if value >= w.Limit(name) {
			names = append(names, name)
		}
	}
	if f.Severity == stats.Warning && steal < w.Limit("steal_share") {
		names = append(names, "grave_ping_usec")
	}
	slices.Sort(names[2:])
	return w.over(names...)
}

// longestExecuted is the longest call of the recent window in microseconds, without those that take no time
// by themselves: they are long where something else stopped the server.
func (w *Window) longestExecuted() (longest float64) {
	for _, k := range w.Works() {
		if k.Calls > 0 && !quickByNature(k.Name, w.Slowest(k.Name)) {
			longest = max(longest, k.UsecPerCall, k.MaxUsec.Or(0))
		}
	}
	return longest
}

// hostAlso is what is left to say of the host where the server's own work explains that PINGs are late: what
// was measured of the host alone.
func (w *Window) hostAlso(f *stats.Finding, pause, steal float64) []stats.Finding {
	stolen := w.Now.Host.Local && steal >= w.Limit("steal_share")
	if w.Now.Latency.Remote || pause < w.Limit("pause_usec") && !stolen {
		return nil
	}
	w.hostPauses(f, pause, steal)
	f.Severity, f.Confidence = stats.Info, stats.Likely
	f.Title = "This host also stops programs for up to " + usec(pause) + ", beside what the server itself executes"
	if stolen {
		f.Title = "The hypervisor also gives " + percent(steal) + " of this host's time to others, beside what the server itself executes"
	}
	f.Evidence = append(f.Evidence, w.hostLimits(f, pause, steal)...)
	f.Impact = "Some of the delays may be the host's. Those of the longest PINGs are explained by what the server executes: look at that first."
	return []stats.Finding{*f}
}

// lateLooks are Snapshots in which a PING was late.
type lateLooks struct {
	share float64 // of the Snapshots of the recent window
	usec  float64 // the median of how late
}

// slowLooks are those of the recent window in which a PING was late, and among them those in which it was
// not us who did not run. What distance costs is not counted.
func (w *Window) slowLooks() (slow, clean lateLooks) {
	const fewest = 4
	var late, lateClean []float64
	looks := 0
	for i := range len(w.Past) + 1 {
		s := w.Now
		if i < len(w.Past) {
			s = w.Past[i]
		}
		ping, known := s.Latency.MaxUsec.Get()
		if !known || w.Now.Time.Sub(s.Time) > Recent {
			continue
		}
		looks++
		if s.Latency.Remote {
			ping -= s.Latency.P50Usec.Or(0)
		}
		if ping < w.Limit("ping_usec") {
			continue
		}
		late = append(late, ping)
		if s.Latency.HereMaxUsec.Or(0) < ping/2 {
			lateClean = append(lateClean, ping)
		}
	}
	if looks < fewest {
		return slow, clean
	}
	return newLateLooks(late, looks), newLateLooks(lateClean, looks)
}

func newLateLooks(late []float64, looks int) lateLooks {
	if len(late) == 0 {
		return lateLooks{}
	}
	slices.Sort(late)
	return lateLooks{share: float64(len(late)) / float64(looks), usec: late[len(late)/2]}
}

// hostPauses tells of a host that does not run its programs.
func (w *Window) hostPauses(f *stats.Finding, pause, steal float64) {
	f.Confidence = stats.Certain
	f.Title = "This host stops programs for up to " + usec(pause) + ": the delays are not the server's"
	if pause > 0 {
		f.Evidence = append(f.Evidence, moment("longest pause of a thread that only counts", usec(pause), "measured on this host"))
	}
	if steal > 0 {
		f.Evidence = append(f.Evidence, w.evidence("time given to other machines (steal)", percent(steal), "/proc/stat of the host"))
	}
	if load, ok := w.Now.Host.Load.Get(); ok {
		f.Evidence = append(f.Evidence, moment("load", about(load)+" on "+plural(int64(w.Now.Host.Cores.Or(0)), "core"), "/proc/loadavg of the host"))
	}
	f.Remedy = []string{
		"look at what else runs on this host (top, load), and at processor limits of the container",
		"on a virtual machine: a larger or a dedicated one",
	}
	switch {
	case steal >= w.Limit("steal_share"):
		f.Severity = stats.Warning
		f.Title = "The hypervisor gives " + percent(steal) + " of this host's time to others: the delays are not the server's"
	case w.overloaded():
		f.Title = "This host has more to do than its processors can (load " + about(w.Now.Host.Load.Or(0)) + "): the delays are not the server's"
	}
}

// overloaded says that far more programs want to run on the server's host than there are processors.
func (w *Window) overloaded() bool { return w.loadPerCore() >= w.Limit("load_per_core") }

// crowded is overloaded for rules that have no limit for it.
func (w *Window) crowded() bool { return w.loadPerCore() >= crowdedLoad }

const crowdedLoad = 2 // programs that want to run, for each processor

// loadPerCore is how many programs want to run on the server's host for each processor; 0 where it is another.
func (w *Window) loadPerCore() float64 {
	load, known := w.Now.Host.Load.Get()
	cores, known2 := w.Now.Host.Cores.Get()
	if !w.Now.Host.Local || !known || !known2 || cores <= 0 {
		return 0
	}
	return load / float64(cores)
}

// notTheServer tells of delays that neither the server's commands nor this host explain.
func (w *Window) notTheServer(f *stats.Finding, ping, busy float64) {
	f.Confidence = stats.Possible
	f.Evidence = append(f.Evidence, w.evidence("the server's main thread", percent(busy)+" busy", "INFO cpu"))
	if w.Now.Latency.Remote {
		f.Title = "PINGs are late by up to " + usec(ping) + " though the server is " + percent(1-busy) + " idle: look at the network"
		f.Remedy = []string{
			"compare with ping or mtr between the two hosts, and with redistop doctor on the server's host",
			"look for retransmissions (ss -ti, netstat -s), a full link, a proxy or a limit between",
		}
		f.Unknown = []string{"whether it is the network or the server's host: run redistop doctor there"}
		return
	}
	f.Title = "PINGs are late by up to " + usec(ping) + " though the server is " + percent(1-busy) + " idle: its process is not run"
	f.Evidence = append(f.Evidence, w.evidence("longest pause of redistop itself", "less than half of that", "measured on this host"))
	if load, ok := w.Now.Host.Load.Get(); ok {
		f.Evidence = append(f.Evidence, moment("load", about(load)+" on "+plural(int64(w.Now.Host.Cores.Or(0)), "core"), "/proc/loadavg of the host"))
	}
	f.Remedy = []string{
		"look whether the process is throttled or stopped: cpu.stat of its cgroup (nr_throttled), processor limits of the container, its state in top",
		"look in its log for saves, and at the disk: iostat -x 1",
	}
	f.Unknown = []string{"what stops it: no command, fork, disk or expiry cycle that the server tells of"}
}
