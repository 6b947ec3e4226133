package stats

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"redistop/internal/redis"
)

// BenchmarkAdd takes lines from their bytes into a Tally. The numbers of distinct keys and clients are far
// beyond what it holds where they are large.
func BenchmarkAdd(b *testing.B) {
	const lines = 100_000
	for _, c := range []struct{ keys, clients int }{{100, 50}, {lines, 50}, {100, lines}, {lines, lines}} {
		var text bytes.Buffer
		for i := range lines {
			n := i * 7_368_787
			fmt.Fprintf(&text, "+1700000000.%06d [0 10.0.%d.%d:%d] %s\r\n", i, n%c.clients%1000>>8, n%c.clients%1000&255, 10_000+n%c.clients/1000,
				[]string{`"GET" "user:%d:profile"`, `"SET" "session:%d" "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"`, `"INCR" "page:%d:views"`}[i%3])
		}
		all := bytes.Split(text.Bytes(), []byte("\n"))[:lines]
		for i, l := range all {
			all[i] = fmt.Appendf(nil, string(l), 10_000_000+i*7_368_787%c.keys)
		}
		b.Run(fmt.Sprintf("keys=%d/clients=%d", c.keys, c.clients), func(b *testing.B) {
			tally := NewTally(TallyOptions{})
			var l redis.MonitorLine
			tally.Open(t0)
			for i := range b.N {
				if i%50_000 == 49_999 {
					tally.Close(time.Millisecond)
					if i%lines == lines-1 {
						tally.Reset()
					}
					tally.Open(t0)
				}
				if err := l.Parse(all[i%lines]); err != nil {
					b.Fatal(err)
				}
				tally.Add(&l)
			}
		})
	}
}
