package redis

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// infoParser collects the lines of INFO that hold several values under one name.
type infoParser struct {
	info     *Info
	commands map[string]int // index in info.Commands
	errors   map[string]int // index in info.Errors
	replicas []numberedReplica
}

type numberedReplica struct {
	n int
	Replica
}

// line reads one line without its end.
func (p *infoParser) line(line string) {
	if line == "" || line[0] == '#' {
		return
	}
	// The names of commands and errors may hold a colon, their values never do.
	if rest, ok := strings.CutPrefix(line, "cmdstat_"); ok {
		p.command(cutLast(rest))
		return
	}
	if rest, ok := strings.CutPrefix(line, "errorstat_"); ok {
		p.error(cutLast(rest))
		return
	}
	if rest, ok := strings.CutPrefix(line, "latency_percentiles_usec_"); ok {
		p.latency(cutLast(rest))
		return
	}
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		return
	}
	p.info.fields[name] = value
	if n, ok := numbered(name, "db"); ok {
		p.keyspace(n, value)
	} else if n, ok := numbered(name, "slave"); ok {
		p.replica(n, value)
	}
}

// command reads "calls=1,usec=2,usec_per_call=2.00,rejected_calls=0,failed_calls=0".
func (p *infoParser) command(name, value string) {
	calls, ok := intItem(value, "calls").Get()
	usec, ok2 := intItem(value, "usec").Get()
	if name == "" || !ok || !ok2 {
		return
	}
	stat := CommandStat{
		Name:     commandName(name),
		Calls:    calls,
		Usec:     usec,
		Rejected: intItem(value, "rejected_calls"),
		Failed:   intItem(value, "failed_calls"),
	}
	if at, seen := p.commands[stat.Name]; seen {
		p.info.Commands[at] = stat
		return
	}
	p.commands[stat.Name] = len(p.info.Commands)
	p.info.Commands = append(p.info.Commands, stat)
}

// error reads "count=3".
func (p *infoParser) error(code, value string) {
	count, ok := intItem(value, "count").Get()
	if code == "" || !ok {
		return
	}
	stat := ErrorStat{Code: strings.Clone(code), Count: count}
	if at, seen := p.errors[stat.Code]; seen {
		p.info.Errors[at] = stat
		return
	}
	p.errors[stat.Code] = len(p.info.Errors)
	p.info.Errors = append(p.info.Errors, stat)
}

// latency reads "p50=1.003,p99=2.007,p99.9=2.007".
func (p *infoParser) latency(name, value string) {
	stat := LatencyStat{
		P50:  floatItem(value, "p50"),
		P99:  floatItem(value, "p99"),
		P999: floatItem(value, "p99.9"),
	}
	if name == "" || stat == (LatencyStat{}) {
		return
	}
	p.info.Latency[commandName(name)] = stat
}

// keyspace reads "keys=1,expires=0,avg_ttl=0[,subexpiry=0]"; avg_ttl is in milliseconds.
func (p *infoParser) keyspace(n int, value string) {
	keys, ok := intItem(value, "keys").Get()
	if !ok {
		return
	}
	p.info.Keyspace = append(p.info.Keyspace, KeyspaceDB{
		DB:      n,
		Keys:    keys,
		Expires: intItem(value, "expires").Or(0),
		AvgTTL:  duration(intItem(value, "avg_ttl").Or(0), time.Millisecond),
	})
}

// replica reads "ip=10.0.0.1,port=6379,state=online,offset=14,lag=0[,type=...]".
func (p *infoParser) replica(n int, value string) {
	ip, okIP := item(value, "ip")
	port, okPort := item(value, "port")
	if !okIP || !okPort {
		return
	}
	if strings.Contains(ip, ":") {
		ip = "[" + ip + "]"
	}
	state, _ := item(value, "state")
	r := Replica{
		Addr:   ip + ":" + port,
		State:  strings.Clone(state),
		Offset: intItem(value, "offset").Or(0),
	}
	// In every other state the server writes lag=0 because it has nothing to say.
	if state == "online" {
		r.Lag = intItem(value, "lag")
	}
	p.replicas = append(p.replicas, numberedReplica{n, r})
}

// sort puts databases and replicas in order and keeps the last of those that came twice.
func (p *infoParser) sort() {
	p.info.Keyspace = lastOfEach(p.info.Keyspace, func(k KeyspaceDB) int { return k.DB })
	for _, r := range lastOfEach(p.replicas, func(r numberedReplica) int { return r.n }) {
		p.info.Replicas = append(p.info.Replicas, r.Replica)
	}
}

func lastOfEach[T any](list []T, number func(T) int) []T {
	slices.Reverse(list)
	slices.SortStableFunc(list, func(a, b T) int { return cmp.Compare(number(a), number(b)) })
	return slices.CompactFunc(list, func(a, b T) bool { return number(a) == number(b) })
}

// numbered takes "db0" apart; a name that goes on after the digits is another field.
func numbered(name, prefix string) (int, bool) {
	digits, ok := strings.CutPrefix(name, prefix)
	if !ok || digits == "" || digits[0] < '0' || digits[0] > '9' {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil
}

// commandName is one spelling of a command wherever the server names it. Servers take any case,
// and some modules register theirs in upper case ("FT.SEARCH"). A copy, as in Info.Text.
func commandName(s string) string { return strings.Clone(strings.ToLower(s)) }

// cutLast splits "name:items" at the last colon.
func cutLast(s string) (name, value string) {
	at := strings.LastIndexByte(s, ':')
	if at < 0 {
		return "", ""
	}
	return s[:at], s[at+1:]
}

// item finds one value in "a=1,b=2".
func item(list, name string) (string, bool) {
	for part := range strings.SplitSeq(list, ",") {
		if k, v, ok := strings.Cut(part, "="); ok && k == name {
			return v, true
		}
	}
	return "", false
}

// intItem finds a count; none is ever negative.
func intItem(list, name string) Maybe[int64] {
	s, _ := item(list, name)
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return Maybe[int64]{}
	}
	return Some(n)
}

func floatItem(list, name string) Maybe[float64] {
	s, _ := item(list, name)
	f, ok := parseFinite(s)
	if !ok || f < 0 {
		return Maybe[float64]{}
	}
	return Some(f)
}

// duration is n units, at least 0 and at most what a Duration can hold.
func duration(n int64, unit time.Duration) time.Duration {
	if n <= 0 {
		return 0
	}
	if n > math.MaxInt64/int64(unit) {
		return math.MaxInt64
	}
	return time.Duration(n) * unit
}
