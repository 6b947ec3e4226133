package messaging

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func some(n int64) stats.Maybe[int64]     { return stats.Some(n) }
func rate(v float64) stats.Maybe[float64] { return stats.Some(v) }
func at(seconds float64) time.Time        { return noon.Add(time.Duration(seconds * float64(time.Second))) }
func seconds(n int64) time.Duration       { return time.Duration(n) * time.Second }
func unknown() (none stats.Maybe[int64])  { return none }
func ids(n int) (first, last string)      { return "1-1", fmt.Sprintf("%d-1", n) }
func delivered(n int64) (id string)       { return fmt.Sprintf("%d-1", n) }
func stream(n int64) (s redis.StreamInfo) {
	s.First, s.Last = ids(int(n))
	s.Length, s.LastGenerated, s.Added = n, s.Last, some(n)
	return s
}

func TestLag(t *testing.T) {
	trimmed := redis.StreamInfo{Length: 2, LastGenerated: "9-1", First: "8-1", Last: "9-1", Added: some(9)}
	empty := redis.StreamInfo{LastGenerated: "9-1", Added: some(9)}
	newestDeleted := redis.StreamInfo{Length: 3, LastGenerated: "9-1", First: "1-1", Last: "5-1", Added: some(9)}
	large := redis.StreamInfo{Length: 9}
	old := redis.StreamInfo{Length: 9, LastGenerated: "9-1", First: "1-1", Last: "9-1"}
	for _, tt := range []struct {
		name string
		info redis.StreamInfo
		at   string
		said stats.Maybe[int64]
		want stats.Maybe[int64]
		note string // a part of it
	}{
		{"the server knows", stream(9), "4-1", some(5), some(5), ""},
		{"all delivered", stream(9), "9-1", some(0), some(0), ""},
		{"all delivered, and the server has lost count", stream(9), "9-1", unknown(), some(0), ""},
		{"nothing delivered, and the server does not say", stream(9), "0-0", unknown(), some(9), ""},
		{"trimmed ahead of the group", trimmed, "4-1", some(5), some(2), "phantom: the server says 5"},
		{"trimmed ahead of the group, and said so", trimmed, "4-1", some(2), some(2), ""},
		{"trimmed to nothing", empty, "4-1", some(5), some(0), "phantom"},
		{"deleted ahead of the group", stream(9), "4-1", unknown(), unknown(), "XDEL"},
		{"made in the middle", redis.StreamInfo{Length: 9, LastGenerated: "9-1", First: "1-1", Last: "9-1", Added: some(9), MaxDeleted: redis.Some("0-0")}, "4-1", unknown(), unknown(), "in the middle"},
		{"more than there is", redis.StreamInfo{Length: 3, LastGenerated: "9-1", First: "1-1", Last: "9-1", Added: some(9)}, "4-1", some(5), unknown(), "only 3 entries"},
		{"the newest were deleted", newestDeleted, "5-1", unknown(), some(0), ""},
		{"ids that are not asked for", large, "4-1", some(5), some(5), ""},
		{"ids that are not asked for, nor told", large, "4-1", unknown(), unknown(), "large"},
		{"before 7.0", old, "4-1", unknown(), unknown(), "7.0"},
		{"before 7.0, all delivered", old, "9-1", unknown(), some(0), ""},
		{"an id of no shape", stream(9), "x", some(5), some(5), ""},
	} {
		lag, note := lagOf(tt.info, redis.StreamGroup{LastDelivered: tt.at, Lag: tt.said})
		if lag != tt.want || (note == "") != (tt.note == "") || !strings.Contains(note, tt.note) {
			t.Errorf("%s: %v %q, want %v %q", tt.name, lag, note, tt.want, tt.note)
		}
	}
}

func TestConsumerState(t *testing.T) {
	inactive := func(n int64) redis.Maybe[time.Duration] { return redis.Some(seconds(n)) }
	for _, tt := range []struct {
		name string
		c    redis.StreamConsumer
		h    held
		fell float64 // seconds since its pending entries became less; 0: they never did
		want stats.ConsumerState
	}{
		{"works", redis.StreamConsumer{Pending: 3, Idle: seconds(1)}, held{seen: 3, youngest: seconds(1)}, 0, stats.ConsumerActive},
		{"long work, but it got something new", redis.StreamConsumer{Pending: 3, Idle: seconds(1)}, held{seen: 3, youngest: seconds(2)}, 0, stats.ConsumerActive},
		{"nothing to do", redis.StreamConsumer{Idle: seconds(5)}, held{}, 0, stats.ConsumerActive},
		{"nothing to do for long", redis.StreamConsumer{Idle: seconds(90)}, held{}, 0, stats.ConsumerIdle},
		{"all it holds is old", redis.StreamConsumer{Pending: 3, Idle: seconds(1)}, held{seen: 3, youngest: seconds(121)}, 0, stats.ConsumerStuck},
		{"all it holds is old, but it acknowledges", redis.StreamConsumer{Pending: 3, Idle: seconds(1)}, held{seen: 3, youngest: seconds(121)}, 5, stats.ConsumerActive},
		{"all it holds is old, and it acknowledged long ago", redis.StreamConsumer{Pending: 3, Idle: seconds(1)}, held{seen: 3, youngest: seconds(121)}, 600, stats.ConsumerStuck},
		{"it reads the same again and again", redis.StreamConsumer{Pending: 3, Idle: seconds(1), Inactive: inactive(600), HasInactive: true}, held{seen: 3, youngest: seconds(1)}, 0, stats.ConsumerActive},
		{"what was seen of it is old, the rest not known", redis.StreamConsumer{Pending: 300, Idle: seconds(1)}, held{seen: 3, youngest: seconds(121)}, 0, stats.ConsumerActive},
		{"many held, nothing came for long", redis.StreamConsumer{Pending: 300, Idle: seconds(1), Inactive: inactive(121), HasInactive: true}, held{seen: 3, youngest: seconds(121)}, 0, stats.ConsumerStuck},
		{"many held, none of them among the oldest", redis.StreamConsumer{Pending: 300, Idle: seconds(1), Inactive: inactive(121), HasInactive: true}, held{}, 0, stats.ConsumerStuck},
		{"many held, nothing came for long, before 7.2", redis.StreamConsumer{Pending: 300, Idle: seconds(121)}, held{seen: 3, youngest: seconds(121)}, 0, stats.ConsumerStuck},
		{"many held, but it gets new ones", redis.StreamConsumer{Pending: 300, Idle: seconds(1), Inactive: inactive(1), HasInactive: true}, held{}, 0, stats.ConsumerActive},
		{"gone", redis.StreamConsumer{Pending: 3, Idle: seconds(301), Inactive: inactive(301), HasInactive: true}, held{seen: 3, youngest: seconds(301)}, 0, stats.ConsumerDead},
		{"gone or stuck, nobody knows before 7.2", redis.StreamConsumer{Pending: 3, Idle: seconds(301)}, held{seen: 3, youngest: seconds(301)}, 0, stats.ConsumerStuck},
		{"not gone yet", redis.StreamConsumer{Pending: 3, Idle: seconds(50)}, held{seen: 3, youngest: seconds(50)}, 0, stats.ConsumerActive},
	} {
		mark := consumerMark{}
		if tt.fell > 0 {
			mark.fell = noon.Add(-seconds(int64(tt.fell)))
		}
		row := consumerRow(tt.c, tt.h, mark, noon)
		if row.State != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, row.State, tt.want)
		}
	}
}

// When a consumer asked is told from 7.2 on; before, what the server calls idle is when it got something.
func TestWhenAConsumerAsked(t *testing.T) {
	for name, tt := range map[string]struct {
		c          redis.StreamConsumer
		asked, got stats.Maybe[float64]
	}{
		"7.2":                   {redis.StreamConsumer{Idle: seconds(5), Inactive: redis.Some(seconds(9)), HasInactive: true}, rate(5), rate(9)},
		"7.2, it never got any": {redis.StreamConsumer{Idle: seconds(5), HasInactive: true}, rate(5), stats.Maybe[float64]{}},
		"before 7.2":            {redis.StreamConsumer{Idle: seconds(5)}, stats.Maybe[float64]{}, rate(5)},
	} {
		if row := consumerRow(tt.c, held{}, consumerMark{}, noon); row.IdleSeconds != tt.asked || row.InactiveSeconds != tt.got {
			t.Errorf("%s: asked %v, got something %v", name, row.IdleSeconds, row.InactiveSeconds)
		}
	}
}

// What a stuck or dead consumer holds is done never: by the others' pace only what is left beside it is.
func TestWhatIsHeldUpIsNeverDone(t *testing.T) {
	gone := redis.StreamConsumer{Name: "gone", Pending: 20, Idle: seconds(400), Inactive: redis.Some(seconds(400)), HasInactive: true}
	well := redis.StreamConsumer{Name: "well", Pending: 5, Inactive: redis.Some(seconds(0)), HasInactive: true}
	for name, tt := range map[string]struct {
		before, after streamLook
		drain         stats.Maybe[float64]
		never         bool
	}{
		"the others keep up":     {look(0, 100, 100, 95, 25), look(2, 300, 300, 300, 25), stats.Maybe[float64]{}, true},
		"the others catch up":    {look(0, 2000, 2000, 100, 25), look(2, 2000, 2000, 200, 25), rate(36.1), false}, // (1800+25-20) at 50 a second
		"the others fall behind": {look(0, 2000, 2000, 100, 25), look(2, 2900, 2900, 200, 25), stats.Maybe[float64]{}, true},
	} {
		for _, l := range []*streamLook{&tt.before, &tt.after} {
			l.groups[0].consumers = []redis.StreamConsumer{gone, well}
		}
		_, mark := foldStream(tt.before, streamMark{})
		row, _ := foldStream(tt.after, mark)
		if g := row.Groups[0]; g.HeldUp != 20 || g.DrainSeconds != tt.drain || g.DrainNever != tt.never {
			t.Errorf("%s: %d held up, done in %v, never %t", name, g.HeldUp, g.DrainSeconds, g.DrainNever)
		}
	}
}

func TestConsumersInOrder(t *testing.T) {
	list := []redis.StreamConsumer{{Name: "well", Pending: 1}, {Name: "gone", Pending: 2, Idle: seconds(900), Inactive: redis.Some(seconds(900)), HasInactive: true}, {Name: "idle", Idle: seconds(900)}, {Name: "stuck", Pending: 1}}
	pending := []redis.PendingEntry{{ID: "1-1", Consumer: "stuck", Idle: seconds(700), Deliveries: 9}, {ID: "2-1", Consumer: "well", Idle: seconds(1), Deliveries: 2}}
	rows, marks, more := foldConsumers(list, pending, nil, noon)
	var names []string
	for _, r := range rows {
		names = append(names, r.Name)
	}
	if diff := cmp.Diff([]string{"stuck", "gone", "well", "idle"}, names); diff != "" || more != 0 || len(marks) != 4 {
		t.Errorf("%s, %d more, %d remembered", diff, more, len(marks))
	}
	var many []redis.StreamConsumer
	for i := range mostConsumers + 7 {
		many = append(many, redis.StreamConsumer{Name: fmt.Sprint(i), Pending: int64(i)})
	}
	if rows, _, more := foldConsumers(many, nil, nil, noon); len(rows) != mostConsumers || more != 7 || rows[0].Pending != mostConsumers+6 {
		t.Errorf("%d rows, %d more", len(rows), more)
	}
}

// look is a stream of so many entries, ten of which were deleted, that a group has read up to one of them.
func look(seconds float64, added, length, read, pending int64) streamLook {
	s := redis.StreamInfo{Length: length, Added: some(added), LastGenerated: delivered(added), First: delivered(added - length + 1), Last: delivered(added), MaxDeleted: redis.Some("0-0")}
	g := groupLook{StreamGroup: redis.StreamGroup{Name: "g", LastDelivered: delivered(read), Pending: pending, Read: some(read), Lag: some(added - read)}}
	return streamLook{at: at(seconds), place: place{0, "s"}, info: s, groups: []groupLook{g}}
}

func TestRatesOfAGroup(t *testing.T) {
	for _, tt := range []struct {
		name          string
		before, after streamLook
		want          stats.GroupRow // its rates
		added         float64
		trimmed       bool
	}{
		{"it catches up", look(0, 100, 100, 50, 10), look(2, 120, 120, 90, 20),
			stats.GroupRow{Lag: some(30), Pending: 20, LagPerSecond: rate(-10), ReadPerSecond: rate(20), AckedPerSecond: rate(15), DrainSeconds: rate(10)}, 10, false},
		{"it falls behind", look(0, 100, 100, 50, 10), look(2, 140, 140, 60, 20),
			stats.GroupRow{Lag: some(80), Pending: 20, LagPerSecond: rate(15), ReadPerSecond: rate(5), AckedPerSecond: rate(0), DrainNever: true}, 20, false},
		{"it keeps up", look(0, 100, 100, 95, 5), look(2, 300, 300, 295, 5),
			stats.GroupRow{Lag: some(5), Pending: 5, LagPerSecond: rate(0), ReadPerSecond: rate(100), AckedPerSecond: rate(100), DrainSeconds: rate(0.1)}, 100, false},
		{"it is done", look(0, 100, 100, 90, 0), look(2, 100, 100, 100, 0),
			stats.GroupRow{Lag: some(0), LagPerSecond: rate(-5), ReadPerSecond: rate(5), AckedPerSecond: rate(5), DrainSeconds: rate(0)}, 0, false},
		{"nobody reads", look(0, 100, 100, 50, 0), look(2, 100, 100, 50, 0),
			stats.GroupRow{Lag: some(50), LagPerSecond: rate(0), ReadPerSecond: rate(0), AckedPerSecond: rate(0), DrainNever: true}, 0, false},
		{"set back by hand", look(0, 100, 100, 90, 0), look(2, 100, 100, 10, 0),
			stats.GroupRow{Lag: some(90), LagPerSecond: rate(40), DrainNever: true}, 0, false},
		{"trimmed meanwhile", look(0, 100, 50, 90, 0), look(2, 120, 50, 110, 0),
			stats.GroupRow{Lag: some(10), LagPerSecond: rate(0), ReadPerSecond: rate(10), AckedPerSecond: rate(10), DrainSeconds: rate(1)}, 10, true},
	} {
		_, mark := foldStream(tt.before, streamMark{})
		row, _ := foldStream(tt.after, mark)
		got := row.Groups[0]
		got.Name, got.LastDelivered = "", ""
		if diff := cmp.Diff(tt.want, got); diff != "" || row.AddedPerSecond != rate(tt.added) || row.Trimmed != stats.Some(tt.trimmed) {
			t.Errorf("%s: added %v, trimmed %v %s", tt.name, row.AddedPerSecond, row.Trimmed, diff)
		}
	}
}

// A group that is made at the end of a stream has no count of its own; what is added since is its lag.
func TestLagOfAGroupMadeAtTheEnd(t *testing.T) {
	end := look(0, 100, 100, 100, 0)
	end.groups[0].Read, end.groups[0].Lag = unknown(), unknown()
	_, mark := foldStream(end, streamMark{})
	later := look(2, 130, 130, 100, 0)
	later.groups[0].Read, later.groups[0].Lag = unknown(), unknown()
	row, _ := foldStream(later, mark)
	if row.Groups[0].Lag != some(30) || row.Groups[0].LagNote != "" {
		t.Errorf("%+v", row.Groups[0])
	}
	later.info.MaxDeleted = redis.Some("120-1")
	if row, _ = foldStream(later, mark); row.Groups[0].Lag.Known() {
		t.Errorf("an entry was deleted ahead of it: %+v", row.Groups[0])
	}
}

// One look tells no rate, and neither do looks at another stream by the same name.
func TestNoRateWithoutTwoLooks(t *testing.T) {
	first, mark := foldStream(look(0, 100, 100, 50, 0), streamMark{})
	anew, _ := foldStream(look(2, 5, 5, 5, 0), mark)
	for _, row := range []stats.StreamRow{first, anew} {
		if row.AddedPerSecond.Known() || row.Growing.Known() {
			t.Errorf("a rate from one look: %+v", row)
		}
	}
	if first.Trimmed.Known() || first.Groups[0].LagPerSecond.Known() || first.Groups[0].DrainNever {
		t.Errorf("%+v", first.Groups[0])
	}
}

func TestTrend(t *testing.T) {
	var tr trend
	for i, want := range []stats.Maybe[float64]{{}, {}, {}, {}, rate(1), rate(1), rate(1), rate(0.75)} {
		length := int64(i * 5)
		if i == 7 {
			length = 30
		}
		if tr = tr.with(at(float64(i*5)), length); i < 4 && tr.rate().Known() {
			t.Errorf("after %d s: %v", i*5, tr.rate())
		} else if i >= 4 && i < 7 && tr.rate() != want {
			t.Errorf("after %d s: %v, want %v", i*5, tr.rate(), want)
		}
	}
	for i := range 100 { // it forgets what was long ago
		tr = tr.with(at(float64(100+i*5)), 30)
	}
	if tr.growing() != stats.Some(false) {
		t.Errorf("a length that stays grows: %v", tr.rate())
	}
}

// When a queue is empty is told before twenty seconds are over where it is plain, and not by chance.
func TestDrainOfAShortLook(t *testing.T) {
	for _, test := range []struct {
		name   string
		depths []int64
		want   stats.QueueRow
	}{
		{"it shrinks", []int64{2771, 2679}, stats.QueueRow{Depth: 2679, DepthPerSecond: rate(-46), DrainSeconds: rate(2679.0 / 46)}},
		{"it grows", []int64{100, 138}, stats.QueueRow{Depth: 138, DepthPerSecond: rate(19), DrainNever: true}},
		{"it stays", []int64{100, 100, 100}, stats.QueueRow{Depth: 100, DepthPerSecond: rate(0)}},
		{"a few", []int64{100, 103}, stats.QueueRow{Depth: 103, DepthPerSecond: rate(1.5)}},
		{"to and fro", []int64{100, 150, 100, 112}, stats.QueueRow{Depth: 112, DepthPerSecond: rate(6)}},
		{"its workers keep up", []int64{0, 0}, stats.QueueRow{DepthPerSecond: rate(0), DrainSeconds: rate(0)}},
	} {
		var mark queueMark
		var row stats.QueueRow
		for i, depth := range test.depths {
			row = stats.QueueRow{}
			mark = foldQueue(&row, queueLook{at: at(float64(2 * i)), depth: depth}, mark)
		}
		if diff := cmp.Diff(test.want, row); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
	}
}

func TestQueue(t *testing.T) {
	fold := func(depths ...int64) stats.QueueRow {
		var mark queueMark
		var row stats.QueueRow
		for i, depth := range depths {
			row = stats.QueueRow{}
			mark = foldQueue(&row, queueLook{at: at(float64(20 * i)), depth: depth, oldest: stats.Some(noon)}, mark)
		}
		return row
	}
	for _, tt := range []struct {
		name   string
		depths []int64
		want   stats.QueueRow
	}{
		{"one look", []int64{10}, stats.QueueRow{Depth: 10, OldestSeconds: rate(0)}},
		{"it shrinks", []int64{100, 60}, stats.QueueRow{Depth: 60, OldestSeconds: rate(20), DepthPerSecond: rate(-2), DrainSeconds: rate(30)}},
		{"it grows", []int64{60, 100}, stats.QueueRow{Depth: 100, OldestSeconds: rate(20), DepthPerSecond: rate(2), DrainNever: true}},
		{"it stays", []int64{60, 60}, stats.QueueRow{Depth: 60, OldestSeconds: rate(20), DepthPerSecond: rate(0), DrainNever: true}},
		{"it is empty, and no job is old", []int64{60, 0}, stats.QueueRow{DepthPerSecond: rate(-3), DrainSeconds: rate(0)}},
	} {
		if diff := cmp.Diff(tt.want, fold(tt.depths...)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// Two looks a second or two apart say whether a queue drains where they differ plainly, and nothing else.
func TestQueueOfTwoLooks(t *testing.T) {
	for _, tt := range []struct {
		before, after int64
		empty         stats.Maybe[float64]
		never         bool
	}{{2771, 2679, rate(2679.0 / 46), false}, {100, 138, stats.Maybe[float64]{}, true}, {50, 50, stats.Maybe[float64]{}, false}, {50, 53, stats.Maybe[float64]{}, false}} {
		var row stats.QueueRow
		mark := foldQueue(&row, queueLook{at: at(0), depth: tt.before}, queueMark{})
		foldQueue(&row, queueLook{at: at(2), depth: tt.after}, mark)
		if row.DrainSeconds != tt.empty || row.DrainNever != tt.never {
			t.Errorf("from %d to %d: %v, never %v", tt.before, tt.after, row.DrainSeconds, row.DrainNever)
		}
	}
}

// What is pending and not acknowledged never ends, whether or not anybody knows the lag.
func TestNeverDoneWithoutALag(t *testing.T) {
	before, after := look(0, 100, 100, 60, 40), look(2, 100, 100, 60, 40)
	for _, l := range []*streamLook{&before, &after} {
		l.info.MaxDeleted = redis.Some("90-1")
		l.groups[0].Lag = unknown()
	}
	_, mark := foldStream(before, streamMark{})
	row, _ := foldStream(after, mark)
	if g := row.Groups[0]; g.Lag.Known() || !g.DrainNever {
		t.Errorf("lag %v, never done %t", g.Lag, g.DrainNever)
	}
	after.groups[0].Pending = 30
	row, _ = foldStream(after, mark)
	if g := row.Groups[0]; g.DrainNever || g.AckedPerSecond != rate(5) {
		t.Errorf("acknowledges %v a second, never done %t", g.AckedPerSecond, g.DrainNever)
	}
}
