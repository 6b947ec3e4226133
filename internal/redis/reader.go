package redis

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// Limits bounds what one reply may cost. A zero field takes its default. An element takes some
// 80 bytes of memory whatever it holds, so memory stays below 2*Total + 160*Elems.
type Limits struct {
	Bulk  int64 // bytes kept of one string; the rest is read and dropped, Value.Cut is set. 16 MiB
	Total int64 // bytes of one whole reply on the wire; more is ErrTooLarge. 64 MiB
	Depth int   // arrays inside arrays; more is ErrTooLarge. 16
	Elems int   // elements of one whole reply, at all depths; more is ErrTooLarge. 262,144
}

const (
	defaultBulk  = 16 << 20
	defaultTotal = 64 << 20
	defaultDepth = 16
	defaultElems = 256 << 10

	bufferSize = 32 << 10
	// firstGrow is the most that is allocated on a claimed length alone, before bytes have come.
	firstGrow  = 4 << 10
	firstElems = 32
	// verbatimPrefix is the length of "txt:" or "mkd:".
	verbatimPrefix = 4
)

// Reader reads replies of a server that is not trusted. It is not safe for concurrent use.
type Reader struct {
	br     *bufio.Reader
	limits Limits
	left   int64 // bytes that the present reply may still take
	elems  int   // elements that the present reply may still have
	err    error // the stream is out of step for good
}

// NewReader returns a Reader of replies from r.
func NewReader(r io.Reader, l Limits) *Reader {
	if l.Bulk <= 0 {
		l.Bulk = defaultBulk
	}
	if l.Total <= 0 {
		l.Total = defaultTotal
	}
	if l.Depth <= 0 {
		l.Depth = defaultDepth
	}
	if l.Elems <= 0 {
		l.Elems = defaultElems
	}
	return &Reader{br: bufio.NewReaderSize(r, bufferSize), limits: l}
}

// Read reads one reply. An error reply is a Value (see Value.Err), not an error. At the end of the
// stream the error is io.EOF, in the middle of a reply io.ErrUnexpectedEOF. After an error in the
// middle of a reply the stream is out of step and every further Read returns that error; after one
// between two replies, such as a deadline, Read may be called again.
func (r *Reader) Read() (Value, error) {
	if r.err != nil {
		return Value{}, r.err
	}
	if _, err := r.br.Peek(1); err != nil {
		return Value{}, err
	}
	r.left, r.elems = r.limits.Total, r.limits.Elems
	v, err := r.value(0)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		r.err = err
		return Value{}, err
	}
	return v, nil
}

// Err is the error that put the stream out of step for good; nil while it is in step.
func (r *Reader) Err() error { return r.err }

// value reads one value inside depth arrays.
func (r *Reader) value(depth int) (Value, error) {
	for {
		b, err := r.br.ReadByte()
		if err != nil {
			return Value{}, err
		}
		if err := r.take(1); err != nil {
			return Value{}, err
		}
		if b != '|' {
			return r.body(Kind(b), depth)
		}
		// An attribute says something about the value that follows; nothing here needs it.
		if _, err := r.list('|', depth); err != nil {
			return Value{}, err
		}
	}
}

// body reads what follows the type byte.
func (r *Reader) body(k Kind, depth int) (Value, error) {
	switch k {
	case KindSimple, KindError, KindBigNumber:
		text, cut, err := r.textLine()
		return Value{Kind: k, Text: text, Cut: cut}, err
	case KindInteger:
		n, err := r.length()
		return Value{Kind: k, Int: n}, err
	case KindDouble, KindBool, KindNull:
		return r.scalar(k)
	case KindBulk, KindVerbatim, KindBlobError:
		return r.bulk(k)
	case KindArray, KindSet, KindPush, KindMap:
		return r.list(k, depth)
	}
	return Value{}, fmt.Errorf("%w: type byte %q", ErrProtocol, byte(k))
}

func (r *Reader) scalar(k Kind) (Value, error) {
	line, err := r.shortLine()
	if err != nil {
		return Value{}, err
	}
	v := Value{Kind: k}
	switch {
	case k == KindDouble:
		v.Float, err = strconv.ParseFloat(string(line), 64)
		if err != nil && !math.IsInf(v.Float, 0) { // a number out of range is infinite, as in C
			return Value{}, fmt.Errorf("%w: double", ErrProtocol)
		}
	case k == KindNull && len(line) == 0:
	case k == KindBool && len(line) == 1 && line[0] == 't':
		v.Int = 1
	case k == KindBool && len(line) == 1 && line[0] == 'f':
	default:
		return Value{}, fmt.Errorf("%w: line after %q", ErrProtocol, byte(k))
	}
	return v, nil
}

// bulk reads a string whose length is given.
func (r *Reader) bulk(k Kind) (Value, error) {
	n, err := r.length()
	if err != nil {
		return Value{}, err
	}
	if n == -1 && k == KindBulk {
		return Value{Kind: KindNull}, nil
	}
	if n < 0 || k == KindVerbatim && n < verbatimPrefix {
		return Value{}, fmt.Errorf("%w: length %d", ErrProtocol, n)
	}
	if k == KindVerbatim {
		if _, err := r.chunks(verbatimPrefix, 0); err != nil {
			return Value{}, err
		}
		n -= verbatimPrefix
	}
	text, err := r.chunks(n, r.limits.Bulk)
	if err != nil {
		return Value{}, err
	}
	end, err := r.shortLine()
	if err == nil && len(end) != 0 {
		err = fmt.Errorf("%w: string longer than its length", ErrProtocol)
	}
	v := Value{Kind: k, Text: text}
	if n > r.limits.Bulk {
		v.Cut, v.Int = true, n
	}
	return v, err
}

// chunks reads n bytes as they come and keeps the first of them.
func (r *Reader) chunks(n, keep int64) (string, error) {
	if err := r.take(n); err != nil {
		return "", err
	}
	var b strings.Builder
	keep = min(keep, n)
	b.Grow(int(min(keep, firstGrow)))
	for n > 0 {
		if _, err := r.br.Peek(1); err != nil {
			return "", err
		}
		chunk, _ := r.br.Peek(int(min(n, int64(r.br.Buffered()))))
		kept := min(keep, int64(len(chunk)))
		if int(kept) > b.Cap()-b.Len() {
			b.Grow(int(kept)) // at least doubles
		}
		b.Write(chunk[:kept])
		keep -= kept
		n -= int64(len(chunk))
		if _, err := r.br.Discard(len(chunk)); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// list reads a row of values: an array, a set, a push, a map or an attribute.
func (r *Reader) list(k Kind, depth int) (Value, error) {
	n, err := r.length()
	if err != nil {
		return Value{}, err
	}
	if n == -1 && k == KindArray {
		return Value{Kind: KindNull}, nil
	}
	if n < 0 {
		return Value{}, fmt.Errorf("%w: length %d", ErrProtocol, n)
	}
	perItem := 1
	if k == KindMap || k == '|' {
		perItem = 2
	}
	if n > int64(r.elems/perItem) {
		return Value{}, fmt.Errorf("%w: more than %d elements", ErrTooLarge, r.limits.Elems)
	}
	if depth >= r.limits.Depth {
		return Value{}, fmt.Errorf("%w: nested deeper than %d", ErrTooLarge, r.limits.Depth)
	}
	count := int(n) * perItem
	r.elems -= count
	v := Value{Kind: k, Elems: make([]Value, 0, min(count, firstElems))}
	for range count {
		e, err := r.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		v.Elems = append(v.Elems, e)
	}
	return v, nil
}

// length reads the number that ends a line.
func (r *Reader) length() (int64, error) {
	line, err := r.shortLine()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(string(line), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: integer", ErrProtocol)
	}
	return n, nil
}

// shortLine reads a line that fits the buffer, without its CRLF; valid until the next read.
func (r *Reader) shortLine() ([]byte, error) {
	line, err := r.br.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		return nil, fmt.Errorf("%w: endless line", ErrProtocol)
	}
	if err != nil {
		return nil, err
	}
	if err := r.take(int64(len(line))); err != nil {
		return nil, err
	}
	body, ok := bytes.CutSuffix(line, []byte("\r\n"))
	if !ok {
		return nil, fmt.Errorf("%w: line without CRLF", ErrProtocol)
	}
	return body, nil
}

// textLine reads a line of any length and keeps the first Limits.Bulk bytes of it.
func (r *Reader) textLine() (text string, cut bool, err error) {
	var kept []byte
	var n int64 // bytes read, with the line's end
	var last byte
	for {
		chunk, err := r.br.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull {
			return "", false, err
		}
		if err := r.take(int64(len(chunk))); err != nil {
			return "", false, err
		}
		n += int64(len(chunk))
		room := r.limits.Bulk + 2 - int64(len(kept))
		kept = append(kept, chunk[:min(room, int64(len(chunk)))]...)
		if err == nil {
			if len(chunk) > 1 {
				last = chunk[len(chunk)-2]
			}
			break
		}
		last = chunk[len(chunk)-1]
	}
	if last != '\r' {
		return "", false, fmt.Errorf("%w: line without CRLF", ErrProtocol)
	}
	n -= 2
	return string(kept[:min(n, r.limits.Bulk)]), n > r.limits.Bulk, nil
}

// take counts n bytes against Limits.Total.
func (r *Reader) take(n int64) error {
	if n > r.left {
		return fmt.Errorf("%w: more than %d bytes", ErrTooLarge, r.limits.Total)
	}
	r.left -= n
	return nil
}
