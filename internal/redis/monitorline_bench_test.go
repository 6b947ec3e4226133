package redis

import (
	"bytes"
	"fmt"
	"io"
	"testing"
)

// monitorLines are n lines of some 87 bytes as redis-benchmark makes them.
func monitorLines(n int) []byte {
	var b []byte
	for i := range n {
		b = fmt.Appendf(b, "+1339518083.%06d [0 10.0.%d.%d:%05d] \"GET\" \"key:%012d:the-cached-page-v2.1\"\r\n",
			i%1_000_000, i%3, i%250, 40_000+i%20_000, i*7919%1_000_000)
	}
	return b
}

func BenchmarkMonitorLine(b *testing.B) {
	stream := monitorLines(10_000)
	lines := bytes.Split(bytes.TrimSuffix(stream, []byte("\r\n")), []byte("\r\n"))
	perLine := func(b *testing.B) {
		b.ReportMetric(float64(b.N)*float64(len(lines))/b.Elapsed().Seconds()/1e6, "Mlines/s")
		b.ReportMetric(float64(len(stream))/float64(len(lines)), "bytes/line")
	}
	b.Run("parse", func(b *testing.B) {
		var l MonitorLine
		for b.Loop() {
			for _, line := range lines {
				if err := l.Parse(line); err != nil {
					b.Fatal(err)
				}
			}
		}
		perLine(b)
	})
	b.Run("parse+command+key", func(b *testing.B) {
		var l MonitorLine
		size := 0
		for b.Loop() {
			for _, line := range lines {
				if err := l.Parse(line); err != nil {
					b.Fatal(err)
				}
				c, ok := LookupArgs(l.Args)
				if !ok {
					b.Fatal("unknown command")
				}
				c.EachKey(l.Args, func(key []byte) bool { size += len(key); return true })
			}
		}
		perLine(b)
	})
	b.Run("read+parse", func(b *testing.B) {
		var l MonitorLine
		src := bytes.NewReader(stream)
		r := NewMonitorReader(src, 0)
		b.ReportAllocs()
		for b.Loop() {
			src.Reset(stream)
			for range lines {
				line, _, err := r.Next()
				if err != nil {
					b.Fatal(err)
				}
				if err := l.Parse(line); err != nil {
					b.Fatal(err)
				}
			}
			if _, _, err := r.Next(); err != io.EOF {
				b.Fatal(err)
			}
			r.err = nil
		}
		perLine(b)
	})
}

func BenchmarkLookupCommand(b *testing.B) {
	for _, name := range []string{"GET", "zunionstore", "georadiusbymember_ro", "nosuchcommand"} {
		b.Run(name, func(b *testing.B) {
			raw := []byte(name)
			b.ReportAllocs()
			for b.Loop() {
				LookupCommand(raw)
			}
		})
	}
}

func BenchmarkParseCommandTable(b *testing.B) {
	for b.Loop() {
		parseCommandTable(commandsText)
	}
}
