package server

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"redistop/internal/redis"
)

// MaxWindow bounds the length of one window of MONITOR.
const MaxWindow = 200 * time.Millisecond

// noReplicas is the number of replicas that WAIT waits for: more than anybody has.
const noReplicas = "1000"

// endMark is what a window shows of itself when its time is over. It waits for nothing.
var endMark = []string{"WAIT", "0", "1"}

// A Stream is a connection that sees the command stream in windows that the server itself ends.
// A window is written in one go: MONITOR, WAIT 1000 <ms>, RESET, then AUTH and CLIENT SETNAME again,
// which RESET forgets. The WAIT blocks only this connection while the feed flows, and the RESET lies
// in the server's buffer already: a reader that is stopped, slowed or killed has left MONITOR when
// the time is over. Windows that are written before the one under way ends adjoin without a gap.
//
// The feed shows our own WAITs, the one that opens a window and, after Mark, a WAIT 0 1 in front of RESET, with
// the server's time: how long the window really was, and whether the next one adjoined.
//
// Servers before 6.2 have no RESET: there QUIT ends the window and the connection, and every window
// wants a new Stream. A replica refuses WAIT; see OpenStream.
//
// It never asks for CLIENT NO-EVICT: if somebody has to go for want of memory, it is us.
type Stream struct {
	conn   *Conn
	target Target
	reset  bool
	marks  bool // windows show their end

	mu  sync.Mutex
	out []byte // guarded by mu, as is what conn counts as sent
}

// OpenStream connects for windows. reset says whether the server has RESET (6.2+).
func OpenStream(ctx context.Context, t Target, reset bool) (*Stream, error) {
	t.DB = 0
	c, err := Dial(ctx, t)
	if err != nil {
		return nil, err
	}
	c.may.stream = true
	return &Stream{conn: c, target: t, reset: reset}, nil
}

// Reusable says that windows may follow one another on this connection.
func (s *Stream) Reusable() bool { return s.reset }

// ID is the connection's client id; 0 when unknown.
func (s *Stream) ID() int64 { return s.conn.id }

// Addr is our own address as the server names it in the feed; empty on a unix socket.
func (s *Stream) Addr() string {
	if s.target.Network == "unix" {
		return ""
	}
	return s.conn.nc.LocalAddr().String()
}

// Raw is the feed: lines of MONITOR between the replies +OK, :n and +RESET.
func (s *Stream) Raw() net.Conn { return s.conn.nc }

// Sent takes what windows have sent since the last call, by the server's name of each command.
func (s *Stream) Sent() []redis.Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sentList(s.conn.takeSent())
}

// Close ends the connection, and with it a window under way.
func (s *Stream) Close() error { return s.conn.Close() }

// Mark makes the windows from now on show their end. It is for when one was granted: a server that refuses
// WAIT counts each as an error.
func (s *Stream) Mark() { s.marks = true }

// Replies is how many replies one window has beside its lines, and the number of the one that closes it: to
// what leaves, since some versions show a command before its reply and some behind. waited says that WAIT ends
// the window.
func (s *Stream) Replies(waited bool) (all, closing int) {
	closing = 2 // MONITOR, RESET
	if waited {
		closing++
	}
	if waited && s.marks {
		closing++
	}
	return closing + len(s.leave()) - 1, closing
}

// Window writes windows of the given length, one behind the other, in one write. length is rounded
// to whole milliseconds, at least one and at most MaxWindow.
func (s *Stream) Window(length time.Duration, count int) error {
	ms := min(max(1, length.Milliseconds()), MaxWindow.Milliseconds())
	window := append([][]string{{"MONITOR"}, {"WAIT", noReplicas, strconv.FormatInt(ms, 10)}}, s.ending()...)
	commands := window
	for n := 1; n < count && s.reset; n++ {
		commands = append(commands, window...)
	}
	return s.write(commands)
}

// ending is what stands behind the WAIT.
func (s *Stream) ending() [][]string {
	if !s.marks {
		return s.leave()
	}
	return append([][]string{endMark}, s.leave()...)
}

// leave is what ends a window and makes the connection ours again.
func (s *Stream) leave() [][]string {
	if !s.reset {
		return [][]string{{"QUIT"}}
	}
	commands := [][]string{{"RESET"}}
	if auth := s.authArgs(); auth != nil {
		commands = append(commands, auth)
	}
	if s.conn.unnamed {
		return commands
	}
	return append(commands, []string{"CLIENT", "SETNAME", name})
}

// write sends commands in one write.
func (s *Stream) write(commands [][]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out = s.out[:0]
	for _, args := range commands {
		counted, err := check(args, s.conn.may)
		if err != nil {
			return err
		}
		s.conn.sent[counted]++
		s.out = redis.AppendCommand(s.out, args...)
	}
	defer clear(s.out) // the password
	if err := s.conn.nc.SetWriteDeadline(time.Now().Add(dialTimeout)); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	if _, err := s.conn.nc.Write(s.out); err != nil {
		return fmt.Errorf("open window: %w", plain(err))
	}
	return nil
}

func (s *Stream) authArgs() []string {
	switch {
	case s.conn.open:
		return nil
	case s.target.Username != "":
		return []string{"AUTH", s.target.Username, s.target.Password}
	case s.target.Password != "":
		return []string{"AUTH", s.target.Password}
	}
	return nil
}

// Ask writes a question that costs a microsecond, to see how late the server answers before a window
// is opened. Its reply is one line, ":id".
func (s *Stream) Ask() error { return s.write([][]string{{"CLIENT", "ID"}}) }

// Begin opens a window that only End or the end of the connection closes. It is for replicas, which
// refuse WAIT: what the server promises elsewhere, here only we do.
func (s *Stream) Begin() error { return s.write([][]string{{"MONITOR"}}) }

// End closes a window that Begin opened. It may be called beside a goroutine that reads.
func (s *Stream) End() error { return s.write(s.leave()) }
