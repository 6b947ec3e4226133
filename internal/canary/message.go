package canary

import (
	"strconv"
	"strings"
	"time"
)

// A message is what is sent: its number in its run, from 1, and when it was sent first.
type message struct {
	run    string
	number int64
	sent   time.Time // whole microseconds
}

// text is the message on the wire, 60 bytes at most: "canary RUN NUMBER MICROSECONDS".
func (m message) text() string {
	return "canary " + m.run + " " + strconv.FormatInt(m.number, 10) + " " + strconv.FormatInt(m.sent.UnixMicro(), 10)
}

// parse reads one; ok is false for anything else. What it reads is what text writes.
func parse(s string) (m message, ok bool) {
	fields := strings.Split(s, " ")
	if len(fields) != 4 || fields[0] != "canary" || fields[1] == "" {
		return message{}, false
	}
	number, err := strconv.ParseInt(fields[2], 10, 64)
	usec, err2 := strconv.ParseInt(fields[3], 10, 64)
	if err != nil || err2 != nil || number < 1 {
		return message{}, false
	}
	m = message{run: fields[1], number: number, sent: time.UnixMicro(usec)}
	return m, m.text() == s
}
