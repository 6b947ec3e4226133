package redis

import (
	"fmt"
	"math"
)

// ParseHistograms reads the reply of LATENCY HISTOGRAM (7.0+) by command. The server sends only
// buckets that hold a call.
func ParseHistograms(v Value) (map[string]Histogram, error) {
	if err := v.Err(); err != nil {
		return nil, fmt.Errorf("read latency histograms: %w", err)
	}
	pairs, ok := v.pairs()
	if !ok {
		return nil, fmt.Errorf("read latency histograms: %w", errShape)
	}
	all := make(map[string]Histogram, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		h, ok := parseHistogram(pairs[i+1])
		if !ok || !pairs[i].isText() {
			return nil, fmt.Errorf("read latency histogram %d: %w", i/2, errShape)
		}
		all[commandName(pairs[i].Text)] = h
	}
	return all, nil
}

// parseHistogram reads {calls: n, histogram_usec: {usec: count, ...}}.
func parseHistogram(v Value) (Histogram, bool) {
	pairs, ok := v.pairs()
	if !ok {
		return Histogram{}, false
	}
	var h Histogram
	for i := 0; i < len(pairs); i += 2 {
		value := pairs[i+1]
		switch pairs[i].Text {
		case "calls":
			h.Calls, ok = value.integer()
			ok = ok && h.Calls >= 0
		case "histogram_usec":
			h.Buckets, ok = parseBuckets(value)
		}
		if !ok {
			return Histogram{}, false
		}
	}
	return h, true
}

func parseBuckets(v Value) ([]Bucket, bool) {
	pairs, ok := v.pairs()
	if !ok {
		return nil, false
	}
	buckets := make([]Bucket, 0, len(pairs)/2)
	last := Bucket{Usec: -1}
	for i := 0; i < len(pairs); i += 2 {
		usec, ok1 := pairs[i].integer()
		count, ok2 := pairs[i+1].integer()
		if !ok1 || !ok2 || usec <= last.Usec || count < last.Count {
			return nil, false
		}
		last = Bucket{Usec: usec, Count: count}
		buckets = append(buckets, last)
	}
	return buckets, true
}

// Sub is the histogram of the calls between older and h, two readings of one command. When any
// count went back the server has started anew in between, and h alone is the answer.
func (h Histogram) Sub(older Histogram) Histogram {
	if h.Calls < older.Calls {
		return h
	}
	diff := Histogram{Calls: h.Calls - older.Calls}
	rest := older.Buckets
	var now, before, sum int64 // cumulative: of h, of older, of diff
	for _, b := range h.Buckets {
		calls := b.Count - now // in this bucket alone
		now = b.Count
		if len(rest) > 0 && rest[0].Usec == b.Usec {
			calls -= rest[0].Count - before
			before = rest[0].Count
			rest = rest[1:]
		}
		// A bucket that held calls and is gone blocks rest until the end.
		if calls < 0 {
			return h
		}
		if calls > 0 {
			sum += calls
			diff.Buckets = append(diff.Buckets, Bucket{Usec: b.Usec, Count: sum})
		}
	}
	if len(rest) > 0 {
		return h
	}
	return diff
}

// Quantile is the upper edge, in microseconds, of the bucket that holds the q-quantile (0.99: 99
// of 100 calls took at most that). The server counts all beyond one second in its last bucket.
// It is false when there were no calls.
func (h Histogram) Quantile(q float64) (usec int64, ok bool) {
	if len(h.Buckets) == 0 || math.IsNaN(q) {
		return 0, false
	}
	total := h.Buckets[len(h.Buckets)-1].Count
	if total <= 0 {
		return 0, false
	}
	rank := max(1, math.Ceil(min(max(q, 0), 1)*float64(total)))
	for _, b := range h.Buckets {
		if float64(b.Count) >= rank {
			return b.Usec, true
		}
	}
	return h.Buckets[len(h.Buckets)-1].Usec, true
}
