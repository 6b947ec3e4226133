package monitor

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"redistop/internal/redis"
	"redistop/internal/server"
)

// oldServer answers as a server before 6.2: it has no RESET, and QUIT ends a connection. One client sends it a GET
// every millisecond.
type oldServer struct {
	net.Listener
	mu          sync.Mutex
	connections int      // guarded by mu
	open        int      // guarded by mu
	sent        []string // guarded by mu: all commands but the greeting, by connection: "3 QUIT"
	broken      []string // guarded by mu: what such a server would have refused
}

func startOldServer(t *testing.T) *oldServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &oldServer{Listener: l}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.connections++
			s.open++
			n := s.connections
			s.mu.Unlock()
			go s.serve(c, n)
		}
	}()
	return s
}

// serve runs the commands of one connection, one after the other: a WAIT holds up those behind it, while the feed
// goes on.
func (s *oldServer) serve(c net.Conn, n int) {
	var writing sync.Mutex
	say := func(format string, args ...any) {
		writing.Lock()
		defer writing.Unlock()
		fmt.Fprintf(c, format+"\r\n", args...)
	}
	show := func(from, format string, args ...any) {
		now := time.Now().UnixMicro()
		say("+%d.%06d [0 %s] "+format, append([]any{now / 1e6, now % 1e6, from}, args...)...)
	}
	gone := make(chan struct{})
	defer func() {
		close(gone)
		c.Close()
		s.mu.Lock()
		s.open--
		s.mu.Unlock()
	}()
	r := redis.NewReader(c, redis.Limits{})
	monitoring := false
	for {
		v, err := r.Read()
		if err != nil {
			return
		}
		var args []string
		for _, e := range v.Elems {
			args = append(args, e.Text)
		}
		line := strings.ToUpper(strings.Join(args, " "))
		if !strings.HasPrefix(line, "CLIENT") {
			s.note(&s.sent, fmt.Sprintf("%d %s", n, line))
		}
		if monitoring {
			show(c.RemoteAddr().String(), `"%s"`, strings.Join(args, `" "`))
		}
		switch args[0] {
		case "MONITOR":
			say("+OK")
			monitoring = true
			go feed(gone, show)
		case "WAIT":
			if args[1] != "0" {
				ms, _ := strconv.Atoi(args[2])
				time.Sleep(time.Duration(ms) * time.Millisecond)
			}
			say(":0")
		case "QUIT":
			say("+OK")
			return
		case "CLIENT":
			if args[1] == "ID" {
				say(":%d", n)
			} else {
				say("+OK")
			}
		default:
			s.note(&s.broken, line)
			say("-ERR unknown command '%s'", args[0])
		}
	}
}

func feed(gone chan struct{}, show func(from, format string, args ...any)) {
	for i := 0; ; i++ {
		select {
		case <-gone:
			return
		case <-time.After(time.Millisecond):
			show("10.0.0.7:5000", `"GET" "k:%d"`, i)
		}
	}
}

func (s *oldServer) note(list *[]string, line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*list = append(*list, line)
}

// On a server without RESET each window is a connection of its own, ended by QUIT, in both modes.
func TestServersBeforeResetEndWindowsByQuit(t *testing.T) {
	for _, mode := range []Mode{Sample, Full} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			s := startOldServer(t)
			var h heard
			m := sampler(t, server.Target{Network: "tcp", Address: s.Addr().String()}, h.tap, mode == Sample)
			c := quiet(time.Second)
			c.Reset = false
			m.Update(c, nil)
			if mode == Full {
				m.Watch(time.Minute)
			}
			var windows, gaps int
			var commands int64
			waitFor(t, "windows with commands", func() bool {
				b, ok := m.Take(time.Second)
				if !ok {
					return false
				}
				windows, gaps, commands = windows+b.Windows, gaps+b.Gaps, commands+b.Tally.Commands()
				if b.Mode != mode || b.Exact {
					t.Fatalf("batch %+v", b)
				}
				m.Release(b.Tally)
				return windows >= 5 && commands > 5
			})
			if gaps < windows {
				t.Errorf("%d windows with %d gaps before them: each stands alone", windows, gaps)
			}
			for _, line := range h.all() {
				if !strings.HasPrefix(line, `10.0.0.7 "GET"`) {
					t.Errorf("%s is shown, which we sent", line)
				}
			}
			m.Watch(0)
			m.Enable(false)
			waitFor(t, "no connection is left", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.open == 0 })
			s.check(t, windows)
		})
	}
}

// check wants that each connection saw one window, ended by the server.
func (s *oldServer) check(t *testing.T, windows int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.broken) > 0 {
		t.Errorf("such a server refuses %q", s.broken)
	}
	if s.connections < windows {
		t.Errorf("%d windows on %d connections", windows, s.connections)
	}
	for n := 1; n <= s.connections; n++ {
		var names []string
		for _, line := range s.sent {
			if c, command, _ := strings.Cut(line, " "); c == strconv.Itoa(n) {
				names = append(names, strings.Fields(command)[0])
			}
		}
		if !slices.Equal(names, []string{"MONITOR", "WAIT", "QUIT"}) && !slices.Equal(names, []string{"MONITOR", "WAIT", "WAIT", "QUIT"}) {
			t.Errorf("connection %d was sent %q", n, names)
		}
	}
}
