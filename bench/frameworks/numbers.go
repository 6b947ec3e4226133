package main

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"

	"redistop/internal/stats"
)

// numbers are what a framework's own calls say of one of its queues. What they do not tell is absent.
type numbers struct {
	Queue    string   `json:"queue"` // "": what all its queues share
	Waiting  *int64   `json:"waiting,omitempty"`
	InFlight *int64   `json:"in_flight,omitempty"`
	Delayed  *int64   `json:"delayed,omitempty"`
	Dead     *int64   `json:"dead,omitempty"`
	OldestAt *float64 `json:"oldest_at,omitempty"` // seconds since 1970: when the job came that is served next
}

// count asks a framework for its numbers.
func (p *program) count() ([]numbers, error) {
	if _, err := p.stdin.Write([]byte("count\n")); err != nil {
		return nil, fmt.Errorf("ask it for its numbers: %w", err)
	}
	for p.lines.Scan() {
		if !strings.HasPrefix(p.lines.Text(), "[") {
			continue
		}
		var all []numbers
		if err := json.Unmarshal(p.lines.Bytes(), &all); err != nil {
			return nil, fmt.Errorf("read its numbers: %w", err)
		}
		return all, nil
	}
	return nil, fmt.Errorf("ask it for its numbers: it ended: %w", p.lines.Err())
}

// still says that nothing moved between two askings. An age that a framework tells as an age is not known to the
// millisecond.
func still(before, after []numbers) bool {
	if len(before) != len(after) {
		return false
	}
	for i := range before {
		a, b := before[i], after[i]
		if (a.OldestAt == nil) != (b.OldestAt == nil) || a.OldestAt != nil && math.Abs(*a.OldestAt-*b.OldestAt) > 0.1 {
			return false
		}
		a.OldestAt, b.OldestAt = nil, nil
		if !reflect.DeepEqual(a, b) {
			return false
		}
	}
	return true
}

// lateness is by how much the time of the oldest job may differ: the look at it comes a little before the answer.
const lateness = 2.0

// fact is one number beside the other. Absent ones are "n/a".
type fact struct {
	name         string
	theirs, ours string
	differs      bool
}

// facts holds a row of redistop's against a framework's numbers. A key that is not there holds nothing: what redistop
// does not know of it is 0 to the framework. row is nil where redistop shows no such queue.
func (n numbers) facts(row *stats.QueueRow, at time.Time) []fact {
	if row == nil {
		row = &stats.QueueRow{}
	}
	var list []fact
	for _, one := range []struct {
		name   string
		theirs *int64
		ours   stats.Maybe[int64]
	}{{"waiting", n.Waiting, stats.Some(row.Depth)}, {"in flight", n.InFlight, row.InFlight}, {"delayed", n.Delayed, row.Delayed}, {"dead", n.Dead, row.Dead}} {
		if one.theirs == nil {
			continue
		}
		f := fact{name: one.name, theirs: fmt.Sprint(*one.theirs), ours: "n/a", differs: *one.theirs != one.ours.Or(0)}
		if ours, ok := one.ours.Get(); ok {
			f.ours = fmt.Sprint(ours)
		}
		list = append(list, f)
	}
	if n.OldestAt != nil {
		age := float64(at.UnixMilli())/1000 - *n.OldestAt
		f := fact{name: "oldest", theirs: fmt.Sprintf("%.1fs", age), ours: "n/a", differs: true}
		if ours, ok := row.OldestSeconds.Get(); ok {
			f.ours, f.differs = fmt.Sprintf("%.1fs", ours), math.Abs(ours-age) > lateness
		}
		list = append(list, f)
	}
	return list
}
