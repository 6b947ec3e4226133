package redistest_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"redistop/internal/redistest"
)

func TestServersAreReadyOnEveryAddress(t *testing.T) {
	s := redistest.New(t, redistest.TCP("127.0.0.2"), redistest.Config("maxmemory 12mb"))
	if got := cli(t, s, "config", "get", "maxmemory"); got != "maxmemory\n12582912\n" {
		t.Errorf("the configuration was not taken: %q", got)
	}
	for _, addr := range []string{s.Addr(), net.JoinHostPort("127.0.0.2", strconv.Itoa(s.Port()))} {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
	if len(s.Socket()) > 100 {
		t.Errorf("socket path of %d bytes", len(s.Socket()))
	}
}

func TestEachVersionRunsWhatItNames(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		flavor, series, _ := strings.Cut(t.Name()[strings.LastIndex(t.Name(), "/")+1:], "-")
		field := map[string]string{"redis": "redis_version:", "valkey": "valkey_version:"}[flavor]
		if info := cli(t, s, "info", "server"); !strings.Contains(info, field+series+".") {
			t.Errorf("want a %s%s, got %s", field, series, info)
		}
		if want := s.Binary().Version; !strings.HasPrefix(want, series+".") {
			t.Errorf("Binary says %s", want)
		}
		if pid := cli(t, s, "info", "server"); !strings.Contains(pid, "process_id:"+strconv.Itoa(s.PID())+"\r\n") {
			t.Errorf("PID %d is not the server's", s.PID())
		}
	}, redistest.TCP(), redistest.TLS())
}

func TestTLS(t *testing.T) {
	s := redistest.New(t, redistest.TLS(), redistest.Config("tls-auth-clients yes"))
	pool := x509.NewCertPool()
	ca, err := os.ReadFile(s.CAFile())
	if err != nil || !pool.AppendCertsFromPEM(ca) {
		t.Fatalf("read CA: %v", err)
	}
	cert, err := tls.LoadX509KeyPair(s.ClientFiles())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"127.0.0.1", "::1", redistest.ServerName} {
		conn, err := tls.Dial("tcp", s.TLSAddr(), &tls.Config{
			RootCAs: pool, ServerName: name, Certificates: []tls.Certificate{cert},
		})
		if err != nil {
			t.Fatalf("as %s: %v", name, err)
		}
		defer conn.Close()
		if got := ask(t, conn, "PING\r\n"); got != "+PONG\r\n" {
			t.Errorf("as %s: PING got %q", name, got)
		}
	}
	if conn, err := tls.Dial("tcp", s.TLSAddr(), &tls.Config{RootCAs: pool, ServerName: "other.test"}); err == nil {
		conn.Close()
		t.Error("a wrong server name was accepted")
	}
}

func TestReplicaFollows(t *testing.T) {
	primary := redistest.New(t, redistest.TCP())
	cli(t, primary, "set", "k", "v")
	replica := redistest.New(t, redistest.ReplicaOf(primary))
	eventually(t, func() bool {
		out, err := replica.CLI("get", "k")
		return err == nil && out == "v\n"
	})
}

func TestPausedServerIsSilentThenAnswers(t *testing.T) {
	s := redistest.New(t)
	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("unix", s.Socket())
	if err != nil {
		t.Fatalf("a paused server's system still accepts: %v", err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(50 * time.Millisecond))
	conn.Write([]byte("PING\r\n"))
	if n, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("a paused server answered: %d bytes, %v", n, err)
	}
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if got := ask(t, conn, ""); got != "+PONG\r\n" {
		t.Errorf("after Resume got %q", got)
	}
}

func TestKillAndRestartKeepTheAddress(t *testing.T) {
	s := redistest.New(t, redistest.TCP())
	addr, first := s.Addr(), s.PID()
	cli(t, s, "set", "k", "v")
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	if conn, err := net.Dial("tcp", addr); err == nil {
		conn.Close()
		t.Error("a killed server accepts connections")
	}
	if s.PID() != 0 {
		t.Errorf("a killed server has PID %d", s.PID())
	}
	if err := s.Pause(); err == nil {
		t.Error("a killed server was paused")
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	if s.Addr() != addr || s.PID() == first || s.PID() == 0 {
		t.Errorf("restarted on %s as %d; was %s as %d", s.Addr(), s.PID(), addr, first)
	}
	if got := cli(t, s, "dbsize"); got != "0\n" {
		t.Errorf("a restarted server holds %q keys", got)
	}
}

func TestStopLeavesNothing(t *testing.T) {
	s := redistest.New(t, redistest.TCP())
	pid := s.PID()
	if err := s.Pause(); err != nil { // the hardest case: it would not see SIGTERM
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(s.Dir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("folder %s is still there: %v", s.Dir(), err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is still there: %v", pid, err)
	}
}

func TestStartSaysWhyItFailed(t *testing.T) {
	here := redistest.Installed()
	if len(here) == 0 {
		t.Fatal("no redis-server or valkey-server on PATH: install one")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name string
		ctx  context.Context
		opts redistest.Options
		want string
	}{
		{"bad configuration", t.Context(), redistest.Options{Binary: here[0], Config: []string{"no-such-option 1"}}, "no-such-option"},
		{"address of another machine", t.Context(), redistest.Options{Binary: here[0], TCP: true, Hosts: []string{"192.0.2.1"}}, "192.0.2.1"},
		{"no program", t.Context(), redistest.Options{Binary: redistest.Binary{Path: "/nonexistent/server", Flavor: "redis"}}, "no such file"},
		{"context ended", ended, redistest.Options{Binary: here[0]}, "context canceled"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			temp := t.TempDir()
			t.Setenv("TMPDIR", temp)
			s, err := redistest.Start(tt.ctx, tt.opts)
			if err == nil {
				s.Stop()
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error does not say %q: %v", tt.want, err)
			}
			if left, _ := os.ReadDir(temp); len(left) > 0 {
				t.Errorf("a failed start leaves %v", left)
			}
		})
	}
}

func TestLongTempFolderStillGetsASocket(t *testing.T) {
	long := t.TempDir() + "/" + strings.Repeat("x", 90)
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", long)
	s := redistest.New(t)
	if got := cli(t, s, "ping"); got != "PONG\n" {
		t.Errorf("got %q", got)
	}
}

func TestErrorRepliesOfTheCLIAreErrors(t *testing.T) {
	s := redistest.New(t, redistest.Config("requirepass secret"))
	if out, err := s.CLI("dbsize"); err == nil || !strings.Contains(err.Error(), "NOAUTH") {
		t.Errorf("got %q, %v", out, err)
	}
}

func cli(t *testing.T, s *redistest.Server, args ...string) string {
	t.Helper()
	out, err := s.CLI(args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func ask(t *testing.T, conn net.Conn, command string) string {
	t.Helper()
	if _, err := conn.Write([]byte(command)); err != nil {
		t.Fatal(err)
	}
	reply := make([]byte, 64)
	n, err := conn.Read(reply)
	if err != nil {
		t.Fatal(err)
	}
	return string(reply[:n])
}

// eventually polls a condition that another process brings about.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not within 10 s")
		}
	}
}
