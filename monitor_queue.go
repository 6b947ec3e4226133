package main

import (
	"encoding/binary"
	"sync"

	"redistop/internal/redis"
)

// queueBytes bounds what waits to be written: some 100,000 commands.
const queueBytes = 16 << 20

// A lineQueue hands commands from the goroutine that reads windows to one that writes them. It never makes
// the first wait: what there is no room for is dropped and counted.
type lineQueue struct {
	ready chan struct{} // something is in it, or it was closed; capacity 1

	mu      sync.Mutex
	records []byte // guarded by mu
	dropped int64  // guarded by mu
	closed  bool   // guarded by mu
}

func newLineQueue() *lineQueue { return &lineQueue{ready: make(chan struct{}, 1)} }

// A record is a command as bytes: microseconds (8), database, length of the address and of the arguments
// (4 each), the address, the arguments.
const recordHead = 8 + 3*4

// put copies a command into the queue.
func (q *lineQueue) put(l *redis.MonitorLine) {
	q.mu.Lock()
	if len(q.records)+recordHead+len(l.Addr)+len(l.Args) > queueBytes {
		q.dropped++
		q.mu.Unlock()
		return
	}
	r := binary.LittleEndian.AppendUint64(q.records, uint64(l.Usec))
	for _, n := range []int{l.DB, len(l.Addr), len(l.Args)} {
		r = binary.LittleEndian.AppendUint32(r, uint32(n))
	}
	q.records = append(append(r, l.Addr...), l.Args...)
	q.mu.Unlock()
	q.wake()
}

// close says that nothing more comes.
func (q *lineQueue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.wake()
}

func (q *lineQueue) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// take waits for commands and returns all there are; ok is false when no more will come. free is the
// memory of a take before this one, to be used again.
func (q *lineQueue) take(free []byte) (records []byte, ok bool) {
	for {
		<-q.ready
		q.mu.Lock()
		records, closed := q.records, q.closed
		if len(records) > 0 {
			q.records = free[:0]
		}
		q.mu.Unlock()
		if closed {
			q.wake() // for the call after this one
		}
		if len(records) > 0 || closed {
			return records, len(records) > 0
		}
	}
}

// lost is how many commands there was no room for.
func (q *lineQueue) lost() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}

// nextRecord takes the first command off records.
func nextRecord(records []byte) (l redis.MonitorLine, rest []byte) {
	number := func(at int) int { return int(binary.LittleEndian.Uint32(records[at:])) }
	l.Usec, l.DB = int64(binary.LittleEndian.Uint64(records)), number(8)
	addr := recordHead + number(12)
	end := addr + number(16)
	l.Addr, l.Args = records[recordHead:addr], records[addr:end:end]
	return l, records[end:]
}
