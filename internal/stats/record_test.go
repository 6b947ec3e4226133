package stats

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"redistop/internal/redis"
)

// To record polls of one more version, start a server that nobody needs with traffic on it:
//
//	go test ./internal/stats -run TestRecord -record 127.0.0.1:7001
//	go test ./internal/stats -run TestSnapshotsOfRealServers -update
var recordAddr = flag.String("record", "", "record a few polls of the server at this TCP `address`")

const (
	recordedPolls = 4
	recordedEvery = 2 * time.Second
	recorderName  = "redistop" // of the recorder's connection: it stands for the observer's
)

// recordedCommands are asked in this order in every poll; the replies stand in one file one after
// another. A version that lacks one answers with an error, which is recorded too.
var recordedCommands = [][]string{
	{"INFO", "all"},
	{"MEMORY", "STATS"},
	{"LATENCY", "HISTOGRAM"},
	{"SLOWLOG", "GET", "128"},
	{"CLIENT", "LIST"},
}

func TestRecord(t *testing.T) {
	if *recordAddr == "" {
		t.Skip("records a server's replies when -record names one")
	}
	conn, err := net.DialTimeout("tcp", *recordAddr, 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var raw bytes.Buffer
	reader := redis.NewReader(io.TeeReader(conn, &raw), redis.Limits{})
	ask := func(args ...string) redis.Value {
		t.Helper()
		if _, err := conn.Write(redis.AppendCommand(nil, args...)); err != nil {
			t.Fatal(err)
		}
		v, err := reader.Read()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	ask("CLIENT", "SETNAME", recorderName)
	info := redis.ParseInfo(ask("INFO", "server").Text)
	dir := filepath.Join("testdata", info.Flavor()+"-"+info.Version())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for poll := range recordedPolls {
		time.Sleep(recordedEvery)
		raw.Reset()
		for _, args := range recordedCommands {
			ask(args...)
		}
		file := filepath.Join(dir, fmt.Sprintf("poll-%d.resp", poll+1))
		if err := os.WriteFile(file, withoutPaths(raw.Bytes()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// withoutPaths blanks the paths of the machine in INFO, keeping the reply's length.
func withoutPaths(raw []byte) []byte {
	return regexp.MustCompile(`(?m)^(executable|config_file):[^\r\n]*`).ReplaceAllFunc(raw, func(line []byte) []byte {
		name, value, _ := bytes.Cut(line, []byte(":"))
		return fmt.Appendf(nil, "%s:%s", name, strings.Repeat("x", len(value)))
	})
}

// readRecorded turns recorded polls into Readings. Their times are the server's own.
func readRecorded(t *testing.T, dir string) []Reading {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "poll-*.resp"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no polls in %s: %v", dir, err)
	}
	var readings []Reading
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		readings = append(readings, parsePoll(t, raw))
	}
	readings[0].Sent = []redis.Sent{{Name: "client|setname", Calls: 1}, {Name: "info", Calls: 1}}
	return readings
}

func parsePoll(t *testing.T, raw []byte) Reading {
	t.Helper()
	reader := redis.NewReader(bytes.NewReader(raw), redis.Limits{})
	var replies []redis.Value
	for range recordedCommands {
		v, err := reader.Read()
		if err != nil {
			t.Fatal(err)
		}
		replies = append(replies, v)
	}
	info := redis.ParseInfo(replies[0].Text)
	now := time.UnixMicro(info.Int("server_time_usec").Or(0)).UTC()
	r := Reading{
		Time: now, Asked: now, Addr: "127.0.0.1:6379", Link: Link{State: Up, Since: now.Truncate(time.Hour)}, Info: info,
		Sent: []redis.Sent{{Name: "info", Calls: 1}, {Name: "memory|stats", Calls: 1}, {Name: "latency|histogram", Calls: 1},
			{Name: "slowlog|get", Calls: 1}, {Name: "client|list", Calls: 1}},
		Pacing: Pacing{Interval: recordedEvery, Actual: recordedEvery, Budget: 0.01},
	}
	r.Memory, _ = redis.ParseMemoryStats(replies[1])
	r.Histograms, _ = redis.ParseHistograms(replies[2])
	if entries, err := redis.ParseSlowlog(replies[3]); err == nil {
		for i := range entries {
			entries[i].Time = entries[i].Time.UTC() // the same JSON in every time zone
		}
		r.Slow = []SlowReading{{Kind: Slow, Entries: entries, Limit: 128}}
	}
	clients, bad := redis.ParseClientList(replies[4].Text)
	if bad > 0 {
		t.Fatalf("%d clients cannot be read", bad)
	}
	pass := &ClientReading{Started: now, Finished: now, Complete: true, Known: len(clients), Expected: len(clients),
		Received: r.Info.Int("total_connections_received").Or(0)}
	for _, c := range clients {
		pass.Clients = append(pass.Clients, SeenClient{Client: c, At: now})
		if c.Name == recorderName {
			r.OwnIDs = append(r.OwnIDs, c.ID)
		}
	}
	r.Clients = pass
	return r
}
