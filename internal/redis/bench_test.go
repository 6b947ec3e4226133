package redis

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
)

func recordedFile(b *testing.B, name string) []byte {
	raw, err := os.ReadFile("testdata/redis-7.0.15/" + name)
	if err != nil {
		b.Fatal(err)
	}
	return raw
}

func BenchmarkParseInfo(b *testing.B) {
	text := string(recordedFile(b, "info.resp"))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		ParseInfo(text)
	}
}

func BenchmarkParseClientList10000(b *testing.B) {
	var list strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&list, "id=%d addr=10.0.%d.%d:%d laddr=10.1.0.1:6379 fd=%d name=worker-%d age=100 idle=2 flags=N db=0 sub=0 psub=0 ssub=0 multi=-1 watch=0 qbuf=26 qbuf-free=20448 argv-mem=10 multi-mem=0 rbs=1024 rbp=0 obl=0 oll=0 omem=0 tot-mem=22426 events=r cmd=get user=default redir=-1 resp=3 lib-name=redis-py lib-ver=5.2.1 io-thread=0 tot-net-in=1234 tot-net-out=5678 tot-cmds=9\n",
			i+1, i/256, i%256, 20_000+i, i+10, i%50)
	}
	text := list.String()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		ParseClientList(text)
	}
}

func BenchmarkReader(b *testing.B) {
	for name, raw := range map[string][]byte{
		"latency": recordedFile(b, "latency-after.resp"),
		"bulk3MB": fmt.Appendf(nil, "$%d\r\n%s\r\n", 3<<20, strings.Repeat("x", 3<<20)),
	} {
		b.Run(name, func(b *testing.B) {
			src := bytes.NewReader(raw)
			rd := NewReader(src, Limits{})
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := src.Seek(0, io.SeekStart); err != nil {
					b.Fatal(err)
				}
				if _, err := rd.Read(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPrintable(b *testing.B) {
	for name, s := range map[string]string{"plain": "user:1042:session", "escaped": "user:\x1b[31m:\xff日本語"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Printable(s)
			}
		})
	}
}
