package web

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// mostAddresses bounds the addresses that each half of a limiter remembers.
const mostAddresses = 2048

// A limiter bounds the requests that one address may make: so many a second, and twice that at once. Of
// IPv6 the first 64 bits count, which one customer gets. This host itself is not bounded: who is on it
// can do more harm otherwise, and scrapers, proxies and benchmarks live there.
type limiter struct {
	perSecond rate.Limit // 0: no limit

	// When recent is full it becomes older, and what was in older is forgotten: whoever asks moves to
	// recent, so that it is those who have not asked for longest. What is forgotten may make a burst once more.
	mu            sync.Mutex
	recent, older map[netip.Addr]*rate.Limiter
}

func newLimiter(perSecond float64) *limiter {
	return &limiter{perSecond: rate.Limit(perSecond), recent: map[netip.Addr]*rate.Limiter{}}
}

func (l *limiter) allow(from netip.Addr, now time.Time) bool {
	if l.perSecond == 0 || !from.IsValid() || from.IsLoopback() {
		return true
	}
	from = network(from)
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.recent[from]
	if one == nil {
		if one = l.older[from]; one == nil {
			one = rate.NewLimiter(l.perSecond, max(1, int(2*l.perSecond)))
		}
		if len(l.recent) >= mostAddresses {
			l.older, l.recent = l.recent, map[netip.Addr]*rate.Limiter{}
		}
		l.recent[from] = one
	}
	return one.AllowN(now, 1)
}

// network is the address that one customer has: the whole of IPv4, the first 64 bits of IPv6.
func network(from netip.Addr) netip.Addr {
	if from.Is6() {
		if prefix, err := from.WithZone("").Prefix(64); err == nil {
			return prefix.Addr()
		}
	}
	return from
}
