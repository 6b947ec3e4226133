package observe

import (
	"bytes"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"redistop/internal/redistest"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// forbid is a proxy in front of a server that ends a connection on which one of the words is sent. It returns
// its address.
func forbid(t *testing.T, socket string, words ...string) string {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "p"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go pass(client, socket, words)
		}
	}()
	return l.Addr().String()
}

func pass(client net.Conn, socket string, words []string) {
	defer client.Close()
	behind, err := net.Dial("unix", socket)
	if err != nil {
		return
	}
	defer behind.Close()
	go func() {
		defer client.Close()
		io.Copy(client, behind)
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		for _, w := range words {
			if bytes.Contains(buf[:n], []byte(w)) {
				return
			}
		}
		if err != nil {
			return
		}
		if _, err := behind.Write(buf[:n]); err != nil {
			return
		}
	}
}

// A proxy that ends the connection on one question takes that question away, and nothing else.
func TestAQuestionThatBreaksTheConnectionIsLeftOut(t *testing.T) {
	s := redistest.New(t)
	for _, forbidden := range [][]string{{"HISTOGRAM"}, {"$7\r\nCOMMAND\r\n", "STATS"}} {
		address := forbid(t, s.Socket(), forbidden...)
		o := Start(t.Context(), Config{Target: server.Target{Network: "unix", Address: address}, Interval: 200 * time.Millisecond, Budget: 1})
		got := until(t, o, "without "+strings.Join(forbidden, ", "), func(s *stats.Snapshot) bool {
			return hasRate(s) && len(s.Missing) == len(forbidden) && s.Observer.ClientsTime != nil
		})
		for _, m := range got.Missing {
			if !strings.Contains(m.Reason, m.Command+" ended the connection twice in a row (") || m.Remedy == "" {
				t.Errorf("%+v", m)
			}
		}
		for range 3 {
			if s := <-o.Snapshots(); !isUp(s) {
				t.Errorf("the link is %+v", s.Link)
			}
		}
	}
}
