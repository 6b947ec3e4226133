package keys

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"redistop/internal/redis"
	"redistop/internal/redistest"
)

// Six times a standard error: which keys come first is up to the server's seed, and so far off lies less than
// one of 100,000 samples, of a kind with few keys too.
const wide = 6 / z95

// A sample tells what the keyspace is made of, within its error; all keys tell it exactly.
func TestASampleIsWithinItsError(t *testing.T) {
	s := redistest.New(t)
	fill(t, s, 40_000, `redis.call('set','user:'..i..':name',string.rep('x',i%100))
		if i%4==0 then redis.call('hset','cart:'..i,'a',1) redis.call('expire','cart:'..i,7200) end
		if i%100==0 then redis.call('set','big:'..i,string.rep('y',20000)) end`)
	send(t, s, "EVAL", "for i=1,100000 do redis.call('hset','giant',i,i) end", "0")
	tool := open(t, s, all)
	everything := Want{Type: true, Memory: true, TTL: true}
	exact, whole := NewPrefixes(":"), NewBig(5)
	sample, err := Survey{Want: everything}.Look(t.Context(), tool, func(k Key) { exact.Add(k); whole.Add(k) }, nil)
	if err != nil || !sample.Complete || sample.Keys != 50_401 {
		t.Fatalf("all keys: %+v, %v", sample, err)
	}
	if e := sample.Sum(exact.Root.Memory); e.Error != 0 || e.Value != exact.Root.Memory.Sum {
		t.Errorf("exact: %+v", e)
	}
	if biggest := whole.ByMemory[0]; biggest.Name != "giant" || whole.ByMemory[1].Memory.Or(0) < 20_000 {
		t.Errorf("biggest %+v", whole.ByMemory)
	}
	guess := NewPrefixes(":")
	part, err := Survey{Size: 5_000, Want: everything, Search: Search{}}.Look(t.Context(), tool, guess.Add, nil)
	if err != nil || part.Complete || part.Keys < 5_000 || part.Keys > 7_500 {
		t.Fatalf("a sample: %+v, %v", part, err)
	}
	names := []string{"user:*:name", "cart:*", "big:*"}
	for _, row := range guess.Rows(4, 10, 0.001) {
		truth := find(exact, row.Name)
		n, memory := part.Sum(row.Keys), part.Sum(row.Memory)
		within(t, row.Name+" keys", n, truth.Keys.Sum)
		within(t, row.Name+" memory", memory, truth.Memory.Sum)
		if row.Name == "giant" { // one key tells next to nothing of how many are like it, and the error says so
			continue
		}
		tells(t, row.Name+" keys", n, truth.Keys.Sum)
		tells(t, row.Name+" memory", memory, truth.Memory.Sum)
		within(t, row.Name+" expiring", part.Count(row.Expiring.Keys), truth.Expiring.Sum)
		names = strings.Fields(strings.Replace(" "+strings.Join(names, " ")+" ", " "+row.Name+" ", " ", 1))
	}
	if len(names) > 0 {
		t.Errorf("the tree does not have %q", names)
	}
	filtered, err := Survey{Size: 1_000, Want: everything, Search: Search{Pattern: "cart:*"}}.Look(t.Context(), tool, func(Key) {}, nil)
	if err != nil {
		t.Fatal(err)
	}
	within(t, "keys that match", filtered.Count(filtered.Keys), 10_000)
	if none := part.Count(0); none.Value != 0 || none.Error < 10 {
		t.Errorf("what the sample has none of: %+v", none)
	}
}

func within(t *testing.T, what string, e Estimate, truth float64) {
	t.Helper()
	if math.Abs(e.Value-truth) > wide*e.Error+1e-9 {
		t.Errorf("%s: %.0f ± %.0f, the truth is %.0f", what, e.Value, e.Error, truth)
	}
}

// tells wants an error that leaves something to be known.
func tells(t *testing.T, what string, e Estimate, truth float64) {
	t.Helper()
	if truth > 1000 && e.Error > truth/2 {
		t.Errorf("%s: %.0f ± %.0f says nothing", what, e.Value, e.Error)
	}
}

func find(p *Prefixes, name string) *Prefix {
	for _, row := range p.Rows(10, 1000, 0) {
		if row.Name == name {
			return row.Prefix
		}
	}
	return &Prefix{}
}

func TestTreeOfPrefixes(t *testing.T) {
	p := NewPrefixes(":")
	for i := range 100 {
		p.Add(Key{Name: fmt.Sprintf("user:%d:cart", 1000+i), Type: "hash", Memory: redis.Some[int64](100), Expires: redis.Some(i%2 == 0)})
		p.Add(Key{Name: fmt.Sprintf("user:%d:name", 1000+i), Type: "string", Memory: redis.Some[int64](10), Expires: redis.Some(false)})
	}
	p.Add(Key{Name: "alone\x1b[31m", Type: "set", Memory: redis.Some[int64](5000)})
	p.Add(Key{Name: "größe:123", Type: "set", Memory: redis.Some[int64](300)})
	var got []string
	for _, row := range p.Rows(4, 10, 0.01) {
		got = append(got, fmt.Sprintf("%d %s %.0f %.0f %.0f %v", row.Depth, row.Name, row.Keys.Sum, row.Memory.Sum, row.Expiring.Sum, row.TypeNames()))
	}
	want := []string{
		"0 user:*: 200 11000 50 [hash string]",
		"1 user:*:cart 100 10000 50 [hash]",
		"1 user:*:name 100 1000 0 [string]",
		"0 alone* 1 5000 0 [set]",
		"0 größe:* 1 300 0 [set]",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("tree:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if rows := p.Rows(1, 1, 0); len(rows) != 1 {
		t.Errorf("%d rows", len(rows))
	}
}

// Names that have nothing in common, and types without end, take no memory without end.
func TestTreeIsBounded(t *testing.T) {
	p, b, l := NewPrefixes(":"), NewBig(10), NewLives()
	for i := range 3 * maxPrefixes {
		name := strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprint(i)) + ":" + string(rune('a'+i%26))
		k := Key{Name: name, Type: name, Memory: redis.Some(int64(i)), Elements: redis.Some(int64(i)), Expires: redis.Some(true), TTL: redis.Some(time.Duration(i) * time.Hour)}
		p.Add(k)
		b.Add(k)
		l.Add(k, time.Unix(0, 0))
	}
	if p.nodes > maxPrefixes+maxSegments || len(p.Root.Types) > maxTypes+1 || len(b.Types()) > maxTypes+1 || len(l.patterns) > maxPatterns+1 {
		t.Errorf("%d nodes, %d types, %d, %d patterns", p.nodes, len(p.Root.Types), len(b.Types()), len(l.patterns))
	}
	if p.Root.Keys.Keys != 3*maxPrefixes || len(b.ByMemory) != 10 || b.ByMemory[0].Memory.Or(0) != 3*maxPrefixes-1 || b.ByMemory[9].Memory.Or(0) != 3*maxPrefixes-10 {
		t.Errorf("%d keys, biggest %+v", p.Root.Keys.Keys, b.ByMemory)
	}
}

func TestWhatExpiresTogether(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	add := func(l *Lives, n int, name string, ttl func(int) time.Duration) {
		for i := range n {
			l.Add(Key{Name: fmt.Sprintf("%s:%d", name, 1000+i), Expires: redis.Some(true), TTL: redis.Some(ttl(i))}, now)
		}
	}
	even := func(of time.Duration, n int) func(int) time.Duration {
		return func(i int) time.Duration { return of * time.Duration(i) / time.Duration(n) }
	}
	for name, tt := range map[string]struct {
		fill func(*Lives)
		want string // pattern, keys, seconds from now, width
	}{
		"a stampede among keys spread over an hour": {func(l *Lives) {
			add(l, 3600, "page", even(time.Hour, 3600))
			add(l, 1000, "report", func(i int) time.Duration { return 1800*time.Second + time.Duration(i%2)*time.Second })
		}, "report:* 1002 1800 2s"},
		"one alone":                     {func(l *Lives) { add(l, 500, "day", func(int) time.Duration { return 7 * time.Hour }) }, "day:* 500 25200 1s"},
		"far away, told by the minute":  {func(l *Lives) { add(l, 500, "day", func(int) time.Duration { return 240 * time.Hour }) }, "day:* 500 864000 1m0s"},
		"a cache with one time to live": {func(l *Lives) { add(l, 6000, "page", even(time.Minute, 6000)) }, ""},
		"the same, of an hour":          {func(l *Lives) { add(l, 100_000, "page", even(time.Hour, 100_000)) }, ""},
		"too few":                       {func(l *Lives) { add(l, 10, "day", func(int) time.Duration { return time.Hour }) }, ""},
		"few among many": {func(l *Lives) {
			add(l, 100_000, "p", even(30*time.Hour, 100_000))
			add(l, 30, "q", func(int) time.Duration { return time.Hour })
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := NewLives()
			tt.fill(l)
			var got []string
			for _, s := range l.Stampedes(5) {
				got = append(got, fmt.Sprintf("%s %d %.0f %s", s.Pattern, s.Keys, s.From.Sub(now).Seconds(), s.To.Sub(s.From)))
			}
			if strings.Join(got, "; ") != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestWhatNeverExpires(t *testing.T) {
	l, now := NewLives(), time.Unix(1_800_000_000, 0)
	for i := range 300 {
		l.Add(Key{Name: fmt.Sprintf("s:%d", i), Expires: redis.Some(i >= 100), TTL: redis.Some(time.Duration(i) * time.Minute), Memory: redis.Some[int64](10)}, now)
	}
	l.Add(Key{Name: "config", Expires: redis.Some(false), Memory: redis.Some[int64](5000)}, now)
	l.Add(Key{Name: "unknown"}, now)
	list := l.Neverending(5)
	if len(list) != 2 || list[0].Pattern != "config" || list[1].Pattern != "s:*" || list[1].Never.Sum != 100 || list[1].Keys.Sum != 300 || list[1].Memory.Sum != 1000 {
		t.Errorf("%+v", list)
	}
	if l.Keys.Keys != 301 || l.Never.Keys != 101 || l.Horizons[1].Keys.Keys != 0 || l.Horizons[2].Keys.Keys != 200 {
		t.Errorf("%+v", l)
	}
}
