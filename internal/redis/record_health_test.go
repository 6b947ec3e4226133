package redis

import (
	"os"
	"path/filepath"
	"testing"
)

// recordedConfig is asked of every version; some lack the last ones.
var recordedConfig = []string{"CONFIG", "GET", "maxmemory", "save", "client-output-buffer-limit", "latency-tracking", "enable-debug-command"}

// TestRecordHealth records what a server tells of its configuration, its users and what it refused them.
// It wants the same server as TestRecord, and leaves what that one recorded alone.
func TestRecordHealth(t *testing.T) {
	if *recordAddr == "" {
		t.Skip("records a server's replies when -record names one")
	}
	rec := dialRecording(t, "tcp", *recordAddr)
	info := ParseInfo(rec.must("INFO", "server").Text)
	dir := filepath.Join("testdata", info.Flavor()+"-"+info.Version())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	recordUsers(rec)
	rec.must("LATENCY", "RESET")
	rec.must("CONFIG", "SET", "latency-monitor-threshold", "1")
	rec.must("EVAL", "local n = 0 for i = 1, 3000000 do n = n + i end return n", "0")

	resp3 := dialRecording(t, "tcp", *recordAddr)
	resp3.must("HELLO", "3")
	both := func(name string, args ...string) {
		rec.save(filepath.Join(dir, name+".resp"), args...)
		resp3.save(filepath.Join(dir, name+".resp3"), args...)
	}
	both("config-get", recordedConfig...)
	both("latency-latest", "LATENCY", "LATEST")
	both("acl-users", "ACL", "USERS")
	both("acl-user-default", "ACL", "GETUSER", "default")
	both("acl-user-app", "ACL", "GETUSER", "app")
	both("acl-user-gone", "ACL", "GETUSER", "gone")
	both("acl-log", "ACL", "LOG", "16")
}

// recordUsers makes users and has them do what they may not: log in with a wrong password, run a
// command, touch a key.
func recordUsers(rec *recording) {
	rec.must("ACL", "LOG", "RESET")
	rec.must("ACL", "SETUSER", "app", "reset", "on", ">secret", "~app:*", "%R~shared:*", "-@all", "+@read", "-keys", "+config|get", "(~* +set)")
	rec.must("ACL", "SETUSER", "unused", "reset", "off")
	app := dialRecording(rec.t, "tcp", *recordAddr)
	app.do("AUTH", "app", "wrong")
	app.must("AUTH", "app", "secret")
	app.do("CLIENT", "SETNAME", "not allowed")
	app.do("FLUSHALL")
	app.do("GET", "other:1")
}
