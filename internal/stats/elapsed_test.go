package stats

import (
	"testing"
	"time"

	"redistop/internal/redis"
)

func TestElapsed(t *testing.T) {
	const s, ms = time.Second, time.Millisecond
	tell := Some[time.Duration]
	for _, c := range []struct {
		name   string
		clocks clocks
		want   time.Duration
	}{
		{"all agree: the server's, which was read with the counters",
			clocks{mono: 2 * s, wall: 2 * s, server: tell(2003 * ms), uptime: tell(2 * s)}, 2003 * ms},
		{"this answer was late",
			clocks{mono: 7 * s, wall: 7 * s, server: tell(2 * s), delayAfter: 5 * s}, 2 * s},
		{"the answer before was late",
			clocks{mono: 2 * s, wall: 2 * s, server: tell(7 * s), delayBefore: 5 * s}, 7 * s},
		{"laptop asleep for an hour",
			clocks{mono: 5 * s, wall: 3605 * s, server: tell(3604 * s), uptime: tell(3604 * s)}, 3604 * s},
		{"laptop asleep, before 6.2",
			clocks{mono: 5 * s, wall: 3605 * s, uptime: tell(3604 * s)}, 3605 * s},
		{"laptop asleep, no clock told",
			clocks{mono: 5 * s, wall: 3605 * s}, 3605 * s},
		{"server's clock set forward an hour",
			clocks{mono: 2 * s, wall: 2 * s, server: tell(3602 * s), uptime: tell(3602 * s)}, 2 * s},
		{"server's clock set back an hour",
			clocks{mono: 2 * s, wall: 2 * s, server: tell(-3598 * s), uptime: tell(-3598 * s)}, 2 * s},
		{"server's clock set back by almost the interval",
			clocks{mono: 2 * s, wall: 2 * s, server: tell(100 * ms), uptime: tell(0 * s)}, 2 * s},
		{"server's clock set while its uptime goes on",
			clocks{mono: 2 * s, wall: 2 * s, server: tell(3602 * s), uptime: tell(2 * s)}, 2 * s},
		{"observer's clock set forward",
			clocks{mono: 2 * s, wall: 3602 * s, server: tell(2 * s), uptime: tell(2 * s)}, 2 * s},
		{"observer's clock set forward, before 6.2",
			clocks{mono: 2 * s, wall: 3602 * s, uptime: tell(2 * s)}, 2 * s},
		{"observer's clock set back",
			clocks{mono: 2 * s, wall: -3598 * s, server: tell(2 * s)}, 2 * s},
		{"both set back: one machine",
			clocks{mono: 2 * s, wall: -3598 * s, server: tell(-3598 * s)}, 2 * s},
		{"asleep and the server's clock set: rather dull than absurd",
			clocks{mono: 2 * s, wall: 3602 * s, server: tell(900 * s)}, 3602 * s},
		{"no time at all", clocks{}, 0},
		{"time runs back", clocks{mono: -s, wall: -s}, -s},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.clocks.elapsed(); got != c.want {
				t.Errorf("elapsed = %v, want %v", got, c.want)
			}
		})
	}
}

// A step shorter than the time an answer was under way cannot be told from a late answer; with no
// note of when INFO was asked that is granted a second.
func TestElapsedWithoutAskedTime(t *testing.T) {
	before, after := reading(0), reading(2*time.Second)
	before.Asked, after.Asked = time.Time{}, time.Time{}
	c := newInstant(after).since(newInstant(before))
	if c.delayBefore != unknownDelay || c.delayAfter != unknownDelay {
		t.Errorf("delays %v and %v, want %v", c.delayBefore, c.delayAfter, unknownDelay)
	}
}

func TestClocksOfAbsurdServers(t *testing.T) {
	for _, lines := range []string{
		"server_time_usec:9223372036854775807\nuptime_in_seconds:9223372036854775807",
		"server_time_usec:-9223372036854775808\nuptime_in_seconds:-9223372036854775808",
		"server_time_usec:x\nuptime_in_seconds:",
	} {
		before := reading(0)
		after := reading(2 * time.Second)
		after.Info = redis.ParseInfo(lines)
		if got := newInstant(after).since(newInstant(before)).elapsed(); got != 2*time.Second {
			t.Errorf("%q: elapsed = %v, want the observer's 2s", lines, got)
		}
	}
}

func TestRestarted(t *testing.T) {
	for _, c := range []struct {
		name, before, after string
		want                bool
	}{
		{"same run", "run_id:a\nuptime_in_seconds:10", "run_id:a\nuptime_in_seconds:12", false},
		{"another run id", "run_id:a\nuptime_in_seconds:10", "run_id:b\nuptime_in_seconds:12", true},
		{"the server's clock was set back", "run_id:a\nuptime_in_seconds:4000", "run_id:a\nuptime_in_seconds:400", false},
		{"no run id, uptime went back", "uptime_in_seconds:4000", "uptime_in_seconds:3", true},
		{"no run id, uptime as before", "uptime_in_seconds:4000", "uptime_in_seconds:3999", false},
		{"nothing told", "", "", false},
	} {
		if got := restarted(redis.ParseInfo(c.before), redis.ParseInfo(c.after)); got != c.want {
			t.Errorf("%s: restarted = %v, want %v", c.name, got, c.want)
		}
	}
}
