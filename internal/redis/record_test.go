package redis

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// To record the replies of one more version, start a server that nobody needs, and a replica:
//
//	redis-server --port 7001 --bind 127.0.0.1 -::1 --unixsocket /run/fixture.sock --save "" --repl-diskless-sync-delay 0
//	redis-server --port 7002 --save "" --replicaof 127.0.0.1 7001
//	go test ./internal/redis -run TestRecord -record 127.0.0.1:7001
var recordAddr = flag.String("record", "", "flush the server at this TCP `address`, give it known traffic and record its replies")

// The traffic that every recording holds, whatever the version.
const (
	binaryArg     = "\x00\xff\x1b[31m\r\n\"quoted\" é"
	recordedGets  = 50
	recordedIncrs = 10
	manyArgs      = 40 // more than the 32 that a slowlog entry keeps
)

// recording is one connection of the recorder.
type recording struct {
	t    *testing.T
	conn net.Conn
	raw  bytes.Buffer // what the server sent since the last command
	r    *Reader
}

func dialRecording(t *testing.T, network, addr string) *recording {
	t.Helper()
	conn, err := net.DialTimeout(network, addr, 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	rec := &recording{t: t, conn: conn}
	rec.r = NewReader(io.TeeReader(conn, &rec.raw), Limits{})
	return rec
}

// send sends a command and does not wait for the reply.
func (rec *recording) send(args ...string) {
	rec.t.Helper()
	if _, err := rec.conn.Write(AppendCommand(nil, args...)); err != nil {
		rec.t.Fatal(err)
	}
}

// do sends a command and returns its reply, an error reply too.
func (rec *recording) do(args ...string) Value {
	rec.t.Helper()
	rec.raw.Reset()
	rec.send(args...)
	if err := rec.conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		rec.t.Fatal(err)
	}
	v, err := rec.r.Read()
	if err != nil {
		rec.t.Fatalf("%v: %v", args, err)
	}
	return v
}

// must is do for a command that every version has.
func (rec *recording) must(args ...string) Value {
	rec.t.Helper()
	v := rec.do(args...)
	if err := v.Err(); err != nil {
		rec.t.Fatalf("%v: %v", args, err)
	}
	return v
}

// save records the raw reply of a command in file; a command that this version lacks is left out.
func (rec *recording) save(file string, args ...string) {
	rec.t.Helper()
	if err := rec.do(args...).Err(); err != nil {
		rec.t.Logf("%s left out: %v", filepath.Base(file), err)
		return
	}
	if err := os.WriteFile(file, rec.raw.Bytes(), 0o644); err != nil {
		rec.t.Fatal(err)
	}
}

// saveInfo records INFO without what it says about the machine that it was recorded on.
func (rec *recording) saveInfo(file string) {
	rec.t.Helper()
	text := rec.must("INFO", "all").Text
	for pattern, replacement := range map[string]string{
		`(?m)^executable:.*/`:         "executable:/usr/bin/",
		`(?m)^config_file:[^\r\n]*`:   "config_file:",
		`(?m)^os:(\w+)[^\r\n]* (\w+)`: "os:$1 $2",
	} {
		text = regexp.MustCompile(pattern).ReplaceAllString(text, replacement)
	}
	raw := fmt.Sprintf("$%d\r\n%s\r\n", len(text), text)
	if err := os.WriteFile(file, []byte(raw), 0o644); err != nil {
		rec.t.Fatal(err)
	}
}

func TestRecord(t *testing.T) {
	if *recordAddr == "" {
		t.Skip("records a server's replies when -record names one")
	}
	rec := dialRecording(t, "tcp", *recordAddr)
	info := ParseInfo(rec.must("INFO", "server").Text)
	dir := filepath.Join("testdata", info.Flavor()+"-"+info.Version())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	recordTraffic(rec)
	recordClients(rec)

	resp3 := dialRecording(t, "tcp", *recordAddr)
	if err := resp3.do("HELLO", "3").Err(); err != nil {
		t.Logf("no RESP3: %v", err)
		resp3 = nil
	}
	both := func(name string, args ...string) {
		rec.save(filepath.Join(dir, name+".resp"), args...)
		if resp3 != nil {
			resp3.save(filepath.Join(dir, name+".resp3"), args...)
		}
	}
	both("slowlog", "SLOWLOG", "GET", "128")
	both("commandlog", "COMMANDLOG", "GET", "128", "slow")
	both("client-list", "CLIENT", "LIST")
	both("memory-stats", "MEMORY", "STATS")
	both("command-info", "COMMAND", "INFO", "get", "nosuchcommand", "config")
	both("latency-before", "LATENCY", "HISTOGRAM")
	for range recordedGets {
		rec.must("GET", "string")
	}
	for range recordedIncrs {
		rec.must("INCR", "counter")
	}
	both("latency-after", "LATENCY", "HISTOGRAM")
	rec.saveInfo(filepath.Join(dir, "info.resp"))
}

// recordTraffic fills databases 0, 1 and 9, provokes errors and fills the slowlog.
func recordTraffic(rec *recording) {
	rec.must("FLUSHALL")
	rec.must("CONFIG", "RESETSTAT")
	rec.must("CLIENT", "SETNAME", "fixture:main")
	rec.must("SET", "string", "value")
	rec.must("GET", "string")
	rec.must("INCR", "counter")
	rec.do("HSET", "string", "field", "value")
	rec.do("NOSUCHCOMMAND")
	rec.must("EVAL", "return redis.call('get', KEYS[1])", "1", "string")
	for _, db := range []string{"1", "9"} {
		rec.must("SELECT", db)
		rec.must("SET", "persistent", "value")
		rec.must("SET", "expiring", "value", "PX", "600000")
	}
	rec.must("SELECT", "0")

	rec.must("SLOWLOG", "RESET")
	threshold := rec.must("CONFIG", "GET", "slowlog-log-slower-than").Elems[1].Text
	rec.must("CONFIG", "SET", "slowlog-log-slower-than", "0")
	rec.must("SET", "binary", binaryArg)
	push := []string{"RPUSH", "list"}
	for i := range manyArgs {
		push = append(push, strconv.Itoa(i))
	}
	rec.must(push...)
	rec.must("CONFIG", "SET", "slowlog-log-slower-than", threshold)
}

// recordClients leaves one connection of every sort behind.
func recordClients(rec *recording) {
	t := rec.t
	named := dialRecording(t, "tcp", *recordAddr)
	named.must("SELECT", "9")
	named.must("CLIENT", "SETNAME", "name=with=equals")
	named.do("CLIENT", "SETINFO", "LIB-NAME", "fixturelib")
	named.do("CLIENT", "SETINFO", "LIB-VER", "1.2.3")
	named.must("GET", "persistent")

	subscriber := dialRecording(t, "tcp", *recordAddr)
	subscriber.send("SUBSCRIBE", "one", "two")
	transaction := dialRecording(t, "tcp", *recordAddr)
	transaction.must("MULTI")
	transaction.must("SET", "string", "value")
	blocked := dialRecording(t, "tcp", *recordAddr)
	blocked.send("BLPOP", "nolist", "0")

	if v := rec.must("CONFIG", "GET", "unixsocket"); len(v.Elems) == 2 && v.Elems[1].Text != "" {
		dialRecording(t, "unix", v.Elems[1].Text).must("PING")
	}
	if _, port, err := net.SplitHostPort(*recordAddr); err == nil && !strings.Contains(*recordAddr, "[") {
		dialRecording(t, "tcp", net.JoinHostPort("::1", port)).must("PING")
	}
	dialRecording(t, "tcp", *recordAddr) // has never sent a command
	time.Sleep(1100 * time.Millisecond)  // so that ages are known
	rec.must("WAIT", "1", "5000")        // so that the replica has told its offset
}
