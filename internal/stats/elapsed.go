package stats

import (
	"math"
	"time"

	"redistop/internal/redis"
	"redistop/internal/sketch"
)

// An instant is when one INFO was read, by every clock that tells.
type instant struct {
	asked, answered time.Time    // the observer's, with the monotonic part; asked is zero where unknown
	server          Maybe[int64] // server_time_usec (6.2+)
	uptime          Maybe[int64] // uptime_in_seconds: the server's wall clock less its start
}

func newInstant(r Reading) instant {
	return instant{
		asked:    r.Asked,
		answered: r.Time,
		server:   r.Info.Int("server_time_usec"),
		uptime:   r.Info.Int("uptime_in_seconds"),
	}
}

// took is how long the answer may have been on its way.
func (i instant) took() time.Duration {
	if i.asked.IsZero() {
		return unknownDelay
	}
	return max(0, i.answered.Sub(i.asked))
}

// since is what every clock says of the time between two instants.
func (i instant) since(before instant) clocks {
	return clocks{
		mono:        i.answered.Sub(before.answered),
		wall:        i.answered.Round(0).Sub(before.answered.Round(0)),
		server:      clockGrowth(before.server, i.server, time.Microsecond),
		uptime:      clockGrowth(before.uptime, i.uptime, time.Second),
		delayBefore: before.took(),
		delayAfter:  i.took(),
	}
}

// clockGrowth is what a clock of the server moved by, backwards too.
func clockGrowth(before, after Maybe[int64], unit time.Duration) Maybe[time.Duration] {
	b, ok1 := before.Get()
	n, ok2 := after.Get()
	if !ok1 || !ok2 || b < 0 || n < 0 || n-b > math.MaxInt64/int64(unit) || n-b < math.MinInt64/int64(unit) {
		return Maybe[time.Duration]{}
	}
	return Some(time.Duration(n-b) * unit)
}

// clocks is how much time passed between two INFO replies by every clock at hand. None can be
// trusted alone: the observer's monotonic clock stands still while a laptop sleeps, and both wall
// clocks can be set.
type clocks struct {
	mono, wall              time.Duration        // the observer's
	server                  Maybe[time.Duration] // the server's wall clock, at the instant its counters were read
	uptime                  Maybe[time.Duration] // the same clock in whole seconds, told by every version
	delayBefore, delayAfter time.Duration        // how long the two answers may have been on their way
}

const (
	unknownDelay = time.Second           // granted to an answer when nobody noted when it was asked
	clockGrain   = 50 * time.Millisecond // servers cache their time for one turn of the event loop
	uptimeGrain  = time.Second + clockGrain
)

// elapsed is the time that the counters grew in.
//
// The server's clock is the best divisor, since it is read together with the counters, but it is
// believed only where one of the observer's clocks confirms it: the two must agree but for the time
// that the answers were on their way and 1 % of drift. Where the server's clock agrees with the
// observer's wall clock alone, the observer slept, and the interval is as long as both say. Where it
// agrees with neither it was set (or the one clock of a machine that runs both), and the observer's longer clock counts: an average over too long
// a time is dull, over too short a time absurd. The result may be 0 or less: then there are no rates.
func (c clocks) elapsed() time.Duration {
	if s, ok := c.server.Get(); ok {
		if c.agree(c.mono, s, clockGrain) || c.wall > c.mono && c.agree(c.wall, s, clockGrain) {
			return s
		}
		return max(c.mono, c.wall)
	}
	if u, ok := c.uptime.Get(); ok && c.agree(c.mono, u, uptimeGrain) {
		return c.mono
	}
	return max(c.mono, c.wall)
}

// agree says whether the server's count can be true if the observer's is. A late answer after the
// interval makes the observer's count too long, a late one before it too short.
func (c clocks) agree(observer, server, grain time.Duration) bool {
	slack := grain + observer.Abs()/100
	return server > observer-c.delayAfter-slack && server < observer+c.delayBefore+slack
}

// restarted says whether two INFO replies are of two processes. The run id decides where it is told:
// uptime goes back also when the server's clock is set.
func restarted(before, after *redis.Info) bool {
	b, ok1 := before.Text("run_id")
	n, ok2 := after.Text("run_id")
	if ok1 && ok2 {
		return b != n
	}
	const rounding = 2 // seconds
	was, is := before.Int("uptime_in_seconds"), after.Int("uptime_in_seconds")
	return was.Known() && is.Known() && is.Or(0) < sketch.Add(was.Or(0), -rounding)
}
