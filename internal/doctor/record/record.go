package record

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"redistop/internal/doctor/report"
	"redistop/internal/redis"
	"redistop/internal/stats"
)

// format is the version of the file; a reader refuses later ones.
const format = 1

// The lines of a file.
type (
	header struct {
		Format int `json:"redistop_observation"`
		report.Asked
	}
	line struct {
		Snapshot *stats.Snapshot `json:"snapshot,omitempty"`
		End      *end            `json:"end,omitempty"`
	}
	end struct {
		Snapshots   int  `json:"snapshots"`
		Interrupted bool `json:"interrupted,omitempty"`
	}
)

// Errors of Read. Each stands behind the file's name.
var (
	ErrForeign = errors.New("not an observation that redistop doctor --save has written")
	ErrCut     = errors.New("cut short: its end is missing")
)

const (
	// mostWhole is the size from which on Snapshots are kept without the tables that grow with clients
	// and keys. All that findings say is kept in any case.
	mostWhole = 64 << 20
	// mostLine bounds a line that is read: a Snapshot of 100,000 connections is half of it.
	mostLine = 64 << 20
	// mostSnapshots bounds what is read: an hour of two looks a second, and some.
	mostSnapshots = 20_000
)

// A Writer keeps an observation.
type Writer struct {
	zip       *gzip.Writer
	size      *counter
	snapshots int
	whole     int64 // bytes up to which Snapshots are kept whole
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// NewWriter begins a file.
func NewWriter(w io.Writer, asked report.Asked) (*Writer, error) {
	size := &counter{w: w}
	r := &Writer{zip: gzip.NewWriter(size), size: size, whole: mostWhole}
	return r, r.write(header{Format: format, Asked: asked})
}

// Add keeps the next Snapshot.
func (w *Writer) Add(s *stats.Snapshot) error {
	kept := withoutValues(s)
	if w.size.n > w.whole {
		thin(kept)
	}
	w.snapshots++
	return w.write(line{Snapshot: kept})
}

// Close says that nothing is missing. It does not close the file.
func (w *Writer) Close(interrupted bool) error {
	if err := w.write(line{End: &end{Snapshots: w.snapshots, Interrupted: interrupted}}); err != nil {
		return err
	}
	return w.zip.Close()
}

func (w *Writer) write(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode observation: %w", err)
	}
	_, err = w.zip.Write(append(b, '\n'))
	return err
}

// withoutValues is a copy whose commands hold no values.
func withoutValues(s *stats.Snapshot) *stats.Snapshot {
	kept := *s
	kept.Slowlog = slices.Clone(s.Slowlog)
	for i := range kept.Slowlog {
		kept.Slowlog[i].Args = redis.LogArgs(kept.Slowlog[i].Args)
	}
	return &kept
}

func thin(s *stats.Snapshot) {
	s.ConnectionsOmitted += len(s.Connections)
	s.GroupsOmitted += len(s.Clients) + len(s.ClientsByName) + len(s.ClientsByUser) + len(s.ClientsByLibrary)
	s.Connections, s.Clients, s.ClientsByName, s.ClientsByUser, s.ClientsByLibrary = nil, nil, nil, nil, nil
	s.Keys, s.HotKeys, s.Samples = nil, nil, nil
}

// Read reads a file. begin gets what the observation set out to do, then each the Snapshots in their order. Read
// says whether a signal had cut the observation short.
func Read(r io.Reader, begin func(report.Asked), each func(*stats.Snapshot)) (interrupted bool, err error) {
	zip, err := gzip.NewReader(bufio.NewReader(r))
	if err != nil {
		return false, ErrForeign
	}
	lines := bufio.NewScanner(zip)
	lines.Buffer(nil, mostLine)
	if err := readHeader(lines, begin); err != nil {
		return false, err
	}
	for n := 0; lines.Scan(); n++ {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			if lines.Err() != nil { // half a line stands before what ended the stream
				return false, unreadable(lines.Err())
			}
			return false, fmt.Errorf("damaged in line %d: %w", n+2, err)
		}
		switch {
		case l.End != nil:
			if l.End.Snapshots != n {
				return false, fmt.Errorf("damaged: %d looks where there should be %d", n, l.End.Snapshots)
			}
			return l.End.Interrupted, drained(lines)
		case l.Snapshot == nil:
			return false, fmt.Errorf("damaged in line %d: it is neither a look nor the end", n+2)
		case n >= mostSnapshots:
			return false, fmt.Errorf("more than %d looks: no redistop writes as many", mostSnapshots)
		}
		each(l.Snapshot)
	}
	return false, unreadable(lines.Err())
}

func readHeader(lines *bufio.Scanner, begin func(report.Asked)) error {
	var h header
	if !lines.Scan() {
		if err := lines.Err(); errors.Is(err, io.ErrUnexpectedEOF) {
			return ErrCut
		}
		return ErrForeign
	}
	if !bytes.HasPrefix(lines.Bytes(), []byte(`{"redistop_observation":`)) || json.Unmarshal(lines.Bytes(), &h) != nil || h.Format < 1 {
		return ErrForeign
	}
	if h.Format > format {
		return fmt.Errorf("of a later redistop: its format is %d, this one reads %d", h.Format, format)
	}
	begin(h.Asked)
	return nil
}

// drained reads to the end of the stream, whose checksum comes last.
func drained(lines *bufio.Scanner) error {
	if lines.Scan() {
		return errors.New("damaged: something follows the end")
	}
	if err := lines.Err(); err != nil {
		return unreadable(err)
	}
	return nil
}

func unreadable(err error) error {
	switch {
	case err == nil, errors.Is(err, io.ErrUnexpectedEOF):
		return ErrCut
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("a line is longer than %d MiB", mostLine>>20)
	case errors.Is(err, gzip.ErrChecksum):
		return errors.New("damaged: its checksum is wrong")
	}
	return fmt.Errorf("damaged: %w", err)
}

// Looks says whether a file begins as one of ours does.
func Looks(r io.Reader) bool {
	zip, err := gzip.NewReader(r)
	if err != nil {
		return false
	}
	want := []byte(`{"redistop_observation":`)
	got := make([]byte, len(want))
	_, err = io.ReadFull(zip, got)
	return err == nil && bytes.Equal(got, want)
}
