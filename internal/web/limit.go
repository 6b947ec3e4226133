package web

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// mostAddresses bounds the addresses that a limiter remembers.
const mostAddresses = 4096

// A limiter bounds the requests that one address may make: so many a second, and twice that at once. Of
// IPv6 the first 64 bits count, which one customer gets. This host itself is not bounded: who is on it
// can do more harm otherwise, and scrapers, proxies and benchmarks live there.
type limiter struct {
	perSecond rate.Limit // 0: no limit

	mu        sync.Mutex
	addresses map[netip.Addr]*rate.Limiter
}

func newLimiter(perSecond float64) *limiter {
	return &limiter{perSecond: rate.Limit(perSecond), addresses: map[netip.Addr]*rate.Limiter{}}
}

func (l *limiter) allow(from netip.Addr, now time.Time) bool {
	if l.perSecond == 0 || !from.IsValid() || from.IsLoopback() {
		return true
	}
	if from.Is6() {
		if prefix, err := from.WithZone("").Prefix(64); err == nil {
			from = prefix.Addr()
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.addresses[from]
	if one == nil {
		l.makeRoom(now)
		one = rate.NewLimiter(l.perSecond, l.burst())
		l.addresses[from] = one
	}
	return one.AllowN(now, 1)
}

func (l *limiter) burst() int { return max(1, int(2*l.perSecond)) }

// makeRoom forgets the addresses that have been quiet, and when that does not help, anyone: what is
// forgotten may make a burst once more, no more than that.
func (l *limiter) makeRoom(now time.Time) {
	if len(l.addresses) < mostAddresses {
		return
	}
	for addr, one := range l.addresses {
		if one.TokensAt(now) >= float64(l.burst()) {
			delete(l.addresses, addr)
		}
	}
	for addr := range l.addresses {
		if len(l.addresses) < mostAddresses {
			return
		}
		delete(l.addresses, addr)
	}
}
