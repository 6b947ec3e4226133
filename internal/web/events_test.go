package web

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"redistop/internal/stats"
)

// soon is how long anything may take on a machine that is busy.
const soon = 20 * time.Second

// follower reads events.
type follower struct {
	t    *testing.T
	res  *http.Response
	text *bufio.Scanner
}

func follow(t *testing.T, url string, header ...string) *follower {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("status %d, type %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	f := &follower{t: t, res: res, text: bufio.NewScanner(res.Body)}
	f.text.Buffer(nil, 4<<20)
	return f
}

// next is the next event; ok is false at the end.
func (f *follower) next() (id, name string, o Observation, ok bool) {
	f.t.Helper()
	for f.text.Scan() {
		field, value, _ := strings.Cut(f.text.Text(), ": ")
		switch field {
		case "id":
			id = value
		case "event":
			name = value
		case "data":
			if err := json.Unmarshal([]byte(value), &o); name == "observation" && err != nil {
				f.t.Fatal(err)
			}
		case "":
			if id != "" {
				return id, name, o, true
			}
		}
	}
	return id, name, o, false
}

func (f *follower) want(server string, number int64) string {
	f.t.Helper()
	id, name, o, ok := f.next()
	if !ok || name != "observation" || o.Server != server || o.Number != number {
		f.t.Fatalf("got %s of %s, number %d (%v), want number %d of %s", name, o.Server, o.Number, f.text.Err(), number, server)
	}
	return id
}

func TestEvents(t *testing.T) {
	s1, s2 := recorded(t, "redis-7.0.15")[1], recorded(t, "valkey-9.1.2")[1]
	board, s := serving(Options{}, s1, s2)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)

	t.Run("the latest at once, then every new one", func(t *testing.T) {
		f := follow(t, server.URL+"/api/v1/events")
		f.want("a", 1)
		f.want("b", 1)
		board.Publish(1, s2)
		f.want("b", 2)
		board.Publish(0, s1)
		f.want("a", 2)
	})
	t.Run("of one server", func(t *testing.T) {
		f := follow(t, server.URL+"/api/v1/events?server=b")
		f.want("b", 2)
		board.Publish(0, s1)
		board.Publish(1, s2)
		f.want("b", 3)
	})
	t.Run("from where it was left", func(t *testing.T) {
		f := follow(t, server.URL+"/api/v1/events")
		f.next()
		id, _, last, _ := f.next()
		f.res.Body.Close()
		for range 3 {
			board.Publish(0, s1)
		}
		again := follow(t, server.URL+"/api/v1/events", "Last-Event-ID", id)
		// Only what is new: of a the latest of three, of b nothing.
		_, _, o, _ := again.next()
		if o.Server != "a" || o.Number < 6 {
			t.Fatalf("%s %d came after %s %d", o.Server, o.Number, last.Server, last.Number)
		}
		board.Publish(1, s2)
		again.want("b", 4)
	})
	for _, id := range []string{"nonsense", "other-5", board.epoch + "-x", board.epoch + "-99999999999999999999", "-", board.epoch + "--1"} {
		t.Run("an id that is none of ours brings all: "+id, func(t *testing.T) {
			f := follow(t, server.URL+"/api/v1/events", "Last-Event-ID", id)
			_, _, one, _ := f.next()
			_, _, two, ok := f.next()
			if !ok || one.Server == two.Server {
				t.Errorf("got %s and %s", one.Server, two.Server)
			}
		})
	}
	t.Run("whole snapshots", func(t *testing.T) {
		f := follow(t, server.URL+"/api/v1/events?send=snapshot&server=a")
		if _, name, _, ok := f.next(); !ok || name != "snapshot" {
			t.Errorf("got %s", name)
		}
	})
}

// TestSlowReaderSlowsNobody lets one reader not read at all while whole Snapshots are sent to it, until its
// connection is full; another gets every one meanwhile, and the slow one, when it reads again, ends with
// the latest.
func TestSlowReaderSlowsNobody(t *testing.T) {
	big := complete()
	big.Connections = make([]stats.ConnectionRow, 5000)
	for i := range big.Connections {
		big.Connections[i].Addr = "10.0.0.1:1234"
	}
	board, s := serving(Options{}, big)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)

	slow, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slow.Close() })
	io.WriteString(slow, "GET /api/v1/events?send=snapshot HTTP/1.1\r\nHost: localhost\r\n\r\n")
	quick := follow(t, server.URL+"/api/v1/events")
	const last = 40
	for n := int64(1); n <= last; n++ {
		quick.want("a", n) // no one is left out
		if n < last {
			board.Publish(0, big)
		}
	}
	// What the slow one gets is bounded by what its connection holds, and the latest comes last.
	slow.SetReadDeadline(time.Now().Add(soon))
	lines := bufio.NewScanner(slow)
	lines.Buffer(nil, 8<<20)
	ids := 0
	for lines.Scan() {
		id, ok := strings.CutPrefix(lines.Text(), "id: ")
		if ok {
			ids++
		}
		if ok && id == board.id(board.now().seq) {
			break
		}
	}
	if lines.Err() != nil || ids == 0 || ids >= last {
		t.Errorf("the slow reader got %d of %d events (%v)", ids, last, lines.Err())
	}
}

// TestReadersAreBounded fills every seat; one more is told so, and comes in when somebody has left.
func TestReadersAreBounded(t *testing.T) {
	const seats = DefaultReaders
	_, s := serving(Options{}, complete())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var sitting sync.WaitGroup
	for range seats {
		sitting.Go(func() {
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/v1/events", nil)
			r.Host = "localhost"
			s.ServeHTTP(&deafWriter{header: http.Header{}}, r)
		})
	}
	eventually(t, "all are seated", func() bool { return s.seats.Load() == seats })
	if res := get(s, "/api/v1/events"); res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("one more: status %d", res.StatusCode)
	}
	if res := get(s, "/api/v1/last_observation"); res.StatusCode != http.StatusOK {
		t.Errorf("others: status %d", res.StatusCode)
	}
	cancel()
	sitting.Wait()
	if n := s.seats.Load(); n != 0 {
		t.Errorf("%d seats are still taken", n)
	}
}

// deafWriter takes what it is sent.
type deafWriter struct{ header http.Header }

func (w *deafWriter) Header() http.Header              { return w.header }
func (w *deafWriter) Write(b []byte) (int, error)      { return len(b), nil }
func (w *deafWriter) WriteHeader(int)                  {}
func (w *deafWriter) FlushError() error                { return nil }
func (w *deafWriter) SetWriteDeadline(time.Time) error { return nil }

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(soon); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not true in %s: %s", soon, what)
		}
	}
}

// TestServeEnds holds that the end of the context ends readers of events and lets a request under way
// finish.
func TestServeEnds(t *testing.T) {
	_, s := serving(Options{}, complete())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	f := follow(t, "http://"+l.Addr().String()+"/api/v1/events")
	f.want("a", 1)
	cancel()
	if _, _, _, ok := f.next(); ok || f.text.Err() != nil {
		t.Errorf("the stream did not end well: %v", f.text.Err())
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(soon):
		t.Fatal("Serve goes on")
	}
	if c, err := net.Dial("tcp", l.Addr().String()); err == nil {
		c.Close()
		t.Error("it still listens")
	}
}
