package redis

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The lines of versions that testdata may lack: fields as each version's source names them.
func TestParseClientListVersions(t *testing.T) {
	base := Client{ID: 3, Addr: "10.1.2.3:52555", Age: 8 * time.Second, Idle: 2 * time.Second, Flags: "N", DB: 5, Multi: -1, QueryBuffer: 26, OutputBuffer: 20, LastCommand: "get"}
	with := func(change func(*Client)) Client {
		c := base
		change(&c)
		return c
	}
	for name, test := range map[string]struct {
		line string
		want Client
	}{
		"redis 5.0": {
			"id=3 addr=10.1.2.3:52555 fd=8 name= age=8 idle=2 flags=N db=5 sub=0 psub=0 multi=-1 qbuf=26 qbuf-free=32742 obl=20 oll=0 omem=0 events=r cmd=get",
			base,
		},
		"redis 6.2": {
			"id=3 addr=10.1.2.3:52555 laddr=10.1.2.4:6379 fd=8 name=worker age=8 idle=2 flags=N db=5 sub=0 psub=0 multi=-1 qbuf=26 qbuf-free=40928 argv-mem=10 obl=0 oll=1 omem=20 tot-mem=61466 events=r cmd=get user=app redir=-1",
			with(func(c *Client) { c.Name, c.User, c.TotalMemory = "worker", "app", Some[int64](61466) }),
		},
		"redis 8.0": {
			"id=3 addr=10.1.2.3:52555 laddr=10.1.2.4:6379 fd=8 name= age=8 idle=2 flags=N db=5 sub=0 psub=0 ssub=0 multi=-1 watch=0 qbuf=26 qbuf-free=20448 argv-mem=10 multi-mem=0 rbs=1024 rbp=0 obl=20 oll=0 omem=0 tot-mem=22426 events=r cmd=config|get user=default redir=-1 resp=3 lib-name=redis-py lib-ver=5.2.1 io-thread=0",
			with(func(c *Client) {
				c.User, c.LibName, c.LibVer, c.LastCommand, c.ReplyPeak, c.TotalMemory = "default", "redis-py", "5.2.1", "config|get", Some[int64](0), Some[int64](22426)
			}),
		},
		"redis 8.6": {
			"id=3 addr=10.1.2.3:52555 laddr=10.1.2.4:6379 fd=8 name= age=8 idle=2 flags=N db=5 sub=0 psub=0 ssub=1 multi=-1 watch=0 qbuf=26 qbuf-free=20448 argv-mem=10 multi-mem=0 rbs=1024 rbp=0 obl=20 oll=0 omem=0 tot-mem=22426 events=r cmd=NULL user=default redir=-1 resp=2 lib-name= lib-ver= io-thread=0 tot-net-in=1234 tot-net-out=5678 tot-cmds=9",
			with(func(c *Client) {
				c.User, c.LastCommand, c.SSub, c.ReplyPeak, c.TotalMemory = "default", "", 1, Some[int64](0), Some[int64](22426)
				c.NetIn, c.NetOut, c.Commands = Some[int64](1234), Some[int64](5678), Some[int64](9)
			}),
		},
		"valkey 9": {
			"id=3 addr=10.1.2.3:52555 laddr=10.1.2.4:6379 fd=8 name=n age=8 idle=2 flags=P capa=r db=5 sub=1 psub=2 ssub=0 multi=-1 watch=0 qbuf=26 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=1024 rbp=0 obl=20 oll=0 omem=0 tot-mem=1928 events=r cmd=psubscribe user=default redir=-1 resp=2 lib-name= lib-ver= tot-net-in=0 tot-net-out=0 tot-cmds=0",
			with(func(c *Client) {
				c.Name, c.Flags, c.Sub, c.PSub, c.User, c.LastCommand, c.ReplyPeak, c.TotalMemory = "n", "P", 1, 2, "default", "psubscribe", Some[int64](0), Some[int64](1928)
				c.NetIn, c.NetOut, c.Commands = Some[int64](0), Some[int64](0), Some[int64](0)
			}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, bad := ParseClientList(test.line + "\n")
			if diff := cmp.Diff([]Client{test.want}, got); diff != "" || bad != 0 {
				t.Errorf("%d unreadable\n%s", bad, diff)
			}
		})
	}
}

func TestParseClientListOddLines(t *testing.T) {
	got, bad := ParseClientList("id=1 addr=a:1 name=x=y=z=\r\n" +
		"\n" +
		"garbage\n" +
		"addr=1.2.3.4:5 name=without-id\n" +
		"id=two addr=1.2.3.4:5\n" +
		"id=2 age=old\n" +
		"id=3 name=\x1b[31m age=-5 idle=9223372036854775807 obl=9223372036854775807 omem=9223372036854775807\n" +
		"id=4 two words in=some field omem=-9 =empty novalue=")
	want := []Client{
		{ID: 1, Addr: "a:1", Name: "x=y=z=", Multi: -1},
		{ID: 3, Name: "\x1b[31m", Idle: math.MaxInt64, OutputBuffer: math.MaxInt64, Multi: -1},
		{ID: 4, Multi: -1},
	}
	if diff := cmp.Diff(want, got); diff != "" || bad != 4 {
		t.Errorf("%d unreadable, want 4\n%s", bad, diff)
	}
	if none, bad := ParseClientList(""); len(none) != 0 || bad != 0 {
		t.Errorf("empty list: %v, %d", none, bad)
	}
}

func TestParseClientListIsBounded(t *testing.T) {
	clients, bad := ParseClientList(strings.Repeat("id=1\n", maxClients+7))
	if len(clients) != maxClients || bad != 7 {
		t.Errorf("%d clients, %d not read", len(clients), bad)
	}
}

func TestClientIP(t *testing.T) {
	for _, test := range []struct{ addr, flags, want string }{
		{"127.0.0.1:6379", "N", "127.0.0.1"},
		{"[::1]:1234", "N", "::1"},
		{"[fe80::1%eth0]:1234", "N", "fe80::1%eth0"},
		{"/run/redis.sock:0", "U", "unix"},
		{"/run/redis.sock:0", "N", "unix"},
		{"redis.sock:0", "", "unix"},
		{"", "U", "unix"},
		{"", "N", ""},
		{"?:0", "N", ""},
		{":0", "N", ""},
		{"10.0.0.1", "N", "10.0.0.1"},
	} {
		if got := (Client{Addr: test.addr, Flags: test.flags}).IP(); got != test.want {
			t.Errorf("%q with flags %q: %q, want %q", test.addr, test.flags, got, test.want)
		}
	}
}

func FuzzParseClientList(f *testing.F) {
	f.Add("id=1 addr=127.0.0.1:1 name=a=b age=1 idle=0 flags=N db=0 omem=1 obl=2 cmd=get\n")
	f.Add("id=2 addr=[::1]:9 flags=U multi=-1 tot-cmds=5 cmd=NULL user=default\r\nid=3")
	f.Fuzz(func(t *testing.T, s string) {
		clients, bad := ParseClientList(s)
		lines := 0
		for line := range strings.Lines(s) {
			if strings.TrimRight(line, "\r\n") != "" {
				lines++
			}
		}
		if len(clients)+bad != lines {
			t.Fatalf("%d clients and %d unreadable of %d lines", len(clients), bad, lines)
		}
		for _, c := range clients {
			if c.Age < 0 || c.Idle < 0 || c.OutputBuffer < 0 || c.LastCommand == "NULL" {
				t.Fatalf("%+v", c)
			}
			c.IP()
		}
	})
}
