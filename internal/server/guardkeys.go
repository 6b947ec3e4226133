package server

import (
	"slices"
	"strconv"
	"strings"

	"redistop/internal/redis"
)

// The arguments that the tools for keys may send: always bounded, so that no call can be one that
// blocks the server for long.

func oneKey(a []string) bool { return len(a) == 1 }

// keyAnd: KEY and so many words, none of them empty.
func keyAnd(words int) func([]string) bool {
	return func(a []string) bool { return len(a) == 1+words && !slices.Contains(a[1:], "") }
}

// pendingArgs: KEY GROUP FROM + n, in their order from the oldest or an id on; or an id twice. With IDLE the server would search all
// of them for some.
func pendingArgs(a []string) bool {
	if len(a) != 5 || a[2] != "-" && !isStreamID(a[2]) || a[3] != "+" && a[3] != a[2] {
		return false
	}
	n, err := strconv.Atoi(a[4])
	return err == nil && n >= 1 && n <= maxStep
}

// scanArgs: CURSOR [MATCH pattern] COUNT n [TYPE type].
func scanArgs(a []string) bool {
	if len(a) < 3 || !isCursor(a[0]) {
		return false
	}
	a = a[1:]
	if len(a) >= 2 && a[0] == "MATCH" {
		a = a[2:]
	}
	if len(a) < 2 || !isCount(a[:2]) {
		return false
	}
	return len(a) == 2 || len(a) == 4 && a[2] == "TYPE" && a[3] != ""
}

// elementArgs: KEY CURSOR COUNT n.
func elementArgs(a []string) bool { return len(a) == 4 && isCursor(a[1]) && isCount(a[2:]) }

// pageArgs: KEY FROM + COUNT n. What FROM is, the server judges.
func pageArgs(a []string) bool { return len(a) == 5 && a[1] != "" && a[2] == "+" && isCount(a[3:]) }

// rangeArgs: KEY FIRST LAST and the words behind them, with at most so many elements from FIRST to
// LAST and both counted from the beginning.
func rangeArgs(most int64, words ...string) func([]string) bool {
	return func(a []string) bool {
		if len(a) < 3 || !slices.Equal(a[3:], words) {
			return false
		}
		first, err := strconv.ParseInt(a[1], 10, 64)
		last, err2 := strconv.ParseInt(a[2], 10, 64)
		return err == nil && err2 == nil && first >= 0 && last >= first && last-first < most
	}
}

// endArgs: KEY and one of its ends.
func endArgs(a []string) bool { return len(a) == 2 && (a[1] == "0" || a[1] == "-1") }

// timeFields: KEY and fields of a job that hold times, in the words of the frameworks that are known.
func timeFields(a []string) bool {
	return len(a) > 1 && words("created_at", "enqueued_at", "pending_since", "timestamp")(a[1:])
}

// nameArgs: KEY CURSOR COUNT n, and KEY is called as frameworks call the set with the names of their queues.
func nameArgs(a []string) bool {
	return elementArgs(a) && (strings.HasSuffix(a[0], "queues") || strings.Contains(a[0], "_kombu.binding."))
}

func isStreamID(s string) bool {
	_, ok := redis.ParseStreamID(s)
	return ok
}

func isCursor(s string) bool {
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil
}

func isCount(a []string) bool {
	if len(a) != 2 || a[0] != "COUNT" {
		return false
	}
	n, err := strconv.Atoi(a[1])
	return err == nil && n >= 1 && n <= maxStep
}
