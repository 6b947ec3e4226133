package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// printAll writes Snapshots as they come until limit of them are written (0: no end), or the
// channel closes. It waits for the first that has rates, and writes what it gets while the server
// cannot be reached. Where limit ends it, its error says whether the server was there at the end.
func printAll(ctx context.Context, snapshots <-chan *stats.Snapshot, limit int, write func(*stats.Snapshot) error) error {
	for written := 0; ; {
		s, open := <-snapshots
		if !open {
			return context.Cause(ctx)
		}
		if written == 0 && !worthPrinting(s) {
			continue
		}
		if err := write(s); err != nil {
			return fmt.Errorf("write to standard output: %w", err)
		}
		if written++; written == limit {
			return linkError(s.Server.Addr, s.Link)
		}
	}
}

// worthPrinting says whether a Snapshot can stand first: it has rates, or tells why there are none.
func worthPrinting(s *stats.Snapshot) bool {
	switch s.Link.State {
	case stats.Connecting:
		return false
	case stats.Up:
		return s.IntervalSeconds.Known()
	}
	return true
}

// writeJSON writes one Snapshot as one line.
func writeJSON(w io.Writer, s *stats.Snapshot) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return fmt.Errorf("encode snapshot: %w", err)
	}
	_, err := w.Write(escapeControls(b.Bytes()))
	return err
}

// jsonString is text as a JSON string.
func jsonString(text string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil { // a string: it cannot fail
		return []byte(`""`)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// escapeControls makes JSON safe to print on a terminal, and it says the same.
func escapeControls(b []byte) []byte { return redis.SafeJSON(b) }
