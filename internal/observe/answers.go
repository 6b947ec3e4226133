package observe

import (
	"slices"
	"time"

	"redistop/internal/stats"
)

// An answer is one PING and how long it took.
type answer struct {
	sent time.Time
	took time.Duration
}

// fewProbes is the number below which a 99th percentile is only the longest.
const fewProbes = 20

// latency makes the figures of the PINGs that were answered since begin. gap is the mean time between two.
// A PING that waits keeps others from being sent; they count as if they had been, so that a quantile says
// what a client meets that comes at any moment.
func latency(answers []answer, begin time.Time, gap time.Duration) stats.Latency {
	l := stats.Latency{Probes: int64(len(answers))}
	if len(answers) == 0 {
		return l
	}
	waits := make([]time.Duration, 0, len(answers))
	for _, a := range answers {
		waits = append(waits, a.took)
		for late := gap; late < a.took && len(waits) < mostAnswers; late += gap {
			if a.sent.Add(late).After(begin) {
				waits = append(waits, a.took-late)
			}
		}
	}
	slices.Sort(waits)
	l.P50Usec = stats.Some(quantile(waits, 0.50))
	if len(answers) >= fewProbes {
		l.P99Usec = stats.Some(quantile(waits, 0.99))
	}
	l.MaxUsec = stats.Some(usec(waits[len(waits)-1]))
	return l
}

// quantile is the smallest of the sorted waits that at least q of them do not exceed.
func quantile(sorted []time.Duration, q float64) float64 {
	rank := int(q * float64(len(sorted)))
	if float64(rank) == q*float64(len(sorted)) {
		rank--
	}
	return usec(sorted[min(max(rank, 0), len(sorted)-1)])
}

func usec(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
