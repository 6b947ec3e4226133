package web

import (
	"net/http"
	"strconv"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// LiveList is the answer of /api/v1/servers/{name}/live.
type LiveList struct {
	Until   *time.Time `json:"until,omitempty"`   // every command is seen until then; absent: only those in samples
	Stopped string     `json:"stopped,omitempty"` // why a guard ended it early
	Next    int64      `json:"next"`              // ask with after= this for what comes
	Dropped int64      `json:"dropped,omitempty"` // after the place that was asked for, and not kept
	Lines   []LiveLine `json:"lines"`             // the oldest first
}

// LiveLine is one command that a server was sent.
type LiveLine struct {
	N       int64     `json:"n"`    // of those seen, from 1
	Time    time.Time `json:"time"` // the server's clock
	Client  string    `json:"client"`
	Name    string    `json:"name,omitempty"` // of the connection, where it is known
	DB      int       `json:"db"`
	Command string    `json:"command"`       // as MONITOR quotes it; with the lengths of values in their place unless --show-values is given
	Cut     bool      `json:"cut,omitempty"` // of a long command its beginning
}

// live answers with commands of the stream. It is offered where actions are, as who may ask for MONITOR.
func (s *Server) live(w http.ResponseWriter, r *http.Request) {
	m, ok := s.named(w, r)
	if !ok {
		return
	}
	query, ok := s.query(w, r)
	if !ok {
		return
	}
	after := int64(0)
	text := query.Get("after")
	if text != "" {
		after, _ = strconv.ParseInt(text, 10, 64) // query has looked at it
	} else if from, asked := s.liveFrom.Load(m.Name); asked {
		after = from.(int64)
	}
	switch {
	case after < 0:
		problem(w, http.StatusBadRequest, codeBadRequest, "parameter after: below 0", "")
		return
	case s.options.Actions.Live == nil:
		noStream(w)
		return
	}
	lines, next, dropped := s.options.Actions.Live(m.Name, after)
	if text == "" {
		dropped = 0 // no place was asked for
	}
	list := LiveList{Next: next, Dropped: dropped, Lines: make([]LiveLine, len(lines)), Stopped: m.snapshot.Observer.MonitorStopped}
	if until := m.snapshot.Observer.MonitorUntil; until != nil && until.After(s.options.Now()) {
		list.Until = until
	}
	for i, c := range lines {
		list.Lines[i] = s.liveLine(next-int64(len(lines)-i)+1, c)
	}
	answer(w, list)
}

// mostLine bounds a command with its values, in bytes.
const mostLine = 1 << 10

func (s *Server) liveLine(n int64, c stats.LiveCommand) LiveLine {
	line := LiveLine{N: n, Time: c.Time, Client: c.Addr, Name: c.Name, DB: c.DB, Command: c.Keys, Cut: c.Cut}
	if s.board.showValues {
		line.Command = string(redis.Reveal(nil, []byte(c.Line), mostLine)) // passwords stay hidden
	}
	return line
}
