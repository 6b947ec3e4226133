package sketch

import "math/bits"

const (
	// subBits: an octave of values is cut into 64 buckets. Their middle is at most 1/128 away from
	// any value in them.
	subBits    = 6
	subBuckets = 1 << subBits
	// exact values are their own bucket.
	exact   = 2 * subBuckets
	buckets = exact + (64-subBits-1)*subBuckets
)

// Quantiles tells the distribution of sizes within 1 % of the size, in fixed memory of 30 KB. The
// zero value is empty and ready. It is not safe for concurrent use.
type Quantiles struct {
	counts   [buckets]uint64
	n        uint64
	sum      float64
	min, max uint64
}

// Add counts one value.
func (h *Quantiles) Add(v uint64) {
	if h.n == 0 || v < h.min {
		h.min = v
	}
	h.max = max(h.max, v)
	h.counts[bucketOf(v)]++
	h.n++
	h.sum += float64(v)
}

// Count is the number of values; Mean, Min and Max are exact, and 0 without values.
func (h *Quantiles) Count() uint64 { return h.n }
func (h *Quantiles) Min() uint64   { return h.min }
func (h *Quantiles) Max() uint64   { return h.max }

// Sum is the sum of all values, as exact as a float64.
func (h *Quantiles) Sum() float64 { return h.sum }

// Quantile is a value that the share q (0 to 1) of all values does not exceed, within 1 %: 0.5 is
// the median. It is unknown without values.
func (h *Quantiles) Quantile(q float64) (uint64, bool) {
	if h.n == 0 || !(q >= 0 && q <= 1) {
		return 0, false
	}
	rank := min(uint64(q*float64(h.n)), h.n-1) // how many values are smaller
	if float64(rank) == q*float64(h.n) && rank > 0 {
		rank-- // "does not exceed": of four values the median is the second
	}
	var below uint64
	for i, n := range h.counts {
		if below += n; below > rank {
			return min(max(bucketMiddle(i), h.min), h.max), true
		}
	}
	return h.max, true
}

// Merge adds all values of another.
func (h *Quantiles) Merge(other *Quantiles) {
	if other.n == 0 {
		return
	}
	if h.n == 0 || other.min < h.min {
		h.min = other.min
	}
	h.max = max(h.max, other.max)
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.n += other.n
	h.sum += other.sum
}

// Reset forgets all values.
func (h *Quantiles) Reset() { *h = Quantiles{} }

func bucketOf(v uint64) int {
	if v < exact {
		return int(v)
	}
	shift := bits.Len64(v) - subBits - 1 // leaves 64 to 127
	return shift*subBuckets + int(v>>shift)
}

func bucketMiddle(i int) uint64 {
	if i < exact {
		return uint64(i)
	}
	shift := i/subBuckets - 1
	low := uint64(i-shift*subBuckets) << shift
	return low + (1<<shift)/2
}
