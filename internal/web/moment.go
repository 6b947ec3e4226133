package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"sync"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// A moment is one server's latest Snapshot and what it is sent as. It is immutable.
type moment struct {
	Watched
	seq      uint64 // of the generation that brought it
	number   int64  // of this server's Snapshots, from 1; 0: none yet
	snapshot *stats.Snapshot

	full        *body  // the Snapshot
	observation []byte // JSON of the Observation, on one line; nil where it cannot be encoded
	event       []byte // the Observation as an event
}

func newMoment(b *Board, w Watched, seq uint64, number int64, s *stats.Snapshot) *moment {
	if !b.showValues {
		s = withoutValues(s)
	}
	m := &moment{Watched: w, seq: seq, number: number, snapshot: s}
	m.full = newBody(func() ([]byte, error) { return encode(s) })
	if line, err := encode(observe(m)); err == nil {
		m.observation = line
		m.event = event(b.id(seq), line)
	}
	return m
}

// withoutValues is s with the arguments of slow commands reduced to command, keys and lengths.
func withoutValues(s *stats.Snapshot) *stats.Snapshot {
	if len(s.Slowlog) == 0 {
		return s
	}
	hidden := *s
	hidden.Slowlog = make([]stats.SlowRow, len(s.Slowlog))
	for i, row := range s.Slowlog {
		row.Args = redis.RedactArgs(row.Args)
		hidden.Slowlog[i] = row
	}
	return &hidden
}

// encode is v as JSON on one line that is safe on a terminal and inside HTML.
func encode(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return redis.SafeJSON(b), nil
}

// A body is the text of an answer. It is made when it is first asked for, and once.
type body struct {
	plain   func() ([]byte, error)
	gzipped func() ([]byte, error) // nil: compressing does not pay
}

func newBody(fill func() ([]byte, error)) *body {
	plain := sync.OnceValues(fill)
	return &body{plain: plain, gzipped: sync.OnceValues(func() ([]byte, error) {
		text, err := plain()
		if err != nil {
			return nil, err
		}
		return compress(text)
	})}
}

func compress(text []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err == nil {
		_, err = z.Write(text)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("compress answer: %w", err)
	}
	return b.Bytes(), nil
}
