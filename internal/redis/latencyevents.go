package redis

import (
	"fmt"
	"math"
	"time"
)

// LatencyEvent is a row of LATENCY LATEST (2.8.13+).
type LatencyEvent struct {
	Event       string
	Time        time.Time     // of the latest, whole seconds
	Latest, Max time.Duration // whole milliseconds; Max is since start or LATENCY RESET
}

// ParseLatencyLatest reads the reply of LATENCY LATEST. Rows have four elements, six on Valkey 8.1+.
func ParseLatencyLatest(v Value) ([]LatencyEvent, error) {
	if err := v.Err(); err != nil {
		return nil, fmt.Errorf("read latency events: %w", err)
	}
	if v.Kind != KindArray {
		return nil, fmt.Errorf("read latency events: %w", errShape)
	}
	events := make([]LatencyEvent, 0, len(v.Elems))
	for i, row := range v.Elems {
		if row.Kind != KindArray || len(row.Elems) < 4 || !row.Elems[0].isText() {
			return nil, fmt.Errorf("read latency event %d: %w", i, errShape)
		}
		unix, ok1 := row.Elems[1].integer()
		latest, ok2 := row.Elems[2].integer()
		longest, ok3 := row.Elems[3].integer()
		if !ok1 || !ok2 || !ok3 || unix < 0 || unix > math.MaxUint32 {
			return nil, fmt.Errorf("read latency event %d: %w", i, errShape)
		}
		events = append(events, LatencyEvent{Event: row.Elems[0].Text, Time: time.Unix(unix, 0),
			Latest: duration(latest, time.Millisecond), Max: duration(longest, time.Millisecond)})
	}
	return events, nil
}
