package redis

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRecordStreams records what a server tells of streams and channels. It wants the same server as TestRecord, or one
// that is empty.
func TestRecordStreams(t *testing.T) {
	if *recordAddr == "" {
		t.Skip("records a server's replies when -record names one")
	}
	rec := dialRecording(t, "tcp", *recordAddr)
	info := ParseInfo(rec.must("INFO", "server").Text)
	dir := filepath.Join("testdata", info.Flavor()+"-"+info.Version())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	recordStreams(rec)
	subscriber := dialRecording(t, "tcp", *recordAddr)
	subscriber.must("SUBSCRIBE", "news")
	resp3 := dialRecording(t, "tcp", *recordAddr)
	resp3.must("HELLO", "3")
	both := func(name string, args ...string) {
		rec.save(filepath.Join(dir, name+".resp"), args...)
		resp3.save(filepath.Join(dir, name+".resp3"), args...)
	}
	both("xinfo-stream", "XINFO", "STREAM", "orders")
	both("xinfo-stream-empty", "XINFO", "STREAM", "empty")
	both("xinfo-groups", "XINFO", "GROUPS", "orders")
	both("xinfo-consumers", "XINFO", "CONSUMERS", "orders", "billing")
	both("xpending", "XPENDING", "orders", "billing", "-", "+", "10")
	both("pubsub-channels", "PUBSUB", "CHANNELS")
	both("pubsub-numsub", "PUBSUB", "NUMSUB", "news", "nobody")
}

// recordStreams makes two streams: orders, of whose five entries one is deleted, with a group that has read
// three of them, one that has read none and one that does not know where it stands; and one without entries.
func recordStreams(rec *recording) {
	for _, id := range []string{"1-1", "2-1", "3-1", "4-1", "5-1"} {
		rec.must("XADD", "orders", id, "customer", "4711")
	}
	rec.must("XGROUP", "CREATE", "orders", "billing", "0")
	rec.must("XGROUP", "CREATE", "orders", "audit", "0")
	rec.must("XREADGROUP", "GROUP", "billing", "alice", "COUNT", "2", "STREAMS", "orders", ">")
	rec.must("XREADGROUP", "GROUP", "billing", "alice", "STREAMS", "orders", "0")
	rec.must("XREADGROUP", "GROUP", "billing", "bob", "COUNT", "1", "STREAMS", "orders", ">")
	rec.must("XACK", "orders", "billing", "2-1")
	rec.must("XGROUP", "CREATECONSUMER", "orders", "billing", "carol")
	rec.must("XDEL", "orders", "4-1")
	rec.must("XGROUP", "CREATE", "orders", "lost", "2-1")
	rec.must("XGROUP", "CREATE", "empty", "none", "$", "MKSTREAM")
}
