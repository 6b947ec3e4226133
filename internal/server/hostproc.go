package server

import (
	"strconv"
	"strings"

	"redistop/internal/redis"
)

// What files of Linux's /proc and /sys say. All is parsed from text, so that fixtures test it anywhere.

// hostTimes are what the processors did since the system's start, in ticks.
type hostTimes struct {
	cores        int
	steal, total uint64
}

// parseProcessors reads /proc/stat: "cpu  user nice system idle iowait irq softirq steal guest ...", of which
// user holds guest already, then a line for each core.
func parseProcessors(stat string) (t hostTimes, ok bool) {
	for line := range strings.Lines(stat) {
		name, numbers, _ := strings.Cut(line, " ")
		switch {
		case name == "cpu":
			for i, field := range strings.Fields(numbers) {
				n, err := strconv.ParseUint(field, 10, 64)
				if err != nil {
					return hostTimes{}, false
				}
				if i < 8 {
					t.total += n
				}
				if i == 7 {
					t.steal, ok = n, true
				}
			}
		case strings.HasPrefix(name, "cpu"):
			t.cores++
		}
	}
	return t, ok && t.cores > 0
}

// stealSince is the share of all processors' time that a hypervisor gave to others since before.
func (t hostTimes) stealSince(before hostTimes) redis.Maybe[float64] {
	if before.cores == 0 || t.total <= before.total || t.steal < before.steal {
		return redis.Maybe[float64]{}
	}
	return redis.Some(min(1, float64(t.steal-before.steal)/float64(t.total-before.total)))
}

// parseFirstNumber reads /proc/loadavg, /proc/uptime and the one-number files of /proc/sys.
func parseFirstNumber(text string) redis.Maybe[float64] {
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return redis.Maybe[float64]{}
	}
	f, err := strconv.ParseFloat(fields[0], 64)
	if err != nil || f != f || f < 0 || f > 1e18 {
		return redis.Maybe[float64]{}
	}
	return redis.Some(f)
}

func parseWhole(text string) redis.Maybe[int] {
	f, ok := parseFirstNumber(text).Get()
	if !ok || f > 1<<31 {
		return redis.Maybe[int]{}
	}
	return redis.Some(int(f))
}

// parseChoice reads a file of /sys such as "always [madvise] never": the word in brackets.
func parseChoice(text string) string {
	for word := range strings.FieldsSeq(text) {
		if strings.HasPrefix(word, "[") && strings.HasSuffix(word, "]") {
			return word[1 : len(word)-1]
		}
	}
	return ""
}

// parseLines reads "Name:   12 kB" lines of /proc/PID/status and smaps_rollup: one value in bytes, or as it
// stands where it has no unit.
func parseLines(text, name string) redis.Maybe[int64] {
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, name+":")
		if !ok {
			continue
		}
		fields := strings.Fields(rest)
		if len(fields) == 0 {
			break
		}
		n, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil || n < 0 || n > 1<<52 {
			break
		}
		if len(fields) > 1 && fields[1] == "kB" {
			n <<= 10
		}
		return redis.Some(n)
	}
	return redis.Maybe[int64]{}
}

// ticksPerSecond is what Linux counts process times in for programs, whatever its own clock.
const ticksPerSecond = 100

// parseStart reads /proc/PID/stat: when the process started, in seconds since the system's start. The
// second field is its name in brackets, which may hold spaces and brackets.
func parseStart(stat string) redis.Maybe[float64] {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	const start = 22 - 3 // the fields are counted from 1, and two are cut off
	if len(fields) <= start {
		return redis.Maybe[float64]{}
	}
	ticks, err := strconv.ParseUint(fields[start], 10, 62)
	if err != nil {
		return redis.Maybe[float64]{}
	}
	return redis.Some(float64(ticks) / ticksPerSecond)
}

// isServer says whether a process is called as servers are and as old as the server says it is: in a
// container the number of a process is another's outside.
func isServer(comm, cmdline, stat, uptime string, told int64) bool {
	named := false
	first, _, _ := strings.Cut(cmdline, "\x00")
	if comm = strings.TrimSpace(comm); comm == "ld.so" { // a program that was started by its loader stands further back
		first = cmdline
	}
	for _, w := range serverWords {
		named = named || strings.Contains(strings.ToLower(comm), w) || strings.Contains(strings.ToLower(first), w)
	}
	start, ok1 := parseStart(stat).Get()
	now, ok2 := parseFirstNumber(uptime).Get()
	age := now - start
	return named && ok1 && ok2 && told >= 0 && age-float64(told) < clockSlack && float64(told)-age < clockSlack
}
