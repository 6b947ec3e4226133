package keys

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"redistop/internal/redis"
)

// Lives tells which keys never expire and which expire together. Its zero value is not ready; see
// NewLives.
type Lives struct {
	Keys     Tally
	Never    Tally // keys that do not expire
	Memory   Tally // bytes of those
	Horizons []Horizon

	patterns map[string]*LifeOf
	names    []string
	moments  map[int64]*moment // by the second of expiry
	latest   int64             // second at which a key was counted
	pattern  []byte
	quoted   []byte
}

// Horizon counts the keys that expire within some time, and not within the time before.
type Horizon struct {
	Within time.Duration // 0: later than all the others
	Keys   Tally
}

// LifeOf is the keys of one pattern.
type LifeOf struct {
	Pattern string // raw bytes
	Keys    Tally
	Never   Tally
	Memory  Tally // bytes of those that never expire
	number  int
}

// moment is a second, a minute or an hour in which keys expire.
type moment struct {
	seconds int64 // its length
	keys    int64
	pattern int   // the one that most of them have, if one has most
	lead    int64 // by how many it leads
}

// Together is many keys that expire at nearly the same time.
type Together struct {
	From, To time.Time
	Keys     int64
	Pattern  string // that most of them have, if one has
}

// maxPatterns bounds the patterns that are told apart.
const maxPatterns = 2000

// NewLives returns a Lives without keys.
func NewLives() *Lives {
	l := &Lives{patterns: map[string]*LifeOf{}, moments: map[int64]*moment{}}
	for _, d := range []time.Duration{time.Minute, time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour, 0} {
		l.Horizons = append(l.Horizons, Horizon{Within: d})
	}
	return l
}

// Add counts one key as of now. One of which it is not known whether it expires is left out.
func (l *Lives) Add(k Key, now time.Time) {
	expires, known := k.Expires.Get()
	if !known {
		return
	}
	p := l.of(k.Name)
	l.Keys.Add(1)
	p.Keys.Add(1)
	if !expires {
		l.Never.Add(1)
		l.Memory.Add(float64(k.Memory.Or(0)))
		p.Never.Add(1)
		p.Memory.Add(float64(k.Memory.Or(0)))
		return
	}
	ttl := k.TTL.Or(0)
	for i := range l.Horizons {
		if h := &l.Horizons[i]; ttl < h.Within || h.Within == 0 {
			h.Keys.Add(1)
			break
		}
	}
	l.latest = max(l.latest, now.Unix())
	l.expire(p, ttl, now.Add(ttl))
}

func (l *Lives) of(key string) *LifeOf {
	l.quoted = redis.AppendQuoted(l.quoted[:0], key)
	l.pattern = redis.FoldKey(l.pattern[:0], l.quoted)
	if p := l.patterns[string(l.pattern)]; p != nil {
		return p
	}
	name := string(l.pattern)
	if len(l.patterns) >= maxPatterns {
		if p := l.patterns[Rest]; p != nil {
			return p
		}
		name = Rest
	}
	p := &LifeOf{Pattern: string(redis.Unquote(nil, []byte(name))), number: len(l.names)}
	l.names = append(l.names, p.Pattern)
	l.patterns[name] = p
	return p
}

// The lengths of moments: seconds within a day, minutes within two months, then hours. That bounds
// their number below 300,000 however many keys there are.
func momentOf(ttl time.Duration) int64 {
	switch {
	case ttl < 24*time.Hour:
		return 1
	case ttl < 60*24*time.Hour:
		return 60
	}
	return 3600
}

// lastMoment is the latest that is told apart, from now.
const lastMoment = 10 * 365 * 24 * time.Hour

func (l *Lives) expire(p *LifeOf, ttl time.Duration, at time.Time) {
	if ttl > lastMoment {
		return
	}
	length := momentOf(ttl)
	second := at.Unix() / length * length
	m := l.moments[second]
	if m == nil {
		m = &moment{seconds: length}
		l.moments[second] = m
	}
	m.keys++
	switch { // the majority, by one counter
	case m.lead == 0:
		m.pattern, m.lead = p.number, 1
	case m.pattern == p.number:
		m.lead++
	default:
		m.lead--
	}
}

// Neverending are the patterns with keys that never expire, the most memory first, or keys where it is
// not known.
func (l *Lives) Neverending(most int) []*LifeOf {
	var list []*LifeOf
	for p := range maps.Values(l.patterns) {
		if p.Never.Keys > 0 {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b *LifeOf) int {
		return cmp.Or(cmp.Compare(b.Memory.Sum, a.Memory.Sum), cmp.Compare(b.Never.Keys, a.Never.Keys), cmp.Compare(a.Pattern, b.Pattern))
	})
	return list[:min(len(list), most)]
}

// What makes keys expire together: enough of them for chance to be no reason, a part of all that is
// worth a word, and many more than in the time around.
const (
	togetherLeast  = 20
	togetherShare  = 0.01
	togetherFactor = 5
	around         = 30 // moments on either side, at least
)

// Stampedes are the times at which many keys expire together, the largest first.
func (l *Lives) Stampedes(most int) []Together {
	seconds := slices.Sorted(maps.Keys(l.moments))
	expiring := l.Keys.Keys - l.Never.Keys
	least := int64(max(togetherLeast, togetherShare*float64(expiring)))
	var found []Together
	for i := 0; i < len(seconds); i++ {
		from := i
		t := Together{}
		best := &moment{}
		for ; i < len(seconds) && l.crowded(seconds, i, least); i++ {
			m := l.moments[seconds[i]]
			if i > from && seconds[i]-seconds[i-1] > l.moments[seconds[i-1]].seconds {
				break
			}
			t.Keys += m.keys
			if m.keys > best.keys {
				best = m
			}
		}
		if t.Keys == 0 {
			continue
		}
		last := seconds[i-1]
		t.From, t.To = time.Unix(seconds[from], 0), time.Unix(last+l.moments[last].seconds, 0)
		if best.lead*2 > best.keys {
			t.Pattern = l.names[best.pattern]
		}
		found = append(found, t)
		i--
	}
	slices.SortStableFunc(found, func(a, b Together) int { return cmp.Compare(b.Keys, a.Keys) })
	return found[:min(len(found), most)]
}

// crowded says whether a moment has many more keys than most of those around it. The further away it
// is, the wider it is looked around: keys with one time to live that are written all the time fill the
// whole of that time evenly, and do not expire together.
func (l *Lives) crowded(seconds []int64, i int, least int64) bool {
	m := l.moments[seconds[i]]
	if m.keys < least {
		return false
	}
	half := max(around, (seconds[i]-l.latest)/20/m.seconds)
	var counts []int64
	near := func(j int) bool {
		far := seconds[j] - seconds[i]
		return max(far, -far) <= half*m.seconds
	}
	for j := i; j >= 0 && near(j); j-- {
		counts = append(counts, l.moments[seconds[j]].keys)
	}
	for j := i + 1; j < len(seconds) && near(j); j++ {
		counts = append(counts, l.moments[seconds[j]].keys)
	}
	slices.Sort(counts)
	empty := 2*half + 1 - int64(len(counts))
	if empty > half {
		return true // most have none
	}
	return m.keys > togetherFactor*counts[half-max(0, empty)]
}
