package demo

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestPace counts the calls of a whole day of the load, and of one in which the server stalls.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		calls := 0
		err := pace(ctx, 20, func() error { calls++; return nil })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("pace ended with %v", err)
		}
		// 20 a second on average: a swinging interval makes it a few percent less.
		if calls < 1500 || calls > 1850 {
			t.Errorf("%d calls in 90 s, want about 1800", calls)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		var last time.Time
		calls, soon := 0, 0
		pace(ctx, 10, func() error {
			if calls++; calls == 5 {
				time.Sleep(10 * time.Second) // a stall
			}
			if time.Since(last) < 20*time.Millisecond {
				soon++
			}
			last = time.Now()
			return nil
		})
		if soon > 1 {
			t.Errorf("%d calls at once after a stall: it was caught up", soon)
		}
	})
}

func TestPaceEndsWithItsError(t *testing.T) {
	want := errors.New("gone")
	if got := pace(t.Context(), 1000, func() error { return want }); got != want {
		t.Errorf("got %v", got)
	}
}

// TestPopular wants a few things asked for most of the time, and none out of range.
func TestPopular(t *testing.T) {
	next := popular(1000)
	top := 0
	for range 10_000 {
		n := next()
		if n < 0 || n >= 1000 {
			t.Fatalf("%d is none of 1000", n)
		}
		if n < 100 {
			top++
		}
	}
	if top < 5_000 || top == 10_000 {
		t.Errorf("the first tenth was asked for %d times of 10000", top)
	}
}
