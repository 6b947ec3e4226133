package monitor

import (
	"testing"
	"time"
)

// Whatever the load, the windows that are planned cost less than the budget by the price that is shown, so that
// there is room for a load that rises until the next plan; or they last no longer than the budget.
func TestThePlanKeepsTheBudget(t *testing.T) {
	for rate := 1.0; rate < 2e6; rate *= 1.1 {
		for _, size := range []float64{10, 100, 1000} {
			c := busy(rate, rate*size)
			p := c.sample(limits)
			share := (time.Duration(p.count) * p.length).Seconds() / c.Interval.Seconds()
			if p.chain {
				share = 1
			}
			if cost := share * rate * CommandPrice(size); cost > planned*limits.Duty*1.001 && share > limits.Duty*1.001 {
				t.Errorf("%.0f commands a second of %.0f bytes: %.2f of the time seen costs %.2f %%", rate, size, share, 100*cost)
			}
		}
	}
}

// A load that rises between two polls ends the windows of the interval when its part of the budget is spent.
func TestARisingLoadKeepsTheBudget(t *testing.T) {
	s := New(Options{Limits: limits, Enabled: true})
	s.known = time.Now().Add(-time.Hour)
	s.Update(busy(200, 20_000), nil)
	now := time.Now()
	const burst, size = 20_000, 50 // commands a second
	spent := 0.0
	for at := time.Duration(0); at < 2*time.Second; {
		p, mode, _ := s.next(now.Add(at))
		if mode != Sample || p.reason != "" {
			t.Fatalf("%s: mode %s, %+v", at, mode, p)
		}
		if p.count == 0 {
			at += longest
			continue
		}
		seen := burst * p.length.Seconds()
		s.saw(int64(seen), int64(seen*size), p.length)
		spent += seen * CommandPrice(size)
		at += p.length
	}
	if share := spent / 2; share > limits.Duty*1.3 { // the window under way is seen to its end
		t.Errorf("it cost %.2f %%", 100*share)
	}
	if p, _, _ := s.next(now.Add(time.Minute)); p.spent || p.count == 0 {
		t.Errorf("a minute later, without a poll: %+v", p)
	}
	s.Update(busy(burst, burst*size), nil)
	if p, _, _ := s.next(time.Now()); p.count == 0 || p.chain {
		t.Errorf("after the poll: %+v", p)
	}
}
