package server

import (
	"context"
	"errors"
	"testing"
	"time"

	"redistop/internal/redis"
	"redistop/internal/redistest"
)

func TestStepsFitWhatTheServerTakes(t *testing.T) {
	const room = 64 << 10
	for _, tt := range []struct {
		name string
		step Step
		usec float64 // that the units asked for took
		want int
	}{
		{"cheap ones grow, twofold at most", Step{size: 100, least: 1, most: 2000, units: 800}, 80, 200},
		{"up to their bound", Step{size: 1500, least: 1, most: 2000, units: 800}, 8, 2000},
		{"dear ones shrink at once", Step{size: 1000, least: 1, most: 2000, units: 8000}, 8000, 250},
		{"to one", Step{size: 10, least: 1, most: 2000, units: 10}, 1e6, 1},
		{"not where each call is dear", Step{size: 400, least: 500, most: 2000, units: 800}, 1e5, 500},
		{"long replies shrink them all the same", Step{size: 500, least: 500, most: 2000, units: 800, bytes: 1000}, 80, 65},
		{"nothing was asked", Step{size: 77, least: 1, most: 2000}, 500, 77},
	} {
		s := tt.step
		if s.learn(tt.usec, room); s.size != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, s.size, tt.want)
		}
	}
	s := Step{size: 100, least: 1, most: 2000}
	if s.Saw(1_000_000, 10_000); s.size != 1 {
		t.Errorf("after a reply that was far too long: %d", s.size)
	}
}

// Of a command that others use as well, in calls that need not be like ours, we pay what we waited at
// most, not the mean of cheap calls of others.
func TestWhatOthersCallDoesNotHideOurPrice(t *testing.T) {
	tool := &Tool{purse: newPurse(1, time.Now()), info: redis.ParseInfo(), waited: map[string]time.Duration{"scan": 900 * time.Microsecond},
		steps: map[string]*Step{"scan": {size: 1000, least: 1, most: 2000, units: 1000}}, prev: redis.ParseInfo("cmdstat_scan:calls=0,usec=0\r\n")}
	tool.settle(redis.ParseInfo("cmdstat_scan:calls=1000,usec=2000\r\n"), map[string]int64{"scan": 1})
	if tool.cost.Usec != 900 {
		t.Errorf("paid %.0f usec, want 900", tool.cost.Usec)
	}
	if size := tool.steps["scan"].size; size > 300 {
		t.Errorf("the next step has %d keys", size)
	}
}

// Small questions go out several at once, but never so many that the server is held for long.
func TestOneWriteIsBounded(t *testing.T) {
	tool := &Tool{conn: &Conn{may: consent{keys: true}}, purse: newPurse(1, time.Now()), steps: map[string]*Step{}}
	many := make([][]string, 200)
	for i := range many {
		many[i] = []string{"TYPE", "k"}
	}
	if n, usec := tool.oneWrite(many); n < 32 || n > maxPipeline || usec > targetUsec {
		t.Errorf("%d commands, %.0f usec", n, usec)
	}
	tool.purse.price["type"] = 100
	if n, _ := tool.oneWrite(many); n != 2 {
		t.Errorf("%d dear commands", n)
	}
	many[0][1] = string(make([]byte, 1<<20))
	if n, _ := tool.oneWrite(many); n != 1 {
		t.Errorf("%d commands with a key of 1 MB", n)
	}
}

// When somebody interrupts, what is under way is still answered and counted; what is not is not begun.
func TestAnInterruptedToolKnowsWhatItDid(t *testing.T) {
	s := redistest.New(t)
	tool, err := OpenTool(t.Context(), Target{Network: "unix", Address: s.Socket()}, ToolOptions{Budget: 0.001})
	if err != nil {
		t.Fatal(err)
	}
	defer tool.Close()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	many := make([][]string, 5_000)
	for i := range many {
		many[i] = []string{"TYPE", "k"}
	}
	values, err := tool.AskAll(ctx, many)
	if !errors.Is(err, context.Canceled) || len(values) == 0 || len(values) == len(many) {
		t.Errorf("%d of %d values, %v", len(values), len(many), err)
	}
	if _, err := tool.Ask(t.Context(), "TYPE", "k"); err != nil {
		t.Errorf("the connection is of no use any more: %v", err)
	}
	if cost := tool.Finish(ctx); cost.Usec <= 0 || cost.Guessed != "" {
		t.Errorf("cost %+v", cost)
	}
}

// Prices that were learned on a bad moment, far too high, are learned anew: nobody waits for ever, under the
// smallest budget neither.
func TestDearGuessesDoNotStopATool(t *testing.T) {
	s := redistest.New(t)
	for _, budget := range []float64{0.01, 0.0005} {
		tool, err := OpenTool(t.Context(), Target{Network: "unix", Address: s.Socket()}, ToolOptions{Budget: budget})
		if err != nil {
			t.Fatal(err)
		}
		defer tool.Close()
		tool.purse.price["type"], tool.purse.price["info"] = 9_000, 9_000
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
		defer cancel()
		many := make([][]string, 12)
		for i := range many {
			many[i] = []string{"TYPE", "k"}
		}
		if values, err := tool.AskAll(ctx, many); err != nil || len(values) != len(many) {
			t.Errorf("budget %g: %d of %d values, %v", budget, len(values), len(many), err)
		}
	}
}
