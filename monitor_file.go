package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// savedBuffer bounds a line of a saved MONITOR output: of a longer one half as much is looked at.
const savedBuffer = 512 << 10

// readFile gives the summary of a saved MONITOR output.
func (m *monitoring) readFile(ctx context.Context) error {
	file := os.Stdin
	if m.from != "-" {
		var err error
		if file, err = os.Open(m.from); err != nil {
			return fmt.Errorf("read --from: %w", err)
		}
		defer file.Close()
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	report := &monitorReport{Source: m.from, Filter: m.pattern, Ended: "input"}
	s := newSavedStream(m, report, os.Stdout, func() { end(errLimit) })
	if err := s.read(&endingReader{ctx: ctx, src: file}); err != nil {
		return err
	}
	if err := s.finish(); err != nil {
		return err
	}
	if why := context.Cause(ctx); why != nil {
		report.Ended = endedBy(why)
	}
	if report.Long == 0 && s.lines == 0 {
		return fmt.Errorf("read %s: no line of MONITOR in it, %d others", sourceText(m.from), report.Unread)
	}
	if err := m.report(report); err != nil {
		return err
	}
	return interrupted(context.Cause(ctx))
}

// A savedStream counts the lines of a saved MONITOR output, and prints them where that is wanted.
type savedStream struct {
	report *monitorReport
	tally  *stats.Tally
	passes func(*redis.MonitorLine) bool
	format *lineFormat // nil: nothing is printed
	w      io.Writer
	out    []byte // for w

	lines       int64 // of MONITOR, whether they pass or not
	first, last int64 // unix microseconds: the earliest and the latest
	done        bool  // the limit is reached
}

// newSavedStream makes one that prints to w; reached is called when the limit is.
func newSavedStream(m *monitoring, report *monitorReport, w io.Writer, reached context.CancelFunc) *savedStream {
	s := &savedStream{report: report, tally: newTally(nil), w: w}
	s.passes = m.passing(nil, nil, func() { s.done = true; reached() })
	if m.prints() {
		s.format = newLineFormat(m.json, m.values, nil)
	}
	return s
}

// read counts what src holds. Lines may come with or without the '+' of the protocol, end with CRLF, be cut off
// at the end, or be something else.
func (s *savedStream) read(src io.Reader) error {
	lines := redis.NewMonitorReader(src, savedBuffer)
	var l redis.MonitorLine
	for !s.done {
		line, cut, err := lines.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read --from: %w", err)
		}
		long := cut && len(line) == savedBuffer/2
		if long {
			err = l.ParseHead(line)
		} else {
			err = l.Parse(line)
		}
		switch {
		case err == nil && long:
			s.report.Long++
			fallthrough
		case err == nil:
			if err := s.add(&l); err != nil {
				return err
			}
		case !reply(line):
			s.report.Unread++
		}
	}
	return nil
}

// reply says whether a line is what a server answers to MONITOR, or empty: nothing that was expected to be a
// command.
func reply(line []byte) bool {
	return len(line) == 0 || string(line) == "OK" || string(line) == "+OK"
}

func (s *savedStream) add(l *redis.MonitorLine) error {
	if s.lines == 0 {
		s.first, s.last = l.Usec, l.Usec
		s.tally.Open(time.UnixMicro(l.Usec))
	}
	s.lines++
	s.first, s.last = min(s.first, l.Usec), max(s.last, l.Usec)
	if !s.passes(l) {
		return nil
	}
	s.tally.Add(l)
	if s.format == nil {
		return nil
	}
	if s.out = s.format.append(s.out, l); len(s.out) < outBytes {
		return nil
	}
	return s.flush()
}

// finish makes the summary.
func (s *savedStream) finish() error {
	if s.lines > 0 {
		s.tally.Close(time.Duration(s.last-s.first) * time.Microsecond)
		s.report.Summary = s.tally.Summary(stats.Sampling{Mode: stats.ModeMonitor, Complete: true, Duty: 1})
	}
	return s.flush()
}

func (s *savedStream) flush() error {
	if len(s.out) == 0 {
		return nil
	}
	_, err := s.w.Write(s.out)
	s.out = s.out[:0]
	if err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	return nil
}

// An endingReader ends when its context does, even in the middle of a Read: standard input may stay open for
// long. It reads in a goroutine, which is left behind then.
type endingReader struct {
	ctx  context.Context
	src  io.Reader
	ask  chan []byte // nil before the first Read
	came chan arrival
}

// arrival is what a Read brought.
type arrival struct {
	n   int
	err error
}

// Read may still write into p after it has returned io.EOF for the end of the context.
func (r *endingReader) Read(p []byte) (int, error) {
	if r.ask == nil {
		r.ask, r.came = make(chan []byte, 1), make(chan arrival, 1)
		go func() {
			for p := range r.ask {
				n, err := r.src.Read(p)
				r.came <- arrival{n, err}
			}
		}()
	}
	if r.ctx.Err() != nil {
		return 0, io.EOF
	}
	r.ask <- p
	select {
	case a := <-r.came:
		return a.n, a.err
	case <-r.ctx.Done():
		return 0, io.EOF
	}
}
