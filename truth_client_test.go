package main

import (
	"net"
	"testing"
	"time"

	"redistop/internal/redis"
	"redistop/internal/redistest"
)

// program is one connection of a known program: where it comes from, what it calls itself, and
// nothing that its test did not send.
type program struct {
	t    *testing.T
	conn net.Conn
	r    *redis.Reader
}

// dial connects from a loopback address without a word: not even a name.
func dial(t *testing.T, s *redistest.Server, ip string) *program {
	t.Helper()
	d := net.Dialer{Timeout: 5 * time.Second, LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	conn, err := d.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(5 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	return &program{t, conn, redis.NewReader(conn, redis.Limits{})}
}

// named is dial and CLIENT SETNAME.
func named(t *testing.T, s *redistest.Server, ip, name string) *program {
	t.Helper()
	p := dial(t, s, ip)
	p.must("CLIENT", "SETNAME", name)
	return p
}

func (p *program) addr() string { return p.conn.LocalAddr().String() }

func (p *program) close() { p.conn.Close() }

// write sends bytes as they are.
func (p *program) write(b []byte) {
	p.t.Helper()
	if _, err := p.conn.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

// read takes n replies, errors too, and returns the last one.
func (p *program) read(n int) redis.Value {
	p.t.Helper()
	var v redis.Value
	for range n {
		var err error
		if v, err = p.r.Read(); err != nil {
			p.t.Fatal(err)
		}
	}
	return v
}

// send pipelines a command n times and returns the last reply, an error reply too.
func (p *program) send(n int, args ...string) redis.Value {
	p.t.Helper()
	var b []byte
	for range n {
		b = redis.AppendCommand(b, args...)
	}
	p.write(b)
	return p.read(n)
}

// must is one command that has to work.
func (p *program) must(args ...string) redis.Value {
	p.t.Helper()
	v := p.send(1, args...)
	if err := v.Err(); err != nil {
		p.t.Fatalf("%.80q: %v", args, err)
	}
	return v
}

// info is the server's own account.
func (p *program) info() *redis.Info {
	p.t.Helper()
	return redis.ParseInfo(p.must("INFO", "all").Text)
}
