package server

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// The lister finds out who is connected. Few connections are asked whole. Many are asked by id in
// slices with pauses between them, spread over several polls when the budget wants it: one CLIENT
// LIST on 10,000 connections stalls a server for 13 ms and enters its slow log, 40 slices stall it
// for 0.4 ms each. Close to maxmemory the slices shrink until a reply fits the connection's own buffer.
//
// Ids are sequential, so a pass asks about the ids that were alive at the last pass and about all
// that may have been given since. The first pass walks down from our own id, the newest there is,
// until as many are found as the server says are connected.
//
// A pass ends with the slice that reaches beyond the newest id, and total_connections_received is asked
// in one piece with it. So of all that were received by that count, each was asked about when it had its
// id: who is not among the found came and went. Counted at any other moment, those that came in between
// would hide as many.
type lister struct {
	known  []int64   // alive at the last pass, ascending
	top    int64     // newest id that there can have been at the last pass; our own to begin with
	walk   bool      // the next pass walks down from top instead of asking the known
	walked time.Time // when the last walk ended
	below  int64     // ids up to here were never asked about, since the walk had found as many as there were; those who went and came meanwhile are among that number
	slack  int64     // ids asked beyond those that total_connections_received accounts for: scripts and modules take ids too
	pass   *pass     // under way; nil between passes

	received int64 // total_connections_received as the last pass counted
	sure     int64 // newest id that had been given by then, at least: ids that are no connection's are not counted
	line     int64 // bytes of a line, the mean of the last reply
	finished time.Time
	every    time.Duration // between the last two passes
	note     string        // why connections are asked slowly or not at all

	// of the latest INFO
	expected  int
	nowTotal  int64
	room      int64
	canSlice  bool
	nearLimit bool
	deadline  time.Duration
}

// A pass is one walk over all connections.
type pass struct {
	reading  stats.ClientReading
	todo     []int64 // known ids still to ask
	next, hi int64   // new ids still to ask, next..hi
	sure     int64   // newest id that had been given when reading.Received was counted, at least
	given    int64   // newest id that is known to have been given by now
	window   int64   // ids that the last slice asks beyond given
	edge     int64   // first id of those that were asked about in several slices when they may not have been given yet; 0: none
	ends     int     // slices that were counted
	count    bool    // the slice chosen is to be counted: INFO stats goes with it
	closed   bool    // the last slice was asked
	under    int64   // ids of the slice chosen, where it asks about those that no walk reached
	deeper   bool    // that was done
	down     int64   // discovery: next id to ask downwards; 0 when not discovering
	step     int64   // discovery: ids a slice
	first    bool
}

const (
	wholeMax   = 500 // connections: below, one call of under 1 ms
	oldMax     = 4000
	slice      = 250
	sliceGap   = 3 * time.Millisecond // between slices, for the server's own clients
	firstSlack = 32
	mostEnds   = 4    // slices that try to be the last: where ids are given faster than that, the count stays as of the pass's begin
	statsPrice = 20.0 // usec of INFO stats
	maxSlack   = 1 << 16
	walkAgain  = 10 * time.Minute // at the earliest: a walk asks about every id that there ever was
)

func newLister(own int64) *lister {
	return &lister{top: own, sure: own, walk: true, slack: firstSlack, line: 380}
}

// update takes what the latest INFO says of the connections.
func (l *lister) update(info *redis.Info, caps Capabilities, interval time.Duration) {
	l.expected = int(info.Int("connected_clients").Or(0) + info.Int("connected_slaves").Or(0))
	l.nowTotal = info.Int("total_connections_received").Or(0)
	l.room = roomIn(info)
	l.nearLimit = l.room == ownBuffer
	l.canSlice = l.top > 0 && (info.Flavor() == "valkey" || info.VersionAtLeast(6, 2))
	l.deadline = interval / 2
}

// run goes on with the pass under way, or begins one, as far as budget and time allow.
func (l *lister) run(ctx context.Context, p *Poller, r *stats.Reading) error {
	if l.pass == nil && !l.begin(p) {
		return nil
	}
	l.pass.catchUp(l.nowTotal, l.slack)
	start := time.Now()
	for !l.pass.done(l.expected) {
		args, lines := l.slice()
		if !p.purse.affords(p.purse.slicePrice(max(0, len(args)-3), lines)) || time.Since(start) > l.deadline {
			l.handOut(r, false)
			return nil
		}
		if err := l.ask(ctx, p, args, lines); err != nil {
			l.pass = nil
			return err
		}
		if !l.pass.done(l.expected) && !pause(ctx, sliceGap) {
			return ctx.Err()
		}
	}
	l.finish()
	l.handOut(r, true)
	return nil
}

// begin starts a pass, or says why not.
func (l *lister) begin(p *Poller) bool {
	l.note = ""
	bytes := int64(l.expected) * l.line * 2 // the reply is built, then copied
	fits := bytes <= l.room
	whole := l.expected <= wholeMax && fits
	if !l.canSlice {
		whole = l.expected <= oldMax && fits
		if !whole {
			l.note = "connections not asked: too many for this version, which cannot list them in slices"
			return false
		}
	}
	l.pass = &pass{first: l.finished.IsZero(), reading: stats.ClientReading{Started: time.Now(), Received: l.nowTotal, Expected: l.expected}}
	grown := int64(0)
	if !l.pass.first {
		grown = max(0, l.nowTotal-l.received)
	}
	l.pass.sure = l.sure + grown
	if whole {
		l.pass.step, l.below = -1, 0
		return true
	}
	if l.walk {
		l.pass.down, l.pass.step = l.top+max(l.slack, l.size()), l.size()
		return true
	}
	old, _ := slices.BinarySearch(l.known, l.top+1)
	l.pass.todo = l.known[:old]
	l.pass.next = l.top + 1
	l.pass.given = max(l.top, l.pass.sure)
	l.pass.window = min(l.slack, l.rangeStep())
	l.pass.hi = max(l.top+grown, l.pass.given) + l.slack
	if n := len(l.known); n > old {
		l.pass.hi = max(l.pass.hi, l.known[n-1])
	}
	return true
}

// size is how many connections one reply may hold.
func (l *lister) size() int64 { return min(slice, max(8, l.room/l.line)) }

// done: a whole pass is done with its one reply; discovery when all are found or id 1 is reached.
func (p *pass) done(expected int) bool {
	switch {
	case p.step == -1:
		return false
	case p.down > 0 && len(p.reading.Clients) < expected:
		return false
	}
	return len(p.todo) == 0 && (p.hi == 0 || p.closed)
}

// catchUp takes note of the ids that were given while the pass rested.
func (p *pass) catchUp(received, slack int64) {
	if p.hi > 0 {
		p.given = max(p.given, p.sure+received-p.reading.Received)
		p.hi = max(p.hi, p.given+slack)
	}
}

// slice chooses the next ids to ask and how many lines they may bring.
func (l *lister) slice() (args []string, lines int) {
	args = []string{"CLIENT", "LIST"}
	q := l.pass
	q.count = false
	q.under = 0
	switch {
	case q.step == -1:
		return args, l.expected
	case q.down > 0:
		args = append(args, "ID")
		q.count = q.first && q.ends == 0 // whoever is newer than these came after the base of all counts
		low := max(1, q.down-q.step+1)
		for id := q.down; id >= low; id-- {
			args = append(args, strconv.FormatInt(id, 10))
		}
		return args, int(min(q.step, int64(l.expected-len(q.reading.Clients))))
	case len(q.todo) > 0:
		args = append(args, "ID")
		n := min(int(l.size()), len(q.todo))
		for _, id := range q.todo[:n] {
			args = append(args, strconv.FormatInt(id, 10))
		}
		return args, n
	case l.below > 0 && !q.deeper: // a slice a pass, where there may be somebody still
		args = append(args, "ID")
		q.under = min(l.below, l.underStep())
		for id := l.below; id > l.below-q.under; id-- {
			args = append(args, strconv.FormatInt(id, 10))
		}
		return args, 0
	}
	args = append(args, "ID")
	hi := q.nextRange(l.rangeStep())
	for id := q.next; id <= hi; id++ {
		args = append(args, strconv.FormatInt(id, 10))
	}
	return args, int(max(0, min(l.nowTotal-l.received, hi-q.next+1)))
}

// rangeStep is how many new ids one call asks about: most may be gone, so more than a slice.
func (l *lister) rangeStep() int64 {
	if l.nearLimit {
		return l.size()
	}
	return 2 * slice
}

// nextRange chooses the new ids to ask next, up to hi. An id that may not be given yet is asked about by a slice that is
// counted, or again.
func (q *pass) nextRange(step int64) (hi int64) {
	if q.next > q.hi { // all was asked, but what was given meanwhile
		q.next, q.hi = q.given+1, q.given+q.window
		if q.edge > 0 {
			q.next, q.edge = min(q.next, q.edge), 0
		}
	}
	hi = min(q.hi, q.next+step-1)
	switch {
	case hi == q.hi:
	case q.next <= q.given:
		hi = min(hi, q.given)
	case q.edge == 0: // ids are taken by others than clients: more may be beyond than one slice holds
		q.edge = q.given + 1
	}
	q.count = hi == q.hi && q.next <= q.given+1 && q.edge == 0
	return hi
}

// underStep is how many old ids one call asks about: hardly any is alive.
func (l *lister) underStep() int64 {
	if l.nearLimit {
		return l.size()
	}
	return maxSlice
}

func (l *lister) ask(ctx context.Context, p *Poller, args []string, lines int) error {
	v, received, err := l.list(ctx, p, args)
	if err != nil {
		return err
	}
	at := time.Now()
	clients, _ := redis.ParseClientList(v.Text)
	p.lines += len(clients)
	p.ids += max(0, len(args)-3)
	p.purse.take(p.purse.slicePrice(max(0, len(args)-3), len(clients)))
	if len(clients) > 0 {
		l.line = max(100, int64(len(v.Text)/len(clients)))
	}
	q := l.pass
	for _, c := range clients {
		q.reading.Clients = append(q.reading.Clients, stats.SeenClient{Client: c, At: at})
	}
	asked := int64(len(args) - 3)
	switch {
	case q.step == -1:
		q.step = 0
	case q.down > 0:
		q.down -= asked
		q.step = l.nextStep(q.step, int64(len(clients)))
	case len(q.todo) > 0:
		q.todo = q.todo[asked:]
	case q.under > 0:
		l.below -= q.under
		q.deeper = true
	default:
		q.next += asked
		for _, c := range clients { // somebody is alive close to the end: look further
			q.hi = max(q.hi, c.ID+l.slack)
			q.given = max(q.given, c.ID)
		}
	}
	if q.count {
		q.counted(received, l.rangeStep())
	}
	return nil
}

// list asks for a slice, and in one piece with it for total_connections_received where it is to be counted: 0 where not.
// Near maxmemory both would not fit the connection's own buffer: there the count comes first, and who comes in between is
// seen before it is counted, which does no harm.
func (l *lister) list(ctx context.Context, p *Poller, args []string) (v redis.Value, received int64, err error) {
	if !l.pass.count {
		v, err = p.conn.Do(ctx, args...)
		return v, 0, err
	}
	both := make([]redis.Value, 2)
	count := []string{"INFO", "stats"}
	if l.nearLimit {
		if both[0], err = p.conn.Do(ctx, count...); err == nil {
			both[1], err = p.conn.Do(ctx, args...)
		}
	} else {
		both, err = p.conn.exchange(ctx, count, args)
	}
	if err != nil {
		return v, 0, err
	}
	p.purse.take(statsPrice)
	return both[1], redis.ParseInfo(both[0].Text).Int("total_connections_received").Or(0), errors.Join(both[0].Err(), both[1].Err())
}

// counted takes the count of a slice. A slice is the last when the ids that it asked beyond the newest that is known to be given
// bring nobody: then nobody else can have been given one. Else the next begins where this one became unsure.
func (q *pass) counted(received, most int64) {
	q.ends++
	if q.down > 0 || q.first {
		for _, c := range q.reading.Clients {
			q.sure = max(q.sure, c.ID)
		}
		q.reading.Received = received
		return
	}
	asked := q.next - 1
	q.given = max(q.given, q.sure+received-q.reading.Received)
	switch {
	case asked-q.given >= q.window/2:
		q.reading.Received, q.sure, q.closed = received, q.given, true
	case q.ends >= mostEnds:
		q.given, q.closed = min(q.given, asked), true
	default:
		q.window = min(2*q.window, most)
		q.next, q.hi = min(q.given, asked)+1, q.given+q.window
	}
}

// nextStep widens the walk where few ids are alive and narrows it where many are.
func (l *lister) nextStep(step, found int64) int64 {
	limit := int64(maxSlice)
	if l.nearLimit {
		limit = slice
	}
	if found > l.size() {
		return max(l.size(), step/2)
	}
	if found < l.size()/2 {
		return min(limit, step*2)
	}
	return step
}

// finish ends a pass and remembers who was alive. When the server says that clearly more are
// connected than were found, ids were taken by others than clients: the next pass asks further.
func (l *lister) finish() {
	q := l.pass
	q.reading.Finished = time.Now()
	ids := make([]int64, 0, len(q.reading.Clients))
	for _, c := range q.reading.Clients {
		ids = append(ids, c.ID)
	}
	slices.Sort(ids)
	l.known = slices.Compact(ids)
	grown := max(0, q.reading.Received-l.received)
	l.received, l.sure = q.reading.Received, q.sure
	switch {
	case l.walk:
		l.walk, l.walked, l.below = false, q.reading.Finished, max(0, q.down)
	case grown == 0 && len(l.known) >= l.expected: // nobody is missing
		l.below = 0
	}
	if n := len(l.known); n > 0 {
		l.top = max(l.top, l.known[n-1])
	}
	if q.hi > 0 { // the newest are asked about again: a connection is counted after it got its id, later ones before it
		l.top = q.given - firstSlack
	}
	tolerance := max(8, l.expected/50, int(grown))
	q.reading.Known = len(l.known)
	q.reading.Complete = len(l.known) >= l.expected-tolerance
	switch {
	case q.reading.Complete:
		l.slack = firstSlack
	case l.slack < maxSlack:
		l.slack *= 2
	case q.reading.Finished.Sub(l.walked) > walkAgain:
		l.walk = true
	default: // the server counts connections that no list shows, as a proxy may: what is found is what there is
		l.slack = firstSlack
	}
	if !l.finished.IsZero() {
		l.every = q.reading.Finished.Sub(l.finished)
	}
	l.finished = q.reading.Finished
}

// handOut gives a finished pass away; of an unfinished one only the very first, since half an
// answer is better than none but worse than the last whole one.
func (l *lister) handOut(r *stats.Reading, finished bool) {
	q := l.pass
	if finished {
		r.Clients = &q.reading
		l.pass = nil
		return
	}
	if q.first && len(q.reading.Clients) > 0 {
		part := q.reading
		part.Clients = slices.Clone(part.Clients)
		part.Known, part.Finished = len(part.Clients), time.Now()
		r.Clients = &part
	}
}

// pause waits, and says false when the context ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
