package lab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"

	"redistop/internal/stats"
)

// Snapshots takes the output of redistop --json, one object a line. Its zero value is ready.
type Snapshots struct {
	mu   sync.Mutex
	part []byte // guarded by mu, as all below: an unfinished line
	list []*stats.Snapshot
	err  error
}

// Write takes a piece of the output. It never refuses: redistop must not be ended by our error.
func (s *Snapshots) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.part = append(s.part, b...)
	for {
		line, rest, whole := bytes.Cut(s.part, []byte("\n"))
		if !whole {
			return len(b), nil
		}
		one := new(stats.Snapshot)
		if err := json.Unmarshal(line, one); err != nil && s.err == nil {
			s.err = fmt.Errorf("read snapshot: %w", err)
		}
		s.list, s.part = append(s.list, one), rest
	}
}

// From returns what came after the first n, and the first error in reading any.
func (s *Snapshots) From(n int) ([]*stats.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*stats.Snapshot(nil), s.list[min(n, len(s.list)):]...), s.err
}
