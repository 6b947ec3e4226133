package server

import (
	"slices"
	"strconv"
	"strings"

	"redistop/internal/redis"
)

// CanaryPrefix begins every key, channel and group that a canary makes.
const CanaryPrefix = redis.CanaryPrefix

// The bounds of what a canary sends.
const (
	MaxCanaryMessage = 96 // bytes
	maxCanaryName    = 128
	maxCanaryStream  = 1 << 20 // entries
	maxCanaryRead    = 256     // messages that one call is asked for
	maxCanaryWait    = 5000    // milliseconds
	maxCanaryExpiry  = 86400   // seconds
	canaryField      = "m"     // of an entry in a stream
)

// canaryOwn says that a name is the canary's own.
func canaryOwn(name string) bool {
	return strings.HasPrefix(name, CanaryPrefix) && len(name) > len(CanaryPrefix) && len(name) <= maxCanaryName
}

// canaryStream is one of its own, or the one that a person named.
func canaryStream(name, named string) bool { return canaryOwn(name) || named != "" && name == named }

func canaryChannel(a []string, _ string) bool { return len(a) == 1 && canaryOwn(a[0]) }

// canaryMessage: KEY TEXT.
func canaryMessage(a []string, _ string) bool {
	return len(a) == 2 && canaryOwn(a[0]) && len(a[1]) <= MaxCanaryMessage
}

// canaryPop: KEY SECONDS. 0 would wait for ever.
func canaryPop(a []string, _ string) bool {
	return len(a) == 2 && canaryOwn(a[0]) && upTo(a[1], maxCanaryWait/1000)
}

// canaryExpiry: KEY SECONDS.
func canaryExpiry(a []string, _ string) bool {
	return len(a) == 2 && canaryOwn(a[0]) && upTo(a[1], maxCanaryExpiry)
}

// canaryAdd: KEY [MAXLEN ~ n] * m TEXT. A stream that a person named is not trimmed.
func canaryAdd(a []string, named string) bool {
	if len(a) == 7 && canaryOwn(a[0]) && a[1] == "MAXLEN" && a[2] == "~" && upTo(a[3], maxCanaryStream) {
		a = slices.Concat(a[:1], a[4:])
	}
	return len(a) == 4 && canaryStream(a[0], named) && a[1] == "*" && a[2] == canaryField && len(a[3]) <= MaxCanaryMessage
}

// canaryGroup: KEY GROUP.
func canaryGroup(a []string, named string) bool {
	return len(a) == 2 && canaryStream(a[0], named) && canaryOwn(a[1])
}

// canaryCreate: KEY GROUP FROM [MKSTREAM]. A stream that a person named is not made.
func canaryCreate(a []string, named string) bool {
	if len(a) == 4 && canaryOwn(a[0]) && a[3] == "MKSTREAM" {
		a = a[:3]
	}
	return len(a) == 3 && a[2] != "" && canaryGroup(a[:2], named)
}

// canaryReadGroup: GROUP group consumer COUNT n BLOCK ms STREAMS KEY FROM.
func canaryReadGroup(a []string, named string) bool {
	return len(a) == 10 && a[0] == "GROUP" && canaryOwn(a[1]) && a[2] != "" && canaryRead(a[3:], named)
}

// canaryRead: COUNT n BLOCK ms STREAMS KEY FROM.
func canaryRead(a []string, named string) bool {
	return len(a) == 7 && a[0] == "COUNT" && upTo(a[1], maxCanaryRead) && a[2] == "BLOCK" && upTo(a[3], maxCanaryWait) &&
		a[4] == "STREAMS" && canaryStream(a[5], named) && a[6] != ""
}

// canaryAck: KEY GROUP ID ...
func canaryAck(a []string, named string) bool {
	return len(a) >= 3 && len(a) <= 2+maxCanaryRead && canaryStream(a[0], named) && canaryOwn(a[1])
}

// canaryForget: KEY ID ...
func canaryForget(a []string, named string) bool {
	return len(a) >= 2 && len(a) <= 1+maxCanaryRead && canaryStream(a[0], named)
}

// upTo reads a number from 1 to most.
func upTo(s string, most int) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 1 && n <= most
}
