package redis

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// ErrMonitorLine says that a line is not one of MONITOR: a reply such as "+OK", half a line, junk.
var ErrMonitorLine = errors.New("not a line of monitor")

// MonitorLine is one line of MONITOR, with the leading '+' of the wire or without, as redis-cli
// prints it:
//
//	+1339518083.107412 [0 127.0.0.1:60866] "keys" "*"
//
// Redis 2.6 to 8, Valkey and KeyDB write this form. Before 2.6 the bracket was missing, and
// "(db 3) " stood there for a database that is not 0: Addr is empty then. Kvrocks writes a
// namespace in place of the database: DB is 0 then. Dragonfly writes the microseconds without
// leading zeros and a 6 behind them, so of its times one in ten is wrong by less than a second.
//
// Its slices are parts of the parsed line, and live as long as that.
type MonitorLine struct {
	Usec int64  // unix time, microseconds
	DB   int    // the client's database; with SELECT the one that it went to
	Addr []byte // "10.0.0.1:5123", "[::1]:5123", "unix:/path" (the server's own socket), "lua"
	Args []byte // the command and its arguments, still quoted: "SET" "k" "a\nb"
}

const (
	secDigits  = 10 // of a unix time between 2001 and 2286
	usecDigits = 6
	// headLen is the length of "1339518083.107412 [".
	headLen = secDigits + 1 + usecDigits + 2

	maxSecDigits = 12 // so that microseconds fit into int64
	maxDBDigits  = 9
)

// Parse reads a whole line, with or without its line end. It allocates nothing. The error is
// ErrMonitorLine, and l is undefined then.
//
// Of the arguments Parse sees only the first and the last quote; what lies between is checked by
// NextArg.
func (l *MonitorLine) Parse(line []byte) error {
	for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	if err := l.ParseHead(line); err != nil {
		return err
	}
	if len(l.Args) < 2 || l.Args[len(l.Args)-1] != '"' {
		return ErrMonitorLine
	}
	return nil
}

// ParseHead is Parse for a line whose end is missing, as MonitorReader gives it. NextArg finds
// the arguments that are complete.
func (l *MonitorLine) ParseHead(line []byte) error {
	if len(line) > 0 && line[0] == '+' {
		line = line[1:]
	}
	rest, ok := l.parseTime(line)
	if !ok || len(rest) == 0 {
		return ErrMonitorLine
	}
	switch rest[0] {
	case '[':
		rest, ok = l.parseClient(rest[1:])
	case '(':
		rest, ok = l.parseOldDB(rest[1:])
	default:
		l.DB, l.Addr = 0, nil
	}
	if !ok || len(rest) == 0 || rest[0] != '"' {
		return ErrMonitorLine
	}
	l.Args = rest
	return nil
}

// Script says that the command was called by a script or function, whose own line stands before.
func (l *MonitorLine) Script() bool { return string(l.Addr) == "lua" }

// parseTime reads "1339518083.107412 ".
func (l *MonitorLine) parseTime(line []byte) (rest []byte, ok bool) {
	if len(line) >= headLen {
		// "13395180", then ".107412 " with both ends turned into zeros: ten times the microseconds.
		first := binary.LittleEndian.Uint64(line)
		last := binary.LittleEndian.Uint64(line[secDigits:]) ^ (('.' ^ '0') | (' '^'0')<<56)
		d8, d9 := line[8]-'0', line[9]-'0'
		if eightDigits(first) && eightDigits(last) && d8 <= 9 && d9 <= 9 &&
			line[secDigits] == '.' && line[secDigits+usecDigits+1] == ' ' {
			sec := int64(eightValue(first)*100) + int64(d8)*10 + int64(d9)
			l.Usec = sec*1e6 + int64(eightValue(last)/10)
			return line[headLen-1:], true
		}
	}
	sec, rest, ok := leadingNumber(line, maxSecDigits)
	if !ok || len(rest) == 0 || rest[0] != '.' {
		return nil, false
	}
	usec, after, ok := leadingNumber(rest[1:], usecDigits+1)
	if !ok || len(after) == 0 || after[0] != ' ' {
		return nil, false
	}
	if len(rest)-1-len(after) != usecDigits { // Dragonfly
		usec /= 10
	}
	l.Usec = sec*1e6 + usec
	return after[1:], true
}

// eightDigits says whether the eight bytes of v are all decimal digits.
func eightDigits(v uint64) bool {
	const high, zeros = 0xf0f0f0f0f0f0f0f0, 0x3030303030303030
	return v&high == zeros && (v+0x0606060606060606)&high == zeros
}

// eightValue is the number that eight digits write, the first in the lowest byte: pairs are
// joined to numbers below 100, those to numbers below 10,000, and so on.
func eightValue(v uint64) uint64 {
	v = (v & 0x0f0f0f0f0f0f0f0f) * (10<<8 + 1) >> 8
	v = (v & 0x00ff00ff00ff00ff) * (100<<16 + 1) >> 16
	return (v & 0x0000ffff0000ffff) * (10_000<<32 + 1) >> 32
}

// leadingNumber reads 1 to most digits.
func leadingNumber(b []byte, most int) (n int64, rest []byte, ok bool) {
	i := 0
	for i < len(b) && i < most && '0' <= b[i] && b[i] <= '9' {
		n = n*10 + int64(b[i]-'0')
		i++
	}
	return n, b[i:], i > 0
}

// parseClient reads `0 127.0.0.1:60866] ` up to the first quote. The address ends at the first
// `] "`: one of IPv6 has brackets of its own, and a socket's path may have.
func (l *MonitorLine) parseClient(b []byte) (rest []byte, ok bool) {
	if len(b) >= 2 && b[0]-'0' <= 9 && b[1] == ' ' { // nearly always
		l.DB, b = int(b[0]-'0'), b[2:]
	} else {
		space := bytes.IndexByte(b, ' ')
		if space <= 0 {
			return nil, false
		}
		l.DB = 0
		if db, after, ok := leadingNumber(b, maxDBDigits); ok && len(after) > 0 && after[0] == ' ' {
			l.DB = int(db)
		}
		b = b[space+1:]
	}
	for end := 0; ; end++ {
		i := bytes.IndexByte(b[end:], ']')
		if i < 0 {
			return nil, false
		}
		end += i
		if len(b)-end < len(`] "`) {
			return nil, false
		}
		if b[end+1] == ' ' && b[end+2] == '"' {
			l.Addr = b[:end]
			return b[end+2:], end > 0
		}
	}
}

// parseOldDB reads "db 3) " as servers before 2.6 write it.
func (l *MonitorLine) parseOldDB(b []byte) (rest []byte, ok bool) {
	b, ok = bytes.CutPrefix(b, []byte("db "))
	if !ok {
		return nil, false
	}
	db, b, ok := leadingNumber(b, maxDBDigits)
	if !ok {
		return nil, false
	}
	l.DB, l.Addr = int(db), nil
	return bytes.CutPrefix(b, []byte(") "))
}

// IP is the part of Addr that tells a host: "10.0.0.1", "::1", "unix", "lua". It is a part of addr.
func IP(addr []byte) []byte {
	colon := bytes.LastIndexByte(addr, ':')
	switch {
	case colon < 0:
		return addr
	case addr[0] == 'u' && bytes.HasPrefix(addr, []byte("unix:")):
		return addr[:len("unix")]
	case colon >= 2 && addr[0] == '[' && addr[colon-1] == ']':
		return addr[1 : colon-1]
	}
	return addr[:colon]
}
