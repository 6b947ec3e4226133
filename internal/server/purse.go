package server

import (
	"time"

	"redistop/internal/redis"
)

// A purse holds the microseconds of the server's main thread that we may spend. It fills at the
// budget's rate, and pays by the server's own count of what our commands took (commandstats), which
// arrives one INFO later; until then the predicted price is put aside.
type purse struct {
	budget  float64 // share of the main thread: 0.01 is 10,000 usec a second
	have    float64 // usec
	aside   float64 // usec, predicted for what was sent since the last INFO
	ceiling float64 // usec: no more than this is saved up, so that a pause is not followed by a burst
	earned  time.Time
	price   map[string]float64 // usec a call, as last measured
	line    float64            // usec a line of CLIENT LIST
	perCall float64            // usec that a call takes beside what the server counts for it
	paid    float64            // usec so far
}

// Prices before the first measurement: the dearer of what servers were measured at (7.0 to 9.1).
const (
	listCall  = 15.0 // usec of one CLIENT LIST without its lines
	firstLine = 1.7
	oneID     = 0.16 // usec to look up an id, alive or not
	dearLine  = 10.0 // no line costs more; what is beyond came from elsewhere
)

func newPurse(budget float64, now time.Time) *purse {
	return &purse{budget: budget, have: minCeiling, earned: now, line: firstLine, price: map[string]float64{
		"info": 450, "slowlog|get": 160, "commandlog|get": 100, "memory|stats": 35, "latency|histogram": 500, "command|info": 60,
		"config|get": 100, "latency|latest": 10, "acl|whoami": 2, "acl|users": 10, "acl|getuser": 300, "acl|log": 60, "acl|dryrun": 10,
	}}
}

// earn adds what the time since the last call brings.
func (p *purse) earn(now time.Time, interval time.Duration) {
	p.ceiling = max(p.budget*2*interval.Seconds()*1e6, minCeiling)
	p.have = min(p.ceiling, p.have+p.budget*now.Sub(p.earned).Seconds()*1e6)
	p.earned = now
}

// minCeiling lets the smallest budget save up for the dearest single call, CLIENT LIST on wholeMax
// clients. It is also what a new connection starts with, so that the first picture is a whole one.
const minCeiling = 2000

// affords says whether usec can be paid now. A full purse affords everything once: a price that was
// measured on a bad moment would else never be measured again.
func (p *purse) affords(usec float64) bool {
	return p.have-p.aside >= min(usec, p.ceiling)
}

// take puts the predicted price of a command aside.
func (p *purse) take(usec float64) { p.aside += usec }

// slicePrice predicts one CLIENT LIST that asks for so many ids and returns so many lines.
func (p *purse) slicePrice(ids, lines int) float64 {
	return listCall + oneID*float64(ids) + p.line*float64(lines)
}

// settle pays for what was sent between two INFOs by the server's own count of it, and learns the
// prices. Calls of the same command by others share its mean price.
func (p *purse) settle(older, newer *redis.Info, sent map[string]int64, ids, lines int) {
	before, after := statsByName(older), statsByName(newer)
	var paid float64
	for name, calls := range sent {
		usec := p.measured(name, before, after)
		if usec < 0 {
			usec = p.price[name]
		} else {
			p.price[name] = usec
		}
		paid += (usec + p.perCall) * float64(calls)
		if name == "client|list" && lines >= 50 {
			of := usec*float64(calls) - listCall*float64(calls) - oneID*float64(ids)
			p.line = min(dearLine, max(0.1, of/float64(lines)))
		}
	}
	p.have = max(-p.ceiling, p.have-paid)
	p.aside = 0
	p.paid += paid
}

// measured is the mean price of a command between two INFOs; -1 when it cannot be known.
func (p *purse) measured(name string, before, after map[string]redis.CommandStat) float64 {
	a, ok := after[name]
	b := before[name]
	if !ok {
		if c, nested := container[name]; nested {
			a, ok = after[c]
			b = before[c]
		}
	}
	calls, usec := a.Calls-b.Calls, a.Usec-b.Usec
	if !ok || calls <= 0 || usec < 0 {
		return -1
	}
	return float64(usec) / float64(calls)
}

func statsByName(i *redis.Info) map[string]redis.CommandStat {
	if i == nil {
		return nil
	}
	m := make(map[string]redis.CommandStat, len(i.Commands))
	for _, c := range i.Commands {
		m[c.Name] = c
	}
	return m
}
