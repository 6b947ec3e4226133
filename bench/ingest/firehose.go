package main

import (
	"os"
	"strconv"
	"time"

	"redistop/bench/lab"
)

// A firehose makes lines of MONITOR, 87 bytes on average, as fast as they are read, without end. Keys and
// clients come in an order that looks random and repeats none before all have come.
type firehose struct {
	keys, clients uint64
	n             uint64
	line          []byte
	pending       []byte        // the line that had no room
	bytes         uint64        // made so far
	taken         time.Duration // CPU time of making lines
}

const lineLength = 87 // bytes on average, with the line end

// A step without a common factor with any number of keys or clients that is a power of ten.
const step = 7_368_787

// kinds of keys and what is done with them, in turn.
var kinds = [...]struct {
	command, before, after string
	value                  bool
}{
	{"GET", "user:", ":profile", false},
	{"SET", "session:", "", true},
	{"GET", "cart:", ":items", false},
	{"INCR", "page:", ":views", false},
	{"HGET", "order:", ":lines", true},
}

// Read fills p with whole lines.
func (f *firehose) Read(p []byte) (int, error) {
	began, err := lab.CPUTime(os.Getpid())
	if err != nil {
		return 0, err
	}
	n := 0
	for {
		if len(f.pending) == 0 {
			f.pending = f.next()
		}
		if n+len(f.pending) > len(p) {
			break
		}
		n += copy(p[n:], f.pending)
		f.pending = nil
	}
	ended, err := lab.CPUTime(os.Getpid())
	f.taken += ended - began
	return n, err
}

func (f *firehose) next() []byte {
	kind := kinds[f.n%uint64(len(kinds))]
	key, client := f.n*step%f.keys, f.n*step%f.clients
	b := append(f.line[:0], "+1339518083."...)
	b = strconv.AppendUint(b, 100_000+f.n%900_000, 10)
	b = append(b, " [0 "...)
	b = appendAddr(b, client)
	b = append(b, `] "`...)
	b = append(b, kind.command...)
	b = append(b, `" "`...)
	b = append(b, kind.before...)
	b = strconv.AppendUint(b, 10_000_000+key, 10)
	b = append(b, kind.after...)
	f.n++
	if kind.value {
		b = append(b, `" "`...)
		for f.bytes+uint64(len(b)+len("\"\r\n")) < f.n*lineLength {
			b = append(b, 'v')
		}
	}
	b = append(b, "\"\r\n"...)
	f.bytes += uint64(len(b))
	f.line = b
	return b
}

// hosts is how many addresses the clients share; what else tells them apart is the port.
const hosts = 1000

func appendAddr(b []byte, client uint64) []byte {
	b = append(b, "10."...)
	b = strconv.AppendUint(b, client%hosts>>8, 10)
	b = append(b, '.')
	b = strconv.AppendUint(b, client%hosts&0xff, 10)
	b = append(b, ".7:"...)
	return strconv.AppendUint(b, 10_000+client/hosts, 10)
}
