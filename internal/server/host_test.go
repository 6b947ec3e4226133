package server

import (
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/stats"
)

const (
	statFile = `cpu  1000 10 500 8000 100 5 15 370 400 0
cpu0 500 5 250 4000 50 3 8 185 200 0
cpu1 500 5 250 4000 50 2 7 185 200 0
intr 123 45
btime 1795000000
`
	// A name may hold what looks like the end of a name.
	processStat = "4711 (redis-server) x) S 1 4711 4711 0 -1 4194560 1500 0 0 0 120 60 0 0 20 0 5 0 360000 64901120 2800 18446744073709551615\n"
	statusFile  = "Name:\tredis-server\nVmRSS:\t  141324 kB\nVmSwap:\t     128 kB\nTHP_enabled:\t0\n"
)

func TestProcFiles(t *testing.T) {
	times, ok := parseProcessors(statFile)
	if want := (hostTimes{cores: 2, steal: 370, total: 10_000}); !ok || times != want {
		t.Errorf("processors %+v, %v, want %+v", times, ok, want)
	}
	before := hostTimes{cores: 2, steal: 320, total: 9_000}
	if share := times.stealSince(before); share != redis.Some(0.05) {
		t.Errorf("steal %v", share)
	}
	for _, before := range []hostTimes{{}, times, {cores: 2, steal: 371, total: 9_000}} {
		if share := times.stealSince(before); share.Known() {
			t.Errorf("steal since %+v: %v", before, share)
		}
	}
	if got := parseChoice("always [madvise] never\n"); got != "madvise" {
		t.Errorf("huge pages %q", got)
	}
	if got := parseLines(statusFile, "VmSwap"); got != redis.Some[int64](128<<10) {
		t.Errorf("swap %v", got)
	}
	if got := parseLines(statusFile, "THP_enabled"); got != redis.Some[int64](0) {
		t.Errorf("huge pages allowed %v", got)
	}
	if got := parseStart(processStat); got != redis.Some(3600.0) {
		t.Errorf("started at %v", got)
	}
	if got := parseFirstNumber("0.37 0.50 0.41 1/234 5678\n"); got != redis.Some(0.37) {
		t.Errorf("load %v", got)
	}
	if got := parseWhole("1\n"); got != redis.Some(1) {
		t.Errorf("overcommit %v", got)
	}
}

func TestProcFilesThatCannotBeRead(t *testing.T) {
	for _, text := range []string{"", "\n", "cpu", "cpu x y", "cpu  1 2 3\ncpu0 1", "VmSwap:\n", "VmSwap: x kB", "VmSwap: -1 kB", "NaN", "-1", ") 1 2", "[", "99999999999999999999"} {
		if _, ok := parseProcessors(text); ok {
			t.Errorf("processors of %q", text)
		}
		if parseLines(text, "VmSwap").Known() || parseStart(text).Known() || parseChoice(text) != "" || text != "99999999999999999999" && parseFirstNumber(text).Known() || parseWhole(text).Known() {
			t.Errorf("something was read of %q", text)
		}
	}
}

// In a container the server tells a number that outside is another process, or none.
func TestOnlyTheServerItselfIsTheServer(t *testing.T) {
	const up = "5600.12 9000.00\n" // the process is 2000 s old
	for _, c := range []struct {
		name, comm, cmdline string
		told                int64
		is                  bool
	}{
		{"itself", "redis-server\n", "redis-server *:6379", 2000, true},
		{"its second is not ours", "redis-server\n", "redis-server *:6379", 2003, true},
		{"renamed thread", "main\n", "/usr/bin/valkey-server 127.0.0.1:6379", 1999, true},
		{"started by its loader", "ld.so\n", "/x/ld.so\x00--library-path\x00/x\x00/x/bin/redis-server 127.0.0.1:1", 1999, true},
		{"another program", "systemd\n", "/sbin/init\x00splash", 2000, false},
		{"a program that only names it", "vim\n", "vim\x00redis.conf", 2000, false},
		{"another server, younger", "redis-server\n", "redis-server *:6379", 1900, false},
		{"another server, older", "redis-server\n", "redis-server *:6379", 90000, false},
		{"age not told", "redis-server\n", "redis-server *:6379", -1, false},
		{"gone", "", "", 2000, false},
	} {
		if got := isServer(c.comm, c.cmdline, processStat, up, c.told); got != c.is {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if isServer("redis-server", "redis-server", "", up, 2000) || isServer("redis-server", "redis-server", processStat, "", 2000) {
		t.Error("an age that nobody knows")
	}
}

func FuzzProcFiles(f *testing.F) {
	f.Add(statFile)
	f.Add(processStat)
	f.Add(statusFile)
	f.Fuzz(func(t *testing.T, text string) {
		times, _ := parseProcessors(text)
		if share, ok := times.stealSince(hostTimes{cores: 1}).Get(); ok && (share < 0 || share > 1) {
			t.Errorf("steal %v", share)
		}
		if v := parseLines(text, "VmSwap").Or(0); v < 0 {
			t.Errorf("swap %v", v)
		}
		if v := parseFirstNumber(text).Or(0); !(v >= 0) {
			t.Errorf("number %v", v)
		}
		parseWhole(text)
		parseChoice(text)
		isServer(text, text, text, text, 5)
	})
}

func TestHostOfARealServer(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has /proc")
	}
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		p := connectTo(t, s, 1)
		h := hostOf(t, p, func(h *stats.Host) bool { return h.FreeDisk.Known() && h.StealShare.Known() })
		if !h.Local || h.Cores.Or(0) < 1 || h.FreeDisk.Or(0) <= 0 || !h.Load.Known() || !h.Overcommit.Known() || h.SomaxConn.Or(0) < 1 ||
			h.ServerSwap.Or(-1) < 0 || h.StealShare.Or(2) > 1 {
			t.Errorf("%+v", h)
		}
	})
}

// hostOf polls until the host is told as the test wants it. The time between two looks is cut short.
func hostOf(t *testing.T, p *Poller, fits func(*stats.Host) bool) *stats.Host {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		p.facts.host.looked = time.Time{}
		if r := poll(t, p); r.Host != nil && fits(r.Host) {
			return r.Host
		}
	}
	t.Fatal("the host is not told")
	return nil
}

// A server that says of itself what is not so here, as one in a container does, is not here.
func TestAServerElsewhereHasNoHostHere(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has /proc")
	}
	var before hostMemory
	if h := readHost(serverProcess{pid: 1, uptime: 5}, &before); h != (stats.Host{}) {
		t.Errorf("of process 1: %+v", h)
	}
	for addrs, want := range map[string]bool{"127.0.0.1 127.0.0.1": false, "10.0.0.1 10.0.0.1": false, "10.0.0.1 10.0.0.2": true, "::1 ::1": false} {
		here, there, _ := strings.Cut(addrs, " ")
		if got := elsewhere(ends{here, there}); got != want {
			t.Errorf("%s: elsewhere %v", addrs, got)
		}
	}
}

// ends is a connection between two addresses.
type ends struct{ here, there string }

func (e ends) LocalAddr() net.Addr  { return &net.TCPAddr{IP: net.ParseIP(e.here), Port: 1} }
func (e ends) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.ParseIP(e.there), Port: 2} }
