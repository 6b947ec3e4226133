package redis

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Kind is the type byte that starts a reply on the wire, of RESP2 and RESP3.
type Kind byte

// The kinds. Attributes ('|') are read over; the streamed forms ("$?", "*?"), which no server
// sends unasked, are a protocol error.
const (
	KindSimple    Kind = '+'
	KindError     Kind = '-'
	KindInteger   Kind = ':'
	KindBulk      Kind = '$'
	KindArray     Kind = '*'
	KindNull      Kind = '_' // also RESP2's "$-1" and "*-1"
	KindDouble    Kind = ','
	KindBool      Kind = '#'
	KindMap       Kind = '%'
	KindSet       Kind = '~'
	KindPush      Kind = '>'
	KindVerbatim  Kind = '='
	KindBigNumber Kind = '('
	KindBlobError Kind = '!'
)

// Value is one reply. Which field holds it follows from the Kind; the others are zero.
type Value struct {
	Kind  Kind
	Text  string  // simple, error, bulk, verbatim (without its "txt:"), big number, blob error; raw bytes
	Int   int64   // integer; bool as 0 and 1; of a bulk or verbatim string that is Cut its whole length
	Float float64 // double; may be NaN or infinite
	Elems []Value // array, set, push; a map as key, value, key, value ...
	Cut   bool    // Text is only the beginning of what was sent (Limits.Bulk)
}

// ErrTooLarge says that a reply exceeds the Limits, ErrProtocol that the bytes are not RESP.
var (
	ErrTooLarge = errors.New("reply too large")
	ErrProtocol = errors.New("not the redis protocol")
)

// ReplyError is an error reply, as the server sent it: both parts are raw bytes.
type ReplyError struct {
	Code    string // the first word: "ERR", "NOPERM", "LOADING"
	Message string // the rest
}

// maxErrorRunes bounds what Error prints: longer than any error of a real server that helps.
const maxErrorRunes = 300

// Error is one bounded line, safe to print whatever the server sent.
func (e *ReplyError) Error() string {
	// No rune takes more bytes than UTFMax: what lies behind cannot be shown.
	text := e.Code[:min(len(e.Code), maxErrorRunes*utf8.UTFMax)]
	if e.Message != "" {
		text += " " + e.Message[:min(len(e.Message), maxErrorRunes*utf8.UTFMax)]
	}
	if text == "" {
		return "empty error reply"
	}
	return PrintableCut(text, maxErrorRunes)
}

// Err returns a *ReplyError when the value is an error reply, else nil.
func (v Value) Err() error {
	if v.Kind != KindError && v.Kind != KindBlobError {
		return nil
	}
	code, message, _ := strings.Cut(v.Text, " ")
	return &ReplyError{Code: code, Message: message}
}

// isText says whether the value is a string of some kind, not an error.
func (v Value) isText() bool {
	return v.Kind == KindBulk || v.Kind == KindSimple || v.Kind == KindVerbatim
}

// isList says whether the value is a row of elements.
func (v Value) isList() bool { return v.Kind == KindArray || v.Kind == KindSet }

// integer reads an integer, or a string of digits as some servers send one.
func (v Value) integer() (int64, bool) {
	switch {
	case v.Kind == KindInteger:
		return v.Int, true
	case v.isText():
		n, err := strconv.ParseInt(v.Text, 10, 64)
		return n, err == nil
	}
	return 0, false
}

// number reads a finite double; RESP2 sends one as a string.
func (v Value) number() (float64, bool) {
	switch {
	case v.Kind == KindDouble:
		return v.Float, finite(v.Float)
	case v.Kind == KindInteger:
		return float64(v.Int), true
	case v.isText():
		return parseFinite(v.Text)
	}
	return 0, false
}

// pairs returns the elements of a map, or of the array that RESP2 sends instead of one.
func (v Value) pairs() ([]Value, bool) {
	ok := (v.Kind == KindMap || v.Kind == KindArray) && len(v.Elems)%2 == 0
	return v.Elems, ok
}

// AppendCommand appends one command as a server reads it: an array of bulk strings.
func AppendCommand(dst []byte, args ...string) []byte {
	dst = append(dst, '*')
	dst = strconv.AppendInt(dst, int64(len(args)), 10)
	dst = append(dst, "\r\n"...)
	for _, arg := range args {
		dst = append(dst, '$')
		dst = strconv.AppendInt(dst, int64(len(arg)), 10)
		dst = append(dst, "\r\n"...)
		dst = append(dst, arg...)
		dst = append(dst, "\r\n"...)
	}
	return dst
}
