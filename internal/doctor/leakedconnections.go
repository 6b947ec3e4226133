package doctor

import (
	"hash/maphash"
	"slices"

	"redistop/internal/stats"
)

var leakedConnections = Rule{
	ID:    "leaked-connections",
	Title: "Connections are opened and never used again",
	Group: "Connections",
	What:  "One client keeps opening connections, uses each once at most, and does not close them.",
	Why:   "They add up until maxclients is reached, and then nobody gets a connection any more. Each also takes some twenty kilobytes of the server's memory.",
	How:   "CLIENT LIST: connections of one address and name that have idled ever since they were opened, and whose ages are spread evenly up to now, so that they are not a pool that was opened at once. Subscribers, blocked workers and replicas do not count. What the client means with them cannot be known.",
	Do:    "Look in that client for a connection that is made for each request or job and not closed or given back on every path, errors included. Until it is mended, timeout lets the server close what idles.",
	Limits: []Limit{
		{"connections", 50, "idle ones of one client: more than a usual pool keeps"},
		{"span_seconds", 15, "over which they were opened: the start of a pool is over by then"},
		{"day_seconds", 86_400, "until maxclients is reached at this speed: soon enough to hurt before somebody looks"},
		{"near_share", 0.9, "of maxclients: the next instance of an application may be refused"},
	},
	Check: checkLeakedConnections,
}

func checkLeakedConnections(w *Window) []stats.Finding {
	if float64(len(w.census.abandoned)) < w.Limit("connections") {
		return nil
	}
	var found []stats.Finding
	for _, l := range w.census.leaking(int(w.Limit("connections")), w.Limit("span_seconds")) {
		f := w.leakFinding(&l)
		f.Subject = quoted(l.ip) + " " + quoted(l.name)
		found = append(found, f)
	}
	return found
}

// A leak is the connections of one client that it left, opened steadily up to now.
type leak struct {
	owner
	list         []*stats.ConnectionRow
	who          []stats.Culprit
	perSec, span float64
}

type owner struct{ ip, name string }

// leaking finds the clients with that many connections left over at least span seconds; once a table.
func (c *census) leaking(connections int, span float64) []leak {
	if c.leaks != nil {
		return c.leaks
	}
	c.leaks = []leak{}
	lists := map[owner][]*stats.ConnectionRow{}
	for _, row := range c.crowds(connections) {
		o := owner{ipOf(row.Addr, row.Flags), row.Name}
		lists[o] = append(lists[o], row)
	}
	for o, list := range lists {
		if len(list) < connections {
			continue
		}
		if perSec, since := openedSteadily(list); since >= span && perSec > 0 {
			c.leaks = append(c.leaks, leak{owner: o, list: list, who: whoHas(list, one), perSec: perSec, span: since})
		}
	}
	return c.leaks
}

// crowds are the abandoned connections without most of those whose owner has fewer than least: many thousands
// of owners, as many small programs have them, need no place in a map then.
func (c *census) crowds(least int) []*stats.ConnectionRow {
	const buckets = 1 << 14
	seed := maphash.MakeSeed()
	of, counts := make([]uint16, len(c.abandoned)), make([]int32, buckets)
	for i, row := range c.abandoned {
		of[i] = uint16((maphash.String(seed, ipOf(row.Addr, row.Flags)) ^ maphash.String(seed, row.Name)) % buckets)
		counts[of[i]]++
	}
	var crowds []*stats.ConnectionRow
	for i, row := range c.abandoned {
		if int(counts[of[i]]) >= least {
			crowds = append(crowds, row)
		}
	}
	return crowds
}

// abandoned says that a connection has idled nearly all its life, and still could be used.
func abandoned(c *stats.ConnectionRow) bool {
	const (
		opening = 2 // seconds: what clients send when they connect, and one command
		share   = 0.05
	)
	return ordinary(c) && c.AgeSeconds > opening && float64(c.AgeSeconds-c.IdleSeconds) <= max(opening, share*float64(c.AgeSeconds))
}

// openedSteadily is how many connections were opened a second, all the time up to now, and since when; 0
// where they were not. Cut into five, one part may stick out, as the start of a pool does; the others must
// be about alike.
func openedSteadily(list []*stats.ConnectionRow) (perSec, span float64) {
	const parts, fewest, alike = 5, 5, 0.4
	var oldest int64
	for _, c := range list {
		oldest = max(oldest, c.AgeSeconds)
	}
	var counts [parts]int
	for _, c := range list {
		counts[min(parts-1, c.AgeSeconds*parts/max(1, oldest))]++
	}
	slices.Sort(counts[:])
	var sum int
	for _, n := range counts[:parts-1] {
		sum += n
	}
	span = float64(oldest)
	if mean := float64(sum) / (parts - 1); counts[0] < fewest || float64(counts[0]) < alike*mean {
		return 0, span
	}
	return float64(sum) / (span / parts * (parts - 1)), span
}

func (w *Window) leakFinding(l *leak) stats.Finding {
	n, who, perSec, span := int64(len(l.list)), slices.Clone(l.who), l.perSec, l.span
	f := stats.Finding{
		Severity: stats.Info, Confidence: stats.Likely, Weight: float64(n), Culprits: who,
		Title: whoText(who[0]) + " leaves " + count(n) + " connections unused and opens " + rateWords(perSec) + " more",
		Evidence: []stats.Evidence{
			moment("connections that idle since they were opened", count(n), "CLIENT LIST (age, idle)"),
			moment("opened evenly over", seconds(span), "CLIENT LIST (age)"),
		},
		Impact: "They add up and take connections and memory from others.",
		Remedy: []string{
			"look in this client for a connection made for each request or job and not closed or given back on every path, errors included",
			"until then let the server close what idles: CONFIG SET timeout 300 (Pub/Sub and blocked connections are spared)",
		},
		Unknown: []string{"whether the client still holds them: one that vanished without closing is found by tcp-keepalive after some minutes"},
	}
	clients, known := w.Now.Connected.Clients.Get()
	limit, known2 := w.Now.Connected.Max.Get()
	if !known || !known2 || limit <= 0 {
		return f
	}
	f.Evidence = append(f.Evidence, moment("connections", count(clients)+" of "+count(limit), "INFO clients"))
	left := float64(max(0, limit-clients)) / perSec
	switch {
	case float64(clients) >= w.Limit("near_share")*float64(limit):
		f.Severity = stats.Critical
		f.Impact = "Hardly a connection is left (" + count(clients) + " of " + count(limit) + "): applications that start or reconnect are refused."
	case left <= w.Limit("day_seconds"):
		f.Severity = stats.Warning
		f.Impact = "At this speed maxclients (" + count(limit) + ") is reached in about " + seconds(left) + ", and then nobody gets a connection."
	}
	return f
}

// rateWords writes a rate for people, in the unit in which it is a number they can see.
func rateWords(perSec float64) string {
	switch {
	case perSec >= 0.95:
		return about(perSec) + " a second"
	case perSec*60 >= 0.95:
		return about(perSec*60) + " a minute"
	}
	return about(perSec*3600) + " an hour"
}
