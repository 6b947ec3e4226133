package stats

import "math"

// An estimator tells from windows of the command stream what share of all commands something has, and
// how far that can be trusted. Commands of one window are no independent draws: pipelines, loops
// and bursts fill whole windows. So windows are the unit (cluster sampling), and the error comes from
// how much they differ.
type estimator struct {
	n        []float64 // commands in each window
	sum      float64
	unseen   float64 // share of the time that no window saw: what was seen is certain
	critical float64 // Student's t for the windows there are
	typical  float64 // design effect of what was not seen at all, at least 1
	exact    bool    // everything was seen
}

// newEstimator takes the windows' commands, and the share of time in which MONITOR was on.
func newEstimator(n []float64, duty float64, exact bool) *estimator {
	e := &estimator{n: n, exact: exact, unseen: 1 - min(max(duty, 0), 1), typical: 1}
	var squares float64
	for _, v := range n {
		e.sum += v
		squares += v * v
	}
	// Windows of different weight tell less than as many equal ones.
	if e.sum > 0 {
		e.critical = studentT(e.sum*e.sum/squares - 1)
	}
	return e
}

// share is the share that x has, given its commands in each window, and the half-width of a 95 %
// interval around it; without windows that saw anything neither is known.
func (e *estimator) share(x []float64) (share, halfWidth float64, ok bool) {
	if e.sum == 0 {
		return 0, 0, false
	}
	p := min(total(x)/e.sum, 1)
	if e.exact {
		return p, 0, true
	}
	low, high := e.interval(p, e.designEffect(x, p))
	return p, max(p-low, high-p), true
}

// rateError is the half-width of a 95 % interval around the rate of all commands, where only the windows
// tell it: their lengths in seconds.
func (e *estimator) rateError(lengths []float64) float64 {
	time := total(lengths)
	rate := e.sum / time
	var variance float64
	for i, l := range lengths {
		d := (e.sum-e.n[i])/(time-l) - rate
		variance += d * d
	}
	m := float64(len(lengths))
	return studentT(m-1) * math.Sqrt(variance*(m-1)/m*e.unseen)
}

// excess is by how much the rate of all commands in the windows may differ from the true one, which the counters tell,
// as a share of the true one; below 0 the windows saw less. It is 0 where the spread between the windows explains the
// difference. That spread is small also when a few bursts a minute fell between all windows: then only the counters
// tell that something was missed.
// Counted is in seconds of which the windows are a part.
func (e *estimator) excess(lengths []float64, counted, seconds float64) float64 {
	truth := counted / seconds
	differs, chance := e.sum/total(lengths)-truth, e.rateError(lengths)
	if !(truth > 0 && math.Abs(differs) > chance) {
		return 0
	}
	missed := max(0, 1-e.sum/counted) // what was seen is certain
	return math.Copysign(min(missed, (math.Abs(differs)+chance)/truth), differs)
}

// strayed is how far a share may be off by an excess, which may all be of one sender, and nobody knows of which. No
// more than it has can be too much of it.
func strayed(share, excess float64) float64 {
	if excess < 0 {
		return -excess * max(share, 1-share)
	}
	return max(excess*share, min(excess*(1-share), share))
}

func total(values []float64) float64 {
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum
}

// designEffect is by how much the variance of the share p of x exceeds that of as many independent draws.
// It is the jackknife's: each window left out once, which also sees how much hangs on a single window.
func (e *estimator) designEffect(x []float64, p float64) float64 {
	if p <= 0 || p >= 1 {
		return e.typical
	}
	var variance float64
	for i, v := range x {
		rest := e.sum - e.n[i]
		if rest <= 0 {
			return e.sum // one window has everything: it is one draw
		}
		d := (v - p*e.n[i]) / rest
		variance += d * d
	}
	m := float64(len(x))
	variance *= (m - 1) / m
	// Not below 1: few windows may agree by chance.
	return min(max(1, variance*e.sum/(p*(1-p))), e.sum)
}

// expect learns from what was seen how much of a burst what was not seen may come in: the mean design
// effect, by commands.
func expect[K comparable](e *estimator, seen map[K]*series) {
	var effects, weights float64
	for _, s := range seen {
		effects += s.total * e.designEffect(s.counts, s.total/e.sum)
		weights += s.total
	}
	e.typical = max(1, effects/max(1, weights))
}

// interval is Wilson's score interval with Student's t, for as many draws as the windows are worth.
// Unlike p plus or minus some deviations it has a width also where p is near 0 or 1.
func (e *estimator) interval(p, effect float64) (low, high float64) {
	if e.unseen <= 0 {
		return p, p
	}
	draws := e.sum / (effect * e.unseen)
	z := e.critical * e.critical / draws
	if math.IsInf(z, 0) || math.IsNaN(z) {
		return 0, 1
	}
	middle := (p + z/2) / (1 + z)
	half := math.Sqrt(z*p*(1-p)+z*z/4) / (1 + z)
	return max(0, middle-half), min(1, middle+half)
}

// studentT is the 97.5 % quantile of Student's distribution: exact for 1 and 2 degrees of freedom, by the
// expansion of Cornish and Fisher above, which is right to 1 % from 3 on. Below 1 it is steered to infinity.
func studentT(freedom float64) float64 {
	const z = 1.959964
	switch {
	case freedom <= 0:
		return math.Inf(1)
	case freedom < 1:
		return 12.7062 / freedom
	case freedom < 2: // between the two exact ones, on a scale where they are nearly straight
		return math.Exp(lerp(math.Log(12.7062), math.Log(4.3027), freedom-1))
	case freedom < 3:
		return math.Exp(lerp(math.Log(4.3027), math.Log(3.1824), freedom-2))
	}
	g1 := (z*z*z + z) / 4
	g2 := (5*math.Pow(z, 5) + 16*z*z*z + 3*z) / 96
	g3 := (3*math.Pow(z, 7) + 19*math.Pow(z, 5) + 17*z*z*z - 15*z) / 384
	return z + g1/freedom + g2/(freedom*freedom) + g3/(freedom*freedom*freedom)
}

func lerp(a, b, at float64) float64 { return a + (b-a)*at }
