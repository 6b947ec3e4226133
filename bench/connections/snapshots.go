package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// snapshot is what is read of redistop's JSON.
type snapshot struct {
	Connections []struct{}
	Observer    struct {
		TotalUsec           int64    `json:"total_usec"`
		ServerCPUShare      *float64 `json:"server_cpu_share"`
		ClientsEverySeconds *float64 `json:"clients_every_seconds"`
		ClientsKnown        int      `json:"clients_known"`
		PausedReason        string   `json:"paused_reason"`
	}
	at time.Time // when it was printed
}

// whole says whether all of so many connections are in it; the prober and our own asking come on top.
func (s snapshot) whole(connections int) bool {
	return s.Observer.ClientsKnown == 0 && len(s.Connections) >= connections
}

// snapshots takes redistop's output, one object a line.
type snapshots struct {
	came chan struct{} // one for each that has come, as long as there is room

	mu   sync.Mutex
	part []byte // guarded by mu, as all below: an unfinished line
	list []snapshot
	err  error
}

func newSnapshots() *snapshots { return &snapshots{came: make(chan struct{}, 1)} }

// Write takes a piece of the output. It never refuses: redistop must not be ended by our error.
func (s *snapshots) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.part = append(s.part, b...)
	for {
		line, rest, ok := bytes.Cut(s.part, []byte("\n"))
		if !ok {
			return len(b), nil
		}
		one := snapshot{at: time.Now()}
		if err := json.Unmarshal(line, &one); err != nil && s.err == nil {
			s.err = fmt.Errorf("read snapshot: %w", err)
		}
		s.list = append(s.list, one)
		s.part = rest
		select {
		case s.came <- struct{}{}:
		default:
		}
	}
}

// all returns those that have come.
func (s *snapshots) all() ([]snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list[:len(s.list):len(s.list)], s.err
}
