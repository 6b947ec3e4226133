package doctor

import (
	"net"
	"strings"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// whoHas merges the owners of connections by what each connection has of something.
func whoHas(list []*stats.ConnectionRow, amount func(*stats.ConnectionRow) float64) []stats.Culprit {
	culprits := make([]stats.Culprit, len(list))
	weights := make([]float64, len(list))
	for i, c := range list {
		culprits[i], weights[i] = CulpritOf(c), amount(c)
	}
	return Merge(culprits, weights, mostCulprits)
}

// one counts connections.
func one(*stats.ConnectionRow) float64 { return 1 }

// writers says who adds the most data: by the samples, else by the bytes that connections send, else by the
// last command of those that are active.
func (w *Window) writers() []stats.Culprit {
	var list []stats.Culprit
	var weights []float64
	for i := range w.Samples() {
		r := &w.Samples()[i]
		if rate, ok := r.CommandsPerSecond.Get(); ok && !r.Further && adds(r.Command) {
			list = append(list, w.sampledCulprit(r, ""))
			weights = append(weights, rate)
		}
	}
	if len(list) > 0 {
		merged := Merge(list, weights, 3)
		for i := range merged {
			merged[i].Connections = 0 // samples do not tell
		}
		return merged
	}
	active := w.connections(func(c *stats.ConnectionRow) bool { return c.IdleSeconds <= 2 && adds(c.LastCommand) })
	for _, c := range active {
		if c.InputBytesPerSecond.Or(0) > 0 {
			return firstOf(whoHas(active, func(c *stats.ConnectionRow) float64 { return c.InputBytesPerSecond.Or(0) }), 3)
		}
	}
	return firstOf(whoHas(active, one), 3)
}

func firstOf(list []stats.Culprit, most int) []stats.Culprit { return list[:min(most, len(list))] }

// adds says whether a command may need more memory: the server refuses it when there is none.
func adds(command string) bool {
	info, ok := lookup(command)
	return ok && info.Flags&redis.FlagDenyOOM != 0
}

// writes says whether a command, named as in "config|set", may write keys.
func writes(command string) bool {
	info, ok := lookup(command)
	return ok && info.Write()
}

func lookup(command string) (*redis.CommandInfo, bool) {
	name, sub, has := strings.Cut(command, "|")
	if has {
		return redis.LookupSubcommand([]byte(name), []byte(sub))
	}
	return redis.LookupCommand([]byte(name))
}

// elsewhere says that an address is of another host. Unix sockets and loopback are of this one.
func elsewhere(ip string) bool {
	parsed := net.ParseIP(strings.Trim(ip, "[]"))
	return parsed != nil && !parsed.IsLoopback()
}

// ordinary says that a connection asks and is answered: it is neither subscribed nor blocked nor a MONITOR.
func ordinary(c *stats.ConnectionRow) bool {
	return c.Subscriptions == 0 && !hasFlag(c, "PbOMS")
}

// hostAndPort is an address as redis-cli -h takes it: "10.0.3.1 -p 6379".
func hostAndPort(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return quoted(addr)
	}
	return quoted(host) + " -p " + quoted(port)
}
