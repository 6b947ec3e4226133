package canary

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"redistop/internal/stats"
)

// verdict says in plain words what a pipeline has proved to be, and whether something was lost where it must not be.
func verdict(p stats.Probe) (text string, broken bool) {
	if p.Sent == 0 {
		return "nothing sent yet", false
	}
	lost := fmt.Sprintf("%s of %s lost", number(p.Lost), number(p.Sent))
	if p.Lost == 0 {
		lost = "0 lost of " + number(p.Sent)
	}
	extras := ""
	if p.Duplicated > 0 {
		extras += ", " + number(p.Duplicated) + " duplicated"
	}
	if p.Reordered > 0 {
		extras += ", " + number(p.Reordered) + " out of order"
	}
	if p.InFlight > 0 {
		extras += ", " + number(p.InFlight) + " under way"
	}
	if p.Unsure > 0 {
		extras += ", " + number(p.Unsure) + " of unknown fate"
	}
	return promise(p) + ": " + lost + extras + circumstances(p), p.Lost > 0 && Kind(p.Kind) != PubSub
}

// promise is what the counts show that the pipeline keeps.
func promise(p stats.Probe) string {
	switch {
	case p.Lost > 0 && Kind(p.Kind) == PubSub:
		return "at most once"
	case p.Lost > 0:
		return "not kept"
	case Kind(p.Kind) == PubSub:
		return "at most once, none missing so far"
	case Kind(p.Kind) == List:
		return "kept until popped"
	}
	return "at least once"
}

// longGap is a time without an arrival that is worth a word.
const longGap = time.Second

// circumstances are what happened meanwhile.
func circumstances(p stats.Probe) string {
	var happened []string
	add := func(n int64, once string) {
		switch {
		case n == 1:
			happened = append(happened, once)
		case n > 1:
			happened = append(happened, once+" "+number(n)+" times")
		}
	}
	add(p.Restarts, "the server restarted or failed over")
	add(p.Moves, "the key moved to another node")
	add(p.Overflows, "the server closed the subscriber (output buffer full)")
	if len(happened) == 0 && p.Reconnects > 0 {
		happened = append(happened, plural(p.Reconnects, "reconnection", "reconnections"))
	}
	if usec, _ := p.GapUsec.Get(); usec >= float64(longGap.Microseconds()) {
		happened = append(happened, fmt.Sprintf("none arrived for %.3g s at the longest", usec/1e6))
	}
	switch {
	case !p.SilentAt.IsZero():
		happened = append(happened, "no answer since "+p.SilentAt.Format(time.TimeOnly))
	case !p.Listening:
		happened = append(happened, "nobody listens at present")
	}
	if len(happened) == 0 {
		return ""
	}
	return "; " + strings.Join(happened, ", ")
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}

// number groups the digits: 4,000.
func number(n int64) string {
	s := strconv.FormatInt(n, 10)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}
