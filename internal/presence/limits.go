package presence

import (
	"strconv"
	"strings"
)

// class is what the server's limits of output buffers call a connection.
func (e *ended) class() string {
	switch {
	case strings.Contains(e.flags, "S") && !strings.Contains(e.flags, "O"):
		return "replica"
	case strings.Contains(e.flags, "P"):
		return "pubsub"
	}
	return "normal"
}

// The servers' own defaults, for where their configuration may not be read.
const (
	defaultOutputLimits = "normal 0 0 0 replica 268435456 67108864 60 pubsub 33554432 8388608 60"
	defaultQueryLimit   = 1 << 30
)

// outputLimit is the smaller limit of a class, in bytes, from "class hard soft seconds ..."; 0: it has none.
func outputLimit(words, class string) int64 {
	if words == "" {
		words = defaultOutputLimits
	}
	fields := strings.Fields(words)
	for ; len(fields) >= 4; fields = fields[4:] {
		if fields[0] != class && (fields[0] != "slave" || class != "replica") {
			continue
		}
		hard, soft := number(fields[1]), number(fields[2])
		if soft > 0 && (soft < hard || hard == 0) {
			return soft
		}
		return hard
	}
	return 0
}

func queryLimit(word string) int64 {
	if n := number(word); n > 0 {
		return n
	}
	return defaultQueryLimit
}

// number is a number of bytes or seconds; 0 where it is none.
func number(word string) int64 {
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		return 0
	}
	return max(0, n)
}
