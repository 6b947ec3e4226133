package server

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"redistop/internal/redistest"
)

// scripted is a server that answers every command by what answer says; it closes when answer
// returns false.
func scripted(t *testing.T, answer func(n int, w io.Writer) bool) Target {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				r := bufio.NewReader(c)
				for n := 0; ; n++ {
					if !skipCommand(r) || !answer(n, c) {
						return
					}
				}
			}()
		}
	}()
	return Target{Network: "unix", Address: path}
}

func skipCommand(r *bufio.Reader) bool {
	line, err := r.ReadString('\n')
	if err != nil || len(line) < 2 {
		return false
	}
	for range 2 * (int(line[1]) - '0') { // up to 9 arguments
		if _, err := r.ReadString('\n'); err != nil {
			return false
		}
	}
	return true
}

const greeting = 2 // CLIENT SETNAME, CLIENT ID

func greet(n int, w io.Writer) bool {
	io.WriteString(w, ":1\r\n")
	return true
}

func TestAReplyThatNeverEnds(t *testing.T) {
	chunk := strings.Repeat("x", 1<<20)
	target := scripted(t, func(n int, w io.Writer) bool {
		if n < greeting {
			return greet(n, w)
		}
		io.WriteString(w, "*1000000000\r\n")
		for {
			if _, err := io.WriteString(w, "$1048576\r\n"+chunk+"\r\n"); err != nil {
				return false
			}
		}
	})
	c, err := Dial(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := c.Do(t.Context(), "SLOWLOG", "GET", "16"); err == nil || lost(err) == false {
		t.Fatalf("got %v, want the connection given up", err)
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 8*maxReply {
		t.Errorf("allocated %d MiB for it", grown>>20)
	}
}

func TestBrokenReplies(t *testing.T) {
	for name, reply := range map[string]string{
		"half a bulk":       "$100\r\nhalf",
		"an absurd length":  "$9223372036854775807\r\nx",
		"a negative length": "$-7\r\n",
		"no protocol":       "HTTP/1.1 400 Bad Request\r\n\r\n",
		"nothing":           "",
	} {
		target := scripted(t, func(n int, w io.Writer) bool {
			if n < greeting {
				return greet(n, w)
			}
			io.WriteString(w, reply)
			return false
		})
		p, err := Connect(t.Context(), target, 0.01)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Poll(t.Context(), time.Second)
		if err == nil || !lost(err) {
			t.Errorf("%s: got %v, want the connection given up", name, err)
		}
		p.Close()
	}
}

func TestContextEndsAWait(t *testing.T) {
	target := scripted(t, func(n int, w io.Writer) bool {
		if n < greeting {
			return greet(n, w)
		}
		return true // never answers
	})
	p, err := Connect(t.Context(), target, 0.01)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := p.Poll(ctx, time.Second); err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("got %v after %s", err, time.Since(start))
	}
}

func TestLogin(t *testing.T) {
	const password = `pass "word' #1`
	s := redistest.New(t, redistest.Config(`requirepass "pass \"word' #1"`, "user ann on >annpw ~* +@all", "user poor on >poorpw ~* +ping"))
	open := redistest.New(t)
	for _, tc := range []struct {
		name           string
		socket         string
		user, password string
		db             int
		denied         bool
		hint           string
	}{
		{name: "password", socket: s.Socket(), password: password},
		{name: "user", socket: s.Socket(), user: "ann", password: "annpw", db: 3},
		{name: "no password", socket: s.Socket(), denied: true, hint: "--askpass"},
		{name: "wrong password", socket: s.Socket(), password: "hunter2", denied: true, hint: "check the user"},
		{name: "password where none is needed", socket: open.Socket(), password: "hunter2"},
		{name: "no such database", socket: open.Socket(), db: 99, denied: true},
		{name: "a user who may do nothing", socket: s.Socket(), user: "poor", password: "poorpw", denied: true, hint: "redistop acl"},
	} {
		target := Target{Network: "unix", Address: tc.socket, Username: tc.user, Password: tc.password, DB: tc.db}
		p, err := Connect(t.Context(), target, 0.01)
		if err == nil {
			_, err = p.Poll(t.Context(), time.Second)
			p.Close()
		}
		if errors.Is(err, ErrDenied) != tc.denied || err != nil != tc.denied {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if err != nil && (!strings.Contains(Hint(err), tc.hint) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: error %q, hint %q", tc.name, err, Hint(err))
		}
	}
}

func TestUnreachable(t *testing.T) {
	full := redistest.New(t, redistest.Config("maxclients 1"))
	first := connectTo(t, full, 0.01)
	poll(t, first)
	for _, tc := range []struct {
		target Target
		says   string
	}{
		{Target{Network: "unix", Address: filepath.Join(t.TempDir(), "none")}, "no such socket"},
		{Target{Network: "tcp", Address: "127.0.0.1:1"}, "connection refused"},
		{Target{Network: "unix", Address: full.Socket()}, "max number of clients"},
	} {
		_, err := Dial(t.Context(), tc.target)
		if err == nil || errors.Is(err, ErrDenied) || !strings.Contains(err.Error(), tc.says) || Hint(err) == "" {
			t.Errorf("%s: %v (hint %q), want %q", tc.target, err, Hint(err), tc.says)
		}
	}
}

func TestTLS(t *testing.T) {
	s := redistest.New(t, redistest.TLS())
	for _, tc := range []struct {
		name    string
		options TLSOptions
		says    string
	}{
		{"trusted", TLSOptions{CACert: s.CAFile()}, ""},
		{"unchecked", TLSOptions{Insecure: true}, ""},
		{"unknown authority", TLSOptions{}, "certificate"},
		{"wrong name", TLSOptions{CACert: s.CAFile(), SNI: "other.example"}, "certificate"},
	} {
		target := Target{Network: "tcp", Address: s.TLSAddr()}
		if err := target.UseTLS(tc.options); err != nil {
			t.Fatal(err)
		}
		c, err := Dial(t.Context(), target)
		if err == nil {
			c.Close()
		}
		if (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}
