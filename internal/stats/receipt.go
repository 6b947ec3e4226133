package stats

import (
	"cmp"
	"maps"
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
}

func newLedger() *ledger {
	return &ledger{pending: map[string]int64{}, calls: map[string]int64{}, receipt: map[string]*ReceiptRow{}}
}

// reset follows the server's counters, which went to 0: none of our calls is in them any more.
func (l *ledger) reset() { clear(l.calls) }

// sent notes what went out; the next INFO tells what became of it.
func (l *ledger) sent(sent []redis.Sent) {
	for _, s := range sent {
		l.pending[s.Name] = sketch.Add(l.pending[s.Name], max(0, s.Calls))
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
	rows := map[string]int64{}
	for _, c := range iv.after.Commands {
		rows[c.Name] = c.Calls
	}
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
			all := sketch.Add(l.calls[row], sent)
			l.calls[row] = min(all, rows[row])
			if rest := min(all-l.calls[row], now); rest > 0 && (growths != nil || !l.began) { // sent behind the first INFO
				late[name] = rest
			}
			if growths == nil {
				cost.calls = sketch.Add(cost.calls, sent)
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
	}
	l.usec = sketch.Add(l.usec, usec)
	cost.usec = Some(usec)
	return cost
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
	o.TotalUsec, o.TotalCommands = a.ledger.usec, a.ledger.commands
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
