package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"redistop/internal/redis"
)

// A lineFormat writes commands as text or JSON. It is confined to one goroutine.
type lineFormat struct {
	json, values bool
	name         func(addr []byte) string // of a connection; nil: unknown

	second int64  // that clock stands for
	clock  []byte // up to the seconds
	text   []byte
	keys   int
	addKey func(quoted []byte) bool // appends to dst; made once, since making it allocates
	dst    []byte
}

func newLineFormat(json, values bool, name func([]byte) string) *lineFormat {
	f := &lineFormat{json: json, values: values, name: name, second: -1}
	f.addKey = f.appendKey
	return f
}

// append writes one command as a line. Text is for eyes, with the local time:
//
//	2026-11-22 08:46:23.063909 10.0.0.1:5123 0 SET user:1 (5 B)
//
// JSON has the time in UTC; keys and other text with bytes that are not UTF-8 as \xff.
func (f *lineFormat) append(dst []byte, l *redis.MonitorLine) []byte {
	if f.json {
		return f.appendJSON(dst, l)
	}
	dst = f.appendTime(dst, l.Usec)
	dst = append(dst, ' ')
	dst = append(dst, printableAddr(l.Addr)...)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, int64(l.DB), 10)
	dst = append(dst, ' ')
	return append(f.appendCommand(dst, l.Args), '\n')
}

func (f *lineFormat) appendCommand(dst, args []byte) []byte {
	if f.values {
		return redis.Reveal(dst, args, 0)
	}
	return redis.Redact(dst, args)
}

// appendTime formats the seconds once, not for each of the many commands in them.
func (f *lineFormat) appendTime(dst []byte, usec int64) []byte {
	second, micro := usec/1e6, usec%1e6
	if second != f.second {
		f.second = second
		at := time.Unix(second, 0)
		if f.json {
			f.clock = at.UTC().AppendFormat(f.clock[:0], "2006-01-02T15:04:05")
		} else {
			f.clock = at.AppendFormat(f.clock[:0], time.DateTime)
		}
	}
	dst = append(append(dst, f.clock...), '.')
	for unit := int64(100_000); unit > 0; unit /= 10 {
		dst = append(dst, '0'+byte(micro/unit%10))
	}
	return dst
}

// printableAddr is an address in one word; that of a socket may be any path.
func printableAddr(addr []byte) []byte {
	for _, c := range addr {
		if c <= ' ' || c > '~' {
			return []byte(redis.Argument(redis.PrintableCut(string(addr), 200)))
		}
	}
	if len(addr) == 0 { // servers before 2.6 do not tell
		return []byte("-")
	}
	return addr
}

func (f *lineFormat) appendJSON(dst []byte, l *redis.MonitorLine) []byte {
	dst = append(dst, `{"time":"`...)
	dst = append(f.appendTime(dst, l.Usec), `Z","db":`...)
	dst = strconv.AppendInt(dst, int64(l.DB), 10)
	if len(l.Addr) > 0 {
		dst = appendJSONText(append(dst, `,"addr":`...), l.Addr)
	}
	if f.name != nil {
		if name := f.name(l.Addr); name != "" {
			dst = appendJSONText(append(dst, `,"name":`...), []byte(name))
		}
	}
	if l.Script() {
		dst = append(dst, `,"script":true`...)
	}
	info, known := redis.LookupArgs(l.Args)
	dst = append(dst, `,"command":`...)
	if known {
		dst = append(append(append(dst, '"'), info.Name...), '"')
	} else {
		name, _, _ := redis.NextArg(l.Args)
		dst = appendJSONText(dst, bytes.ToLower(name))
	}
	if known && !redis.Secret(l.Args) {
		f.keys, f.dst = 0, dst
		info.EachKey(l.Args, f.addKey)
		if dst = f.dst; f.keys > 0 {
			dst = append(dst, ']')
		}
	}
	f.text = f.appendCommand(f.text[:0], l.Args)
	dst = appendJSONText(append(dst, `,"line":`...), f.text)
	dst = append(dst, `,"bytes":`...)
	return append(strconv.AppendInt(dst, int64(bytesOf(l.Args)), 10), "}\n"...)
}

// shownKey bounds a key in JSON, in characters.
const shownKey = 1000

func (f *lineFormat) appendKey(quoted []byte) bool {
	lead := `,`
	if f.keys == 0 {
		lead = `,"keys":[`
	}
	f.keys++
	f.dst = append(f.dst, lead...)
	if bytes.IndexByte(quoted, '\\') >= 0 || len(quoted) > shownKey {
		quoted = []byte(redis.PrintableCut(string(redis.Unquote(nil, quoted)), shownKey))
	}
	f.dst = appendJSONText(f.dst, quoted)
	return true
}

// bytesOf is how long a command is with its arguments, without what stands between them.
func bytesOf(args []byte) int {
	n := 0
	for {
		arg, rest, ok := redis.NextArg(args)
		if !ok {
			return n
		}
		n += redis.UnquotedLen(arg)
		args = rest
	}
}

// appendJSONText writes a text that is safe on a terminal as a JSON string.
func appendJSONText(dst, text []byte) []byte {
	for _, c := range text {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return appendJSONEscaped(dst, text)
		}
	}
	return append(append(append(dst, '"'), text...), '"')
}

func appendJSONEscaped(dst, text []byte) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(redis.Printable(string(text))); err != nil { // a string: it cannot fail
		return append(dst, `""`...)
	}
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}

// outBytes is about how much is written at once.
const outBytes = 64 << 10

// writeQueue writes what comes into q until it is closed and empty.
func (f *lineFormat) writeQueue(w io.Writer, q *lineQueue) error {
	var free, out []byte
	for {
		records, ok := q.take(free)
		if !ok {
			return nil
		}
		for rest := records; len(rest) > 0; {
			var l redis.MonitorLine
			l, rest = nextRecord(rest)
			out = f.append(out, &l)
			if len(out) >= outBytes || len(rest) == 0 {
				if _, err := w.Write(out); err != nil {
					return fmt.Errorf("write to standard output: %w", err)
				}
				out = out[:0]
			}
		}
		free = records
	}
}
