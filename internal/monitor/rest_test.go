package monitor

import (
	"strings"
	"testing"
	"time"
)

// A window that lasted longer than planned is paid for by a pause, so that the share of time is kept.
func TestALongWindowIsPaidFor(t *testing.T) {
	s := New(Options{Limits: limits, Enabled: true})
	s.Update(busy(100_000, 8e6), nil)
	p, _, _ := s.next(time.Now())
	if p.count == 0 {
		t.Fatalf("no windows: %s", p.reason)
	}
	s.rest(time.Now(), 100*time.Millisecond, p, 2*time.Second)
	pause := time.Duration(float64(100*time.Millisecond) / p.share)
	if p, _, _ := s.next(time.Now().Add(pause - time.Second)); p.count != 0 || !strings.Contains(s.Status().Reason, "the server was late to end a window: no samples for") {
		t.Errorf("a second before %s are over: %+v, %+v", pause, p, s.Status())
	}
	if p, _, _ := s.next(time.Now().Add(pause + time.Second)); p.count == 0 {
		t.Errorf("no windows after the pause: %s", p.reason)
	}
	s.Watch(time.Minute) // somebody asked for every command, at any price
	if p, mode, _ := s.next(time.Now()); p.count == 0 || mode != Full {
		t.Errorf("no full mode during the pause: %+v", p)
	}
}

// MONITOR slows a server down. The rates seen under it say nothing of what it could hold for us.
func TestFullModeRemembersTheRateBefore(t *testing.T) {
	s := New(Options{Limits: limits})
	s.Update(busy(100_000, 105e6), nil)
	s.Watch(time.Minute)
	before, _, _ := s.next(time.Now())
	s.Update(busy(5_000, 5e6), nil)
	during, mode, _ := s.next(time.Now())
	if mode != Full || before.length != during.length || before.count == 0 {
		t.Errorf("windows %+v became %+v, because the server was slower under them", before, during)
	}
}
