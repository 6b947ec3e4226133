package redis

import (
	"bytes"
	"io"
)

const (
	defaultMonitorBuffer = 256 << 10
	minMonitorBuffer     = 512
	// mostRead is what is read at once: what is then looked at line by line stays in the nearer caches of a core.
	mostRead = 64 << 10
	// maxEmptyReads is how often a source may give neither bytes nor an error.
	maxEmptyReads = 100
)

// MonitorReader takes the lines of MONITOR, and the one-line replies between them ("+OK", ":0",
// "-ERR ..."), out of a stream. Its memory is one buffer; a line that is longer than that is
// passed over but for its beginning. It is not safe for concurrent use.
type MonitorReader struct {
	src        io.Reader
	buf        []byte
	start, end int  // what was read and not yet returned
	searched   int  // no line end lies before here
	passing    bool // buf[:head] is the beginning of a line that has not ended yet
	err        error
}

// NewMonitorReader returns a reader with a buffer of size bytes, 256 KiB when size is 0.
func NewMonitorReader(src io.Reader, size int) *MonitorReader {
	if size <= 0 {
		size = defaultMonitorBuffer
	}
	return &MonitorReader{src: src, buf: make([]byte, max(size, minMonitorBuffer))}
}

// Next returns the next line without its line end. The bytes are good until the next call. It
// reads from the source only when no whole line is buffered, once a time, so lines of a live
// connection come as soon as they are whole. It allocates nothing.
//
// cut says that line is not whole: it was longer than the buffer, of which one half is kept, or
// the stream ended before its line end.
//
// An error comes from the source, io.EOF at its end. After any other, such as a deadline, Next may
// be called again and loses nothing.
func (r *MonitorReader) Next() (line []byte, cut bool, err error) {
	for empty := 0; ; {
		if i := bytes.IndexByte(r.buf[r.searched:r.end], '\n'); i >= 0 {
			line, cut = r.take(r.searched + i)
			return line, cut, nil
		}
		r.searched = r.end
		if err := r.err; err != nil {
			return r.fail(err)
		}
		r.makeRoom()
		n, err := r.src.Read(r.buf[r.end:min(len(r.buf), r.end+mostRead)])
		r.end += n
		r.err = err
		if n > 0 || err != nil {
			empty = 0
		} else if empty++; empty == maxEmptyReads {
			return nil, false, io.ErrNoProgress
		}
	}
}

// Buffered is the number of bytes that were read from the source and not yet returned.
func (r *MonitorReader) Buffered() int { return r.end - r.start }

// head is the length of what is kept of a line longer than the buffer.
func (r *MonitorReader) head() int { return len(r.buf) / 2 }

// take returns the line that ends before newline.
func (r *MonitorReader) take(newline int) (line []byte, cut bool) {
	from := r.start
	r.start, r.searched = newline+1, newline+1
	if r.passing {
		r.passing = false
		return r.buf[:r.head()], true
	}
	if newline > from && r.buf[newline-1] == '\r' {
		newline--
	}
	return r.buf[from:newline:newline], false
}

// makeRoom makes the buffer ready for a Read. All of it was searched: there is no whole line.
func (r *MonitorReader) makeRoom() {
	switch {
	case r.passing: // drop what follows the head
		r.start, r.end = r.head(), r.head()
	case r.start > 0:
		r.end = copy(r.buf, r.buf[r.start:r.end])
		r.start = 0
	case r.end == len(r.buf):
		r.passing = true
		r.start, r.end = r.head(), r.head()
	}
	r.searched = r.end
}

// fail reports an error of the source. A line that the end of the stream left open comes first.
func (r *MonitorReader) fail(err error) ([]byte, bool, error) {
	if err != io.EOF {
		r.err = nil
		return nil, false, err
	}
	if r.passing {
		line, _ := r.take(r.end - 1)
		return line, true, nil
	}
	if r.start == r.end {
		return nil, false, io.EOF
	}
	line := r.buf[r.start:r.end]
	r.start = r.end
	return line, true, nil
}
