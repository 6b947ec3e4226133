package doctor

import (
	"cmp"
	"slices"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// addressBook remembers who had which address, so that a connection that is gone by the time its slow
// command is read still has a name. It holds a few passes of CLIENT LIST, which Snapshots share.
type addressBook struct {
	passes []*pass // newest first
}

// pass is the connections as one Snapshot showed them.
type pass struct {
	at    time.Time
	rows  []stats.ConnectionRow
	index map[string]int32 // by address; nil until somebody is looked up
}

const (
	mostPasses   = 8
	mostBookRows = 40_000 // of all passes but the newest two
	passGap      = 10 * time.Second
)

// learn keeps a pass if it is not the one that the Snapshot before showed. The newest two stay, of those
// before one every ten seconds.
func (b *addressBook) learn(s *stats.Snapshot) {
	if len(s.Connections) == 0 || len(b.passes) > 0 && sameTable(b.passes[0].rows, s.Connections) {
		return
	}
	if n := len(b.passes); n > 2 && b.passes[1].at.Sub(b.passes[2].at) < passGap {
		b.passes = slices.Delete(b.passes, 1, 2)
	}
	b.passes = slices.Insert(b.passes, 0, &pass{at: s.Time, rows: s.Connections})
	rows := 0
	for i, p := range b.passes {
		if rows += len(p.rows); i >= 2 && rows > mostBookRows || i >= mostPasses {
			clear(b.passes[i:])
			b.passes = b.passes[:i]
			break
		}
	}
}

// find looks an address up; now says whether the newest pass has it.
func (b *addressBook) find(addr string) (row *stats.ConnectionRow, now bool) {
	for i, p := range b.passes {
		if p.index == nil {
			p.index = make(map[string]int32, len(p.rows))
			for j := range p.rows {
				p.index[p.rows[j].Addr] = int32(j)
			}
		}
		if j, ok := p.index[addr]; ok {
			return &p.rows[j], i == 0
		}
	}
	return nil, false
}

// CulpritOf is what CLIENT LIST knows of a connection.
func CulpritOf(c *stats.ConnectionRow) stats.Culprit {
	return stats.Culprit{Addr: c.Addr, IP: ipOf(c.Addr, c.Flags), Name: c.Name, User: c.User, Library: c.Library, Source: "CLIENT LIST"}
}

func ipOf(addr, flags string) string { return redis.Client{Addr: addr, Flags: flags}.IP() }

// Who says who had an address, by CLIENT LIST now or before. name is what a log says of it; "" is unknown.
func (w *Window) Who(addr, name string) stats.Culprit {
	row, now := w.book.find(addr)
	if row == nil {
		// A server that does not show its connections has not shown that this one is gone.
		return stats.Culprit{Addr: addr, IP: ipOf(addr, ""), Name: name, Gone: len(w.book.passes) > 0}
	}
	who := CulpritOf(row)
	who.Name, who.Gone = cmp.Or(name, who.Name), !now
	return who
}

// mostCulprits is how many a finding names.
const mostCulprits = 5

// culprits is Merge with how many connections each has now, and whether it is gone.
func (w *Window) culprits(list []stats.Culprit, weights []float64) []stats.Culprit {
	merged := Merge(list, weights, mostCulprits)
	type client struct{ ip, name string }
	connected := map[client]int{}
	for i := range w.Now.Connections {
		c := &w.Now.Connections[i]
		connected[client{ipOf(c.Addr, c.Flags), c.Name}]++
	}
	for i := range merged {
		n := connected[client{merged[i].IP, merged[i].Name}]
		merged[i].Gone = n == 0 && len(connected) > 0
		merged[i].Connections = max(n, merged[i].Connections)
		if len(w.Now.Connections) > 0 && n != 1 && merged[i].Connections > 1 {
			merged[i].Addr = ""
		}
	}
	return merged
}

// Merge joins culprits that share IP, name, user and library, weighs each by its share of all weights, and
// puts the guiltiest first; at most most of them. One of whom only IP and name are known is taken for the
// one with those. An Addr stays where there is only one.
func Merge(list []stats.Culprit, weights []float64, most int) []stats.Culprit {
	type client struct{ ip, name string }
	type key struct {
		client
		user, library string
	}
	keyOf := func(c *stats.Culprit) key { return key{client{c.IP, c.Name}, c.User, c.Library} }
	known := map[client]key{}
	for i := range list {
		if k := keyOf(&list[i]); k.user != "" || k.library != "" {
			known[k.client] = k
		}
	}
	var order []key
	sums, addrs := map[key]float64{}, map[key]map[string]bool{}
	merged := map[key]stats.Culprit{}
	var all float64
	for i := range list {
		c, k := list[i], keyOf(&list[i])
		if full, ok := known[k.client]; ok && k.user == "" && k.library == "" {
			k, c.User, c.Library = full, full.user, full.library
		}
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
