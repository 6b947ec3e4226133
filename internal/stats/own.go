package stats

import (
	"slices"
	"strings"

	"redistop/internal/redis"
)

// ownAddrsKept bounds the addresses remembered; the observer reconnects now and then.
const ownAddrsKept = 64

// ownConnections recognises the observer's own entries in a slow log, which tells the address and
// the name of a connection but not its id. Neither is proof alone: another may carry the same
// name, and a port is used again. So an entry is the observer's only where both are those of a
// connection that CLIENT LIST showed under one of its ids, and the command is one that it sends.
type ownConnections struct {
	names    map[string]string // the connection's name, by its address
	order    []string          // addresses, oldest first
	commands map[string]bool   // as sent: "info", "client|list"
}

func newOwnConnections() ownConnections {
	return ownConnections{names: map[string]string{}, commands: map[string]bool{}}
}

// learn takes addresses and names from a pass over the connections.
func (o *ownConnections) learn(p *ClientReading, ids []int64) {
	for _, c := range p.Clients {
		for _, id := range ids {
			if c.ID == id {
				o.keep(strings.Clone(c.Addr), strings.Clone(c.Name))
			}
		}
	}
}

func (o *ownConnections) keep(addr, name string) {
	if _, ok := o.names[addr]; !ok {
		o.order = append(o.order, addr)
		if len(o.order) > ownAddrsKept {
			delete(o.names, o.order[0])
			o.order = o.order[1:]
		}
	}
	o.names[addr] = name
}

// sends takes the commands that the observer sends, a fixed few.
func (o *ownConnections) sends(sent []redis.Sent) {
	for _, s := range sent {
		o.commands[s.Name] = true
	}
}

// sent says whether an entry is the observer's.
func (o *ownConnections) sent(e redis.SlowEntry) bool {
	name, ok := o.names[e.Addr]
	if !ok || e.Name != name || len(e.Args) == 0 {
		return false
	}
	command := strings.ToLower(e.Args[0])
	if o.commands[command] {
		return true
	}
	return len(e.Args) > 1 && o.commands[command+"|"+strings.ToLower(e.Args[1])]
}

// leaveOutOwnBlocked keeps the WAIT that ends a window of MONITOR from looking like somebody's blocked client.
func (a *Aggregate) leaveOutOwnBlocked(r Reading, c *Connected) {
	if r.Clients != nil {
		a.ownBlocked = 0
		for i := range r.Clients.Clients {
			client := &r.Clients.Clients[i]
			if slices.Contains(r.OwnIDs, client.ID) && strings.Contains(client.Flags, "b") {
				a.ownBlocked++
			}
		}
	}
	if n, known := c.Blocked.Get(); known && !a.showOwn {
		c.Blocked = Some(max(0, n-a.ownBlocked))
	}
}
