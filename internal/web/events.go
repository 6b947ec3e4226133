package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	eventType = "text/event-stream"
	// heartbeat is how long a reader hears nothing at most: a comment tells it, and whatever stands
	// between, that the connection is alive.
	heartbeat = 15 * time.Second
	// patience is how long one write may take before the reader counts as gone.
	patience = 10 * time.Second
	// retryMillis is when a reader that was cut off should come back.
	retryMillis = 2000
)

// event is an Observation as a server-sent event. data has no line end.
func event(id string, data []byte) []byte {
	return fmt.Appendf(nil, "id: %s\nevent: observation\ndata: %s\n\n", id, data)
}

// events sends what is new of some servers until the reader goes or the program ends. Each reader has a
// goroutine of its own that writes the latest, waits for the next generation, and so on: while it is held
// up in a write, generations pass by.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	query, ok := s.query(w, r)
	if !ok {
		return
	}
	if _, ok := s.chosen(w, s.board.now(), query); !ok {
		return
	}
	if !s.takeSeat() {
		w.Header().Set("Retry-After", strconv.Itoa(int(heartbeat/time.Second)))
		problem(w, http.StatusServiceUnavailable, codeReaders, "there are as many readers of events as this program serves", "/api/v1/last_observation has the same facts")
		return
	}
	defer s.leaveSeat()
	h := w.Header()
	h.Set("Content-Type", eventType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	if r.Method == http.MethodHead {
		return
	}
	reader := &eventReader{
		w: w, control: http.NewResponseController(w), board: s.board,
		servers: query["server"], whole: query.Get("send") == "snapshot",
		seen: s.board.resume(r.Header.Get("Last-Event-ID")),
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	err := reader.write(fmt.Appendf(nil, "retry: %d\n\n", retryMillis))
	for err == nil {
		g := s.board.now()
		if err = reader.catchUp(g); err != nil {
			return
		}
		select {
		case <-g.after:
		case <-beat.C:
			err = reader.write([]byte(":\n\n"))
		case <-r.Context().Done():
			return
		case <-s.closing:
			return
		}
	}
}

// resume is the seq after which a reader wants events: everything where the id is none of ours.
func (b *Board) resume(lastID string) int64 {
	epoch, text, _ := strings.Cut(lastID, "-")
	seq, err := strconv.ParseUint(text, 10, 62)
	if err != nil || epoch != b.epoch {
		return -1
	}
	return int64(seq)
}

// An eventReader is one reader of events. It belongs to the goroutine of its request.
type eventReader struct {
	w       http.ResponseWriter
	control *http.ResponseController
	board   *Board
	servers []string // nil: all
	whole   bool     // Snapshots, not Observations
	seen    int64    // the seq up to which everything was sent or has been replaced
	fresh   []*moment
}

// catchUp sends the moments that the reader has not seen, in the order in which they came: an id then
// stands for everything up to it.
func (e *eventReader) catchUp(g *generation) error {
	e.fresh = e.fresh[:0]
	for _, m := range g.moments {
		if int64(m.seq) > e.seen && (e.servers == nil || slices.Contains(e.servers, m.Name)) {
			e.fresh = append(e.fresh, m)
		}
	}
	slices.SortFunc(e.fresh, func(a, b *moment) int { return cmp.Compare(a.seq, b.seq) })
	for _, m := range e.fresh {
		if err := e.send(m); err != nil {
			return err
		}
	}
	clear(e.fresh) // a reader that waits holds no old Snapshot
	e.seen = int64(g.seq)
	return nil
}

func (e *eventReader) send(m *moment) error {
	if !e.whole {
		return e.write(m.event)
	}
	text, err := m.full.plain()
	if err != nil {
		return err
	}
	return e.write(fmt.Appendf(nil, "id: %s\nevent: snapshot\ndata: ", e.board.id(m.seq)), text, []byte("\n\n"))
}

// write sends at once, or fails when the reader does not take it in time.
func (e *eventReader) write(parts ...[]byte) error {
	if err := e.control.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	for _, part := range parts {
		if _, err := e.w.Write(part); err != nil {
			return err
		}
	}
	return e.control.Flush()
}
