package stats

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"redistop/internal/redis"
	"redistop/internal/sketch"
)

// ledger keeps what the observer asked of the server, under the server's names, and what that cost.
// The names are those that the observer sends, a fixed few.
type ledger struct {
	pending  map[string]int64       // sent since the last INFO, by the name as sent
	late     map[string]int64       // of the interval before, which the server has not counted yet
	calls    map[string]int64       // that the server's present counters contain, by row
	receipt  map[string]*ReceiptRow // since the observer started, by row
	usec     int64
	commands int64
	began    bool // there was an INFO

	beside     map[string]int64 // of pending, what connections beside the observer's sent
	besideUsec int64            // of usec, what they took
}

func newLedger() *ledger {
	return &ledger{pending: map[string]int64{}, calls: map[string]int64{}, receipt: map[string]*ReceiptRow{}, beside: map[string]int64{}}
}

// reset follows the server's counters, which went to 0: none of our calls is in them any more.
func (l *ledger) reset() { clear(l.calls) }

// sent notes what went out, and which part of it beside the observer; the next INFO tells what became of it.
func (l *ledger) sent(sent, beside []redis.Sent) {
	add(l.pending, sent)
	add(l.beside, beside)
}

func add(to map[string]int64, sent []redis.Sent) {
	for _, s := range sent {
		to[s.Name] = sketch.Add(to[s.Name], max(0, s.Calls))
	}
}

// ownCost is the observer's part of one interval.
type ownCost struct {
	calls int64
	usec  Maybe[int64]
}

// settle books what was sent since the last INFO, and marks the observer's part in the growths.
// What the server has not counted yet, a window of MONITOR that was written ahead, waits for the next
// interval; what it has not counted by then was refused, or lost with a connection, and is not booked.
func (l *ledger) settle(iv interval, growths map[string]growth) ownCost {
	rows, prices := map[string]int64{}, map[string]float64{}
	for _, c := range iv.after.Commands {
		rows[c.Name] = c.Calls
		if c.Calls > 0 {
			prices[c.Name] = float64(c.Usec) / float64(c.Calls)
		}
	}
	beside := map[string]int64{}
	for name, calls := range l.beside {
		row := rowName(name, rows)
		beside[row] = sketch.Add(beside[row], calls)
	}
	clear(l.beside)
	var cost ownCost
	var usec int64
	late := map[string]int64{}
	for name := range l.late {
		if _, again := l.pending[name]; !again {
			l.pending[name] = 0
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.pending)) {
		now := l.pending[name]
		row, sent := rowName(name, rows), sketch.Add(now, l.late[name])
		g, ok := growths[row]
		if !ok {
			before := l.calls[row]
			all := sketch.Add(before, sent)
			l.calls[row] = min(all, rows[row])
			if rest := min(all-l.calls[row], now); rest > 0 && (growths != nil || !l.began) { // sent behind the first INFO
				late[name] = rest
			}
			if growths == nil {
				cost.calls = sketch.Add(cost.calls, sent)
				l.early(row, l.calls[row]-before, rows[row]-before, beside[row], prices[row])
			}
			continue
		}
		booked := min(sent, g.others())
		if rest := min(sent-booked, now); rest > 0 {
			late[name] = rest
		}
		sent = booked
		l.calls[row] = sketch.Add(l.calls[row], sent)
		cost.calls = sketch.Add(cost.calls, sent)
		g.own += sent
		g.ownUsec = share(g.usec, g.own, g.calls)
		growths[row] = g
	}
	clear(l.pending)
	l.late, l.began = late, true
	if growths == nil {
		return cost
	}
	for name, g := range growths {
		if g.own == 0 {
			continue
		}
		usec = sketch.Add(usec, g.ownUsec)
		l.book(name, g)
		l.besideUsec = sketch.Add(l.besideUsec, share(g.ownUsec, min(beside[name], g.own), g.own))
	}
	l.usec = sketch.Add(l.usec, usec)
	cost.usec = Some(usec)
	return cost
}

// early books what was sent before the server's counters could be compared, of all calls of the command, at its mean price.
func (l *ledger) early(row string, calls, all, beside int64, price float64) {
	if calls <= 0 {
		return
	}
	usec := int64(math.Round(price * float64(calls)))
	l.usec = sketch.Add(l.usec, usec)
	l.besideUsec = sketch.Add(l.besideUsec, share(usec, min(beside, calls), calls))
	l.book(row, growth{calls: all, own: calls, ownUsec: usec})
}

func (l *ledger) book(name string, g growth) {
	row := l.receipt[name]
	if row == nil {
		row = &ReceiptRow{Command: strings.Clone(name)}
		l.receipt[row.Command] = row
	}
	row.Calls = sketch.Add(row.Calls, g.own)
	row.Usec = sketch.Add(row.Usec, g.ownUsec)
	row.Estimated = row.Estimated || g.own < g.calls
	l.commands = sketch.Add(l.commands, g.own)
}

// rows are a copy for a Snapshot, dearest first.
func (l *ledger) rows() []ReceiptRow {
	rows := make([]ReceiptRow, 0, len(l.receipt))
	for _, r := range l.receipt {
		rows = append(rows, *r)
	}
	slices.SortFunc(rows, func(x, y ReceiptRow) int {
		return cmp.Or(cmp.Compare(y.Usec, x.Usec), cmp.Compare(x.Command, y.Command))
	})
	return rows
}

// share is the part of an amount, without overflow.
func share(amount, part, whole int64) int64 {
	if whole <= 0 || part >= whole {
		return amount
	}
	return int64(float64(amount) * (float64(part) / float64(whole)))
}

// rowName is where the server counts a command: servers before 7.0 count "client|list" as "client".
func rowName(sent string, rows map[string]int64) string {
	if _, ok := rows[sent]; ok {
		return sent
	}
	if container, _, ok := strings.Cut(sent, "|"); ok && rows[container] > 0 {
		return container
	}
	return sent
}

// observer tells what watching cost.
func (a *Aggregate) observer(r Reading, iv interval, own ownCost, s *Snapshot) {
	o := &s.Observer
	o.UsecPerSecond = iv.rate(own.usec)
	if v, ok := o.UsecPerSecond.Get(); ok {
		o.ServerCPUShare = Some(v / 1e6)
	}
	o.TotalUsec, o.TotalCommands, o.BesideUsec = a.ledger.usec, a.ledger.commands, a.ledger.besideUsec
	o.Receipt = a.ledger.rows()
	o.pace(r.Pacing)
	o.sampling(r, a.dropped)
}

// pace tells what the budget made of the user's wishes.
func (o *Observer) pace(p Pacing) {
	o.BudgetShare, _ = sketch.Finite(p.Budget)
	o.IntervalSeconds = p.Interval.Seconds()
	o.ActualIntervalSeconds = p.Actual.Seconds()
	o.ClientsEverySeconds = maybe(p.ClientsEvery.Seconds(), p.ClientsEvery > 0)
	o.PausedReason = p.Note
}
