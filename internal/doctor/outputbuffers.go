package doctor

import (
	"math"
	"strings"

	"redistop/internal/stats"
)

var outputBuffers = Rule{
	ID:    "output-buffers",
	Title: "Replies wait for clients that do not read them",
	Group: "Connections",
	What:  "A client asks or is sent more than it reads: a slow subscriber, a stuck reader, a MONITOR. What it has not read waits in the server's memory.",
	Why:   "The buffer takes memory from the data: it causes evictions or OOM errors, and without a limit it can end the server. With a limit the client is cut off, and a subscriber loses messages.",
	How:   "CLIENT LIST (omem) several times: a buffer counts when it does not shrink for some seconds. Where a server does not count what subscribers share (Valkey 9), a subscriber counts to which nothing could be sent for that long (tot-net-out) while others publish. What waits in the sockets of both hosts cannot be seen. Replicas are the matter of replica-lag.",
	Do:    "Make the reader faster, send it less, or split its work; put a limit on the class of clients (client-output-buffer-limit); close the stuck connection with CLIENT KILL ID.",
	Limits: []Limit{
		{"bytes", 4 << 20, "half of what a subscriber may hold for a minute by default; a reply of this size is rare"},
		{"held_seconds", 3, "without shrinking: a client that reads takes a large reply within a second or two"},
		{"grave_share", 0.2, "of maxmemory, or of the host's memory: that much room is missing for data"},
		{"grave_seconds", 300, "until memory is full at the present speed: hardly time to act"},
	},
	Behind: []string{"monitor-left-running"},
	Check:  checkOutputBuffers,
}

// A waiting is what waits for the connections of one class.
type waiting struct {
	class string
	list  []*stats.ConnectionRow
	total int64
	speed float64
	cut   float64 // seconds until the first of them is cut off at this speed

	least bool    // total is the least that waits: what subscribers share is not counted
	grown float64 // bytes, of the server's memory meanwhile; where least
}

func checkOutputBuffers(w *Window) []stats.Finding {
	if len(w.held) == 0 {
		return nil
	}
	var classes []*waiting
	for i := range w.Now.Connections {
		c := &w.Now.Connections[i]
		h, ok := w.held[c.ID]
		if !ok || c.Own || hasFlag(c, "MS") || h.seconds() < w.Limit("held_seconds") {
			continue
		}
		least := float64(h.lastBytes) < w.Limit("bytes")
		if least && !(h.deaf && w.published()) {
			continue
		}
		class := outputClass(c)
		limit, _ := w.outputLimit(class.limited())
		k := waitingOf(&classes, string(class))
		k.add(c, h, untilCut(limit, h))
		if least {
			k.least = true
			k.grown = max(k.grown, float64(w.Now.Memory.Used.Or(0)-h.sinceUsed))
		}
	}
	var found []stats.Finding
	for _, k := range classes {
		found = append(found, w.waitingFinding(k))
	}
	return found
}

// published says that somebody publishes.
func (w *Window) published() bool { return w.Work("publish").Calls+w.Work("spublish").Calls > 0 }

// waitingOf is the waiting of a class, a new one where there is none yet.
func waitingOf(classes *[]*waiting, class string) *waiting {
	for _, k := range *classes {
		if k.class == class {
			return k
		}
	}
	k := &waiting{class: class, cut: math.Inf(1)}
	*classes = append(*classes, k)
	return k
}

func (k *waiting) add(c *stats.ConnectionRow, h heldBuffer, cut float64) {
	k.list = append(k.list, c)
	k.total += h.lastBytes
	k.speed += h.speed()
	k.cut = min(k.cut, cut)
}

// clientClass is what a connection is for.
type clientClass string

func outputClass(c *stats.ConnectionRow) clientClass {
	switch {
	case strings.Contains(c.Flags, "O"):
		return "monitor"
	case strings.Contains(c.Flags, "S"):
		return "replica"
	case c.Subscriptions > 0 || strings.Contains(c.Flags, "P"):
		return "pubsub"
	}
	return "normal"
}

// limited is the class of client-output-buffer-limit. A MONITOR counts as normal.
func (c clientClass) limited() string {
	if c == "monitor" {
		return "normal"
	}
	return string(c)
}

// untilCut is when the server cuts a client off, in seconds; infinite where nothing will.
func untilCut(l outputLimit, h heldBuffer) float64 {
	cut := math.Inf(1)
	reach := func(limit int64) float64 {
		switch left := float64(limit - h.lastBytes); {
		case left <= 0:
			return 0
		case h.speed() > 0:
			return left / h.speed()
		}
		return math.Inf(1)
	}
	if l.hard > 0 {
		cut = reach(l.hard)
	}
	if l.soft > 0 {
		cut = min(cut, reach(l.soft)+float64(l.softSeconds))
	}
	return cut
}

func (w *Window) waitingFinding(k *waiting) stats.Finding {
	amount := func(c *stats.ConnectionRow) float64 { return float64(c.OutputBufferBytes) }
	f := stats.Finding{
		Subject: k.class, Weight: float64(k.total), Severity: stats.Warning, Confidence: stats.Certain,
		Title: bytes(float64(k.total)) + " wait for " + plural(int64(len(k.list)), classNames[k.class][0], classNames[k.class][1]) + " that " +
			pick(len(k.list) == 1, "does", "do") + " not read fast enough",
		Evidence: []stats.Evidence{w.evidence("output buffers (omem)", bytes(float64(k.total))+" in "+plural(int64(len(k.list)), "connection"), "CLIENT LIST")},
		Culprits: whoHas(k.list, amount),
		Impact:   "The memory that these replies take is missing for data.",
		Remedy:   waitingRemedies(k),
	}
	if k.speed > 0 {
		f.Title += ", " + bytes(k.speed) + " a second more"
		f.Evidence = append(f.Evidence, w.evidence("growth", bytes(k.speed)+" a second", "CLIENT LIST"))
	}
	switch _, known := w.outputLimit(clientClass(k.class).limited()); {
	case !known:
		f.Unknown = append(f.Unknown, "when the server will cut off these clients: CONFIG GET client-output-buffer-limit may not be asked")
	case k.cut < 3600:
		f.Impact += " The server cuts off the first of them in about " + seconds(k.cut) + " (client-output-buffer-limit)."
	case math.IsInf(k.cut, 1):
		f.Impact += " No limit ends it at present (client-output-buffer-limit)."
	}
	if k.least {
		w.tellLeast(&f, k)
	}
	room, of := w.memoryRoom()
	if of > 0 && (float64(k.total) >= w.Limit("grave_share")*of || k.speed > 0 && room/k.speed < min(k.cut, w.Limit("grave_seconds"))) {
		f.Severity = stats.Critical
		f.Evidence = append(f.Evidence, moment("room for more", bytes(room)+" of "+bytes(of), "INFO memory"))
	}
	return f
}

// tellLeast changes a finding of which only the least is known. The server's memory tells how grave it is, and
// may have grown by something else.
func (w *Window) tellLeast(f *stats.Finding, k *waiting) {
	f.Title, f.Confidence = "At least "+f.Title, stats.Likely
	f.Evidence = append(f.Evidence,
		w.evidence("sent to them meanwhile", "nothing", "CLIENT LIST (tot-net-out)"),
		w.evidence("the server's memory meanwhile", bytes(max(0, k.grown))+" more", "INFO memory"))
	f.Unknown = append(f.Unknown, "how much waits: subscribers share a published message, and this server (Valkey 9) does not count it in omem")
	if k.grown < w.Limit("bytes") {
		f.Severity = stats.Info
	}
}

// memoryRoom is what the server can still take before maxmemory, or else the host's memory, is full. of is
// 0 where neither is known.
func (w *Window) memoryRoom() (room, of float64) {
	m := &w.Now.Memory
	used, known := m.Used.Get()
	if limit, ok := m.Max.Get(); ok && known {
		return max(0, float64(limit-used)), float64(limit)
	}
	resident, known := m.RSS.Get()
	if system, ok := m.System.Get(); ok && known && system > 0 {
		return max(0, float64(system-resident)), float64(system)
	}
	return 0, 0
}

var classNames = map[string][2]string{
	"monitor": {"MONITOR", "MONITORs"},
	"pubsub":  {"subscriber", "subscribers"},
	"normal":  {"client", "clients"},
}

func waitingRemedies(k *waiting) []string {
	worst := k.list[0]
	for _, c := range k.list {
		if c.OutputBufferBytes > worst.OutputBufferBytes {
			worst = c
		}
	}
	end := "to end the worst at once: CLIENT KILL ID " + plain(worst.ID)
	switch k.class {
	case "monitor":
		return []string{"end the MONITOR: CLIENT KILL ID " + plain(worst.ID) + " (redistop watches in short windows instead)"}
	case "pubsub":
		return []string{
			"let the subscriber take messages off the socket at once and work on them elsewhere, or share the channels among several subscribers; where no message may be lost, use a stream",
			end,
		}
	}
	return []string{
		"look at the client: a thread that does not read, a debugger, or requests sent without reading the replies; ask for less at once (SCAN family, LIMIT, smaller pipelines)",
		end,
		"put a limit on ordinary clients, which have none by default: CONFIG SET client-output-buffer-limit \"normal 256mb 64mb 60\"",
	}
}

func pick(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}
