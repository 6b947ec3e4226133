package main

import (
	"net"
	"strconv"
	"testing"

	"redistop/internal/redistest"
)

// load is what the programs of a test sent, by the test's own count.
type load struct {
	web, jobs, script *program
	calls             map[string]int64 // executed, by the server's name of the command
	failed, rejected  map[string]int64
	errors            map[string]int64 // replies, by their first word
	byIP              map[string]int64 // calls
	hits, misses      int64
	short             int // connections that came and went
}

const (
	webIP, jobsIP, scriptIP, shortIP = "127.0.0.11", "127.0.0.12", "127.0.0.13", "127.0.0.14"

	shortLived = 25
)

// busyLoop takes a server some 100 ms, and less than slowFrom on none.
const busyLoop = "for i=1,12000000 do end"

func newLoad(t *testing.T, s *redistest.Server) *load {
	t.Helper()
	return &load{
		web:    named(t, s, webIP, "web"),
		jobs:   named(t, s, jobsIP, "jobs"),
		script: named(t, s, scriptIP, "script"),
		calls:  map[string]int64{}, failed: map[string]int64{}, rejected: map[string]int64{},
		errors: map[string]int64{}, byIP: map[string]int64{},
	}
}

// send pipelines a command and counts what the server will count.
func (l *load) send(p *program, n int, name string, args ...string) {
	p.t.Helper()
	p.send(n, args...)
	l.count(p, n, name)
}

func (l *load) count(p *program, n int, name string) {
	host, _, _ := net.SplitHostPort(p.addr())
	l.calls[name] += int64(n)
	l.byIP[host] += int64(n)
}

// run sends it all, the quick things first.
func (l *load) run(t *testing.T, s *redistest.Server) {
	t.Helper()
	l.send(l.web, 200, "set", "SET", "page", "<html>")
	l.send(l.web, 300, "get", "GET", "page")
	l.send(l.web, 100, "get", "GET", "nopage")
	l.hits, l.misses = 300, 100

	l.send(l.jobs, 1, "select", "SELECT", "3")
	l.send(l.jobs, 150, "lpush", "LPUSH", "queue", "job")
	for i := range 20 {
		l.send(l.jobs, 1, "set", "SET", "session:"+strconv.Itoa(i), "x", "EX", "1000")
	}
	l.runScripts()
	l.runErrors()
	for range shortLived {
		p := dial(t, s, shortIP)
		l.send(p, 1, "ping", "PING")
		p.close()
		l.short++
	}
}

// runScripts are commands inside commands.
func (l *load) runScripts() {
	p := l.script
	p.t.Helper()
	l.send(p, 5, "eval", "EVAL", "return redis.call('get', KEYS[1])", "1", "page")
	l.count(p, 5, "get")
	l.hits += 5
	l.send(p, 1, "multi", "MULTI")
	p.send(1, "SET", "a", "1")
	p.send(1, "INCR", "a")
	l.count(p, 1, "set")
	l.count(p, 1, "incr")
	l.send(p, 1, "exec", "EXEC")
	l.send(p, 1, "eval", "EVAL", busyLoop, "0")
}

// runErrors are commands that fail, that are refused, and that do not exist.
func (l *load) runErrors() {
	p := l.script
	p.t.Helper()
	l.send(p, 6, "hset", "HSET", "page", "field", "value")
	l.failed["hset"], l.errors["WRONGTYPE"] = 6, 6
	p.send(4, "GET")
	l.rejected["get"] = 4
	p.send(3, "NOSUCHCOMMAND")
	l.errors["ERR"] = 4 + 3
	l.send(p, 2, "eval", "EVAL", "return redis.error_reply('MYERR boom')", "0")
	l.failed["eval"], l.errors["MYERR"] = 2, 2
}

// total is all calls.
func (l *load) total() int64 {
	var sum int64
	for _, n := range l.calls {
		sum += n
	}
	return sum
}
