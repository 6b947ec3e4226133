package doctor

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"redistop/internal/stats"
)

var nPlusOne = Rule{
	ID:    "n-plus-one",
	Title: "One by one what could be asked at once",
	Group: "Commands",
	What:  "A client asks for one key of a kind after the other, in a loop, where one MGET, HMGET or a pipeline would bring all of them.",
	Why: "Each question has its way there and back, which is most of the client's time, and costs the server several times what the command itself does: " +
		"it reads and writes the socket for every single one.",
	How: "Samples of the command stream: one command for one pattern of keys, on few connections, each at a rate that only a loop reaches. Whether the client could " +
		"know all keys before it asks, the samples cannot tell.",
	Do: "Collect the keys first and ask once. Where it is one and the same key again and again, keep it in the client for a moment.",
	Limits: []Limit{
		{"per_connection", 1000, "commands a second of one kind on one connection: what a loop reaches where a way there and back takes a millisecond or less"},
		{"most_connections", 4, "on more of them it is many independent requests rather than a loop"},
		{"command_share", 0.10, "of all commands: less is not worth changing a program"},
		{"work_share", 0.10, "of the main thread's time: nearly that much would come free"},
		{"pipelined_rate", 20_000, "commands a second on one connection: a way there and back takes 50 µs and more even on one host, so that what comes faster does not wait for its answers"},
		{"single_usec", 6, "of the main thread for each command: one that arrives alone costs its calls to read and write, measured 10 µs and more; in a pipeline of 16 it is 1 to 3"},
		{"seen", 50, "such commands in the samples: fewer may be chance"},
	},
	Behind: []string{"slow-script", "blocking-command"},
	Check:  checkNPlusOne,
}

// together is what does in one command, or one go, what these do one by one.
var together = map[string]string{
	"get": "MGET", "hget": "HMGET for several fields of one hash, a pipeline for several hashes", "hgetall": "a pipeline",
	"exists": "EXISTS with several keys", "ttl": "a pipeline", "pttl": "a pipeline", "type": "a pipeline", "strlen": "a pipeline",
	"sismember": "SMISMEMBER (6.2+)", "zscore": "ZMSCORE (6.2+)", "scard": "a pipeline", "zcard": "a pipeline", "llen": "a pipeline", "smembers": "a pipeline",
	"lrange": "a pipeline", "zrange": "a pipeline", "zrank": "a pipeline", "hexists": "HMGET", "hlen": "a pipeline", "getex": "a pipeline",
	"set": "MSET, or a pipeline", "setex": "a pipeline", "setnx": "a pipeline", "hset": "HSET with several fields, or a pipeline", "incr": "a pipeline", "incrby": "a pipeline",
	"hincrby": "a pipeline", "sadd": "SADD with several members, or a pipeline", "zadd": "ZADD with several members, or a pipeline", "rpush": "RPUSH with several elements",
	"lpush": "LPUSH with several elements", "del": "UNLINK with several keys", "unlink": "UNLINK with several keys", "expire": "a pipeline", "zincrby": "a pipeline",
}

// multiplexers are libraries that let many requests share one connection, and send what comes together as a pipeline.
var multiplexers = []string{"se.redis", "stackexchange", "lettuce", "rueidis", "redisson"}

func checkNPlusOne(w *Window) []stats.Finding {
	if len(w.Now.Samples) == 0 || w.pipelines() {
		return nil
	}
	var found []stats.Finding
	for i := range w.Samples() {
		r := &w.Samples()[i]
		rate := r.CommandsPerSecond.Or(0) - r.Error.Or(0)
		if together[r.Command] == "" || r.Script || r.Further || r.Pattern == "" || r.Pattern == stats.OtherKeys ||
			float64(r.Seen) < w.Limit("seen") || r.Share.Or(0) < w.Limit("command_share") || rate < w.Limit("per_connection") {
			continue
		}
		if n := w.connectionsOf(r); n > 0 && float64(n) <= w.Limit("most_connections") && rate/float64(n) >= w.Limit("per_connection") && rate/float64(n) <= w.fastestLoop() {
			found = append(found, w.nPlusOneFinding(r, n))
		}
	}
	slices.SortStableFunc(found, func(a, b stats.Finding) int { return cmp.Compare(b.Weight, a.Weight) })
	return found[:min(3, len(found))]
}

// pipelines says that commands cost the server so little that they must come in pipelines, or that it is not
// known yet. With I/O threads the main thread does not tell.
func (w *Window) pipelines() bool {
	load, span := w.mean(Recent, mainThread)
	rate, ok := w.commandRate()
	if !ok || span == 0 || rate <= 0 {
		return true
	}
	return w.Now.Server.IOThreads.Or(1) <= 1 && load*1e6/rate < w.Limit("single_usec")
}

// fastestLoop is how often a second a connection can ask at the most, if it waits for every answer: twice as
// often as a PING on this host goes there and back, since a client may be quicker than we are.
func (w *Window) fastestLoop() float64 {
	most := w.Limit("pipelined_rate")
	quickest := 0.0 // usec: the median of a second in which the server and we had time
	w.recent(func(s *stats.Snapshot) bool {
		if v, ok := s.Latency.P50Usec.Get(); ok && !s.Latency.Remote && v > 0 && (quickest == 0 || v < quickest) {
			quickest = v
		}
		return true
	})
	if quickest > 0 {
		most = min(most, 2e6/quickest)
	}
	return most
}

// connectionsOf counts the connections of a sample's sender that are in use; 0 where they are not known.
func (w *Window) connectionsOf(r *stats.SampleRow) (n int) {
	for i := range w.Now.Connections {
		c := &w.Now.Connections[i]
		if !c.Own && ipOf(c.Addr, c.Flags) == r.IP && c.IdleSeconds <= 5 && r.Name.Or(c.Name) == c.Name {
			n++
		}
	}
	return n
}

func (w *Window) nPlusOneFinding(r *stats.SampleRow, connections int) stats.Finding {
	load, _ := w.mean(Recent, mainThread)
	rate, share := r.CommandsPerSecond.Or(0), r.Share.Or(0)
	line := sampledLine(r)
	who := w.sampledCulprit(r, line)
	who.Connections = connections
	f := stats.Finding{
		Subject: strings.TrimSpace(r.IP + " " + safeName(r.Name.Or("")) + " " + r.Command + " " + r.Pattern), Weight: share * load,
		Severity: stats.Info, Confidence: stats.Likely,
		Title: fmt.Sprintf("%s asks %s one by one, %s", whoText(who), line, perSecond(rate)),
		Evidence: []stats.Evidence{
			{What: line + " of this client", Value: estimate(rate, r.Error) + " on " + plural(int64(connections), "connection") + ", " + percent(share) + " of all commands",
				Source: "samples", Seconds: stats.Some(w.Now.Sampled.Span)},
			w.evidence("main thread", percent(load)+" busy", "INFO cpu"),
		},
		Culprits: []stats.Culprit{who},
		Impact: fmt.Sprintf("About %s of the server's main thread goes to it, most of that to reading and writing one question at a time; the client waits for %s ways there and back a second.",
			percent(share*load), about(rate)),
		Remedy:  []string{"collect the keys first and ask once: " + together[r.Command] + ", in pieces of some 100"},
		Unknown: []string{"whether the next question depends on the answer before, or many requests share the connection: then it cannot be asked at once"},
	}
	if key, ok := w.sameKey(r); ok {
		w.sayOfSameKey(&f, r, key)
	}
	over := []string{"per_connection", "command_share"}
	if share*load >= w.Limit("work_share") && !multiplexed(who.Library) && !writes(r.Command) {
		f.Severity = stats.Warning
		over = append(over, "work_share")
	}
	f.Evidence = append(f.Evidence, w.over(over...)...)
	return f
}

func multiplexed(library string) bool {
	library = strings.ToLower(library)
	return slices.ContainsFunc(multiplexers, func(m string) bool { return strings.Contains(library, m) })
}

// estimate writes a rate from samples with its error, as fine as the rate is written. An error that does not
// reach its last figure is not told.
func estimate(rate float64, err stats.Maybe[float64]) string {
	step := stepOf(rate)
	if e := math.Round(err.Or(0)/step) * step; e > 0 {
		return about(rate) + " ± " + about(e) + " a second"
	}
	return perSecond(rate)
}
