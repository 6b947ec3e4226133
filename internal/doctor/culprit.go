package doctor

import (
	"cmp"
	"net"
	"slices"
	"strings"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// SlowCommand is an entry of a log with who sent it, as far as that was known when it was read.
type SlowCommand struct {
	stats.SlowRow
	Who stats.Culprit
}

// mostSlow bounds the entries that are kept.
const mostSlow = 2000

// learnSlow keeps the entries of the logs that are new, for as long as they are recent.
func (w *Window) learnSlow(s *stats.Snapshot) {
	type id struct {
		kind stats.SlowKind
		id   int64
	}
	seen := make(map[id]bool, len(w.slow))
	fresh := w.slow[:0]
	for _, c := range w.slow {
		if s.Time.Sub(c.Time) <= Recent {
			fresh = append(fresh, c)
			seen[id{c.Kind, c.ID}] = true
		}
	}
	clear(w.slow[len(fresh):])
	w.slow = fresh
	for _, r := range s.Slowlog {
		if seen[id{r.Kind, r.ID}] || s.Time.Sub(r.Time) > Recent || len(w.slow) >= mostSlow {
			continue
		}
		w.slow = append(w.slow, SlowCommand{SlowRow: r, Who: w.Who(r.Addr, r.Name)})
	}
}

// Slow returns the recent entries of the logs that pass, newest first.
func (w *Window) Slow(pass func(*SlowCommand) bool) []SlowCommand {
	var list []SlowCommand
	for i := range w.slow {
		if pass(&w.slow[i]) {
			list = append(list, w.slow[i])
		}
	}
	slices.SortFunc(list, func(a, b SlowCommand) int { return b.Time.Compare(a.Time) })
	return list
}

// Line is the command as it was sent, safe to print, of about limit letters at most: "KEYS shiro:session:*".
func (c *SlowCommand) Line(limit int) string { return commandLine(c.Args, limit) }

func commandLine(args []string, limit int) string {
	var b strings.Builder
	for i, a := range args {
		if b.Len() >= limit {
			b.WriteString(" …")
			break
		}
		text := redis.Argument(a[:min(len(a), limit)])
		if i == 0 {
			text = strings.ToUpper(text)
		} else {
			b.WriteByte(' ')
		}
		b.WriteString(text)
	}
	return redis.PrintableCut(b.String(), limit)
}

// addressBook remembers who had which address, so that a connection that is gone by the time its slow
// command is read still has a name. It is bounded: two generations of at most bookSize.
type addressBook struct {
	young, old map[string]stats.Culprit
	turned     time.Time
}

const (
	bookSize = 20_000
	bookTurn = 10 * time.Minute
)

func (b *addressBook) learn(s *stats.Snapshot) {
	if b.young == nil || len(b.young) > bookSize || s.Time.Sub(b.turned) > bookTurn {
		b.old, b.young, b.turned = b.young, make(map[string]stats.Culprit, min(len(s.Connections), bookSize)), s.Time
	}
	for i := range s.Connections {
		c := &s.Connections[i]
		if len(b.young) > bookSize {
			break
		}
		b.young[c.Addr] = CulpritOf(c)
	}
}

// CulpritOf is what CLIENT LIST knows of a connection.
func CulpritOf(c *stats.ConnectionRow) stats.Culprit {
	return stats.Culprit{Addr: c.Addr, IP: ipOf(c.Addr), Name: c.Name, User: c.User, Library: c.Library, Source: "CLIENT LIST"}
}

func ipOf(addr string) string {
	if host, _, err := net.SplitHostPort(addr); err == nil {
		return host
	}
	return addr
}

// Who says who had an address, by CLIENT LIST now or before. name is what a log says of it; "" is unknown.
func (w *Window) Who(addr, name string) stats.Culprit {
	who, ok := w.book.young[addr]
	if !ok {
		who, ok = w.book.old[addr]
	}
	if !ok {
		who = stats.Culprit{Addr: addr, IP: ipOf(addr), Gone: true}
	}
	who.Name = cmp.Or(name, who.Name)
	return who
}

// Merge joins culprits that share IP, name, user and library, weighs each by its share of all weights, and
// puts the guiltiest first; at most most of them. An Addr stays where there is only one.
func Merge(list []stats.Culprit, weights []float64, most int) []stats.Culprit {
	type key struct{ ip, name, user, library string }
	var order []key
	sums, addrs := map[key]float64{}, map[key]map[string]bool{}
	merged := map[key]stats.Culprit{}
	var all float64
	for i, c := range list {
		k := key{c.IP, c.Name, c.User, c.Library}
		if _, ok := merged[k]; !ok {
			order, merged[k], addrs[k] = append(order, k), c, map[string]bool{}
		}
		sums[k] += weights[i]
		all += weights[i]
		if c.Addr != "" {
			addrs[k][c.Addr] = true
		}
	}
	slices.SortStableFunc(order, func(a, b key) int { return cmp.Compare(sums[b], sums[a]) })
	result := make([]stats.Culprit, 0, min(most, len(order)))
	for _, k := range order[:min(most, len(order))] {
		c := merged[k]
		c.Connections = len(addrs[k])
		if c.Connections > 1 {
			c.Addr = ""
		}
		if all > 0 {
			c.Share = stats.Some(sums[k] / all)
		}
		result = append(result, c)
	}
	return result
}
