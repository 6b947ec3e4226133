package redis

import (
	"errors"
	"fmt"
	"time"
)

// errShape says that a reply is well-formed RESP but not what the command answers.
var errShape = errors.New("unexpected reply")

// ParseSlowlog reads the reply of SLOWLOG GET or COMMANDLOG GET (Valkey 8.1+), newest entry
// first as the server sends it. Entries have 4 elements before Redis 4.0, 6 since.
func ParseSlowlog(v Value) ([]SlowEntry, error) {
	if err := v.Err(); err != nil {
		return nil, fmt.Errorf("read slowlog: %w", err)
	}
	if v.Kind != KindArray {
		return nil, fmt.Errorf("read slowlog: %w", errShape)
	}
	entries := make([]SlowEntry, 0, len(v.Elems))
	for i, elem := range v.Elems {
		entry, ok := parseSlowEntry(elem)
		if !ok {
			return nil, fmt.Errorf("read slowlog entry %d: %w", i, errShape)
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

func parseSlowEntry(v Value) (SlowEntry, bool) {
	if v.Kind != KindArray || len(v.Elems) < 4 {
		return SlowEntry{}, false
	}
	id, ok1 := v.Elems[0].integer()
	unix, ok2 := v.Elems[1].integer()
	value, ok3 := v.Elems[2].integer()
	args := v.Elems[3]
	if !ok1 || !ok2 || !ok3 || args.Kind != KindArray {
		return SlowEntry{}, false
	}
	entry := SlowEntry{ID: id, Time: time.Unix(unix, 0), Value: value, Args: make([]string, 0, len(args.Elems))}
	for _, arg := range args.Elems {
		if !arg.isText() {
			return SlowEntry{}, false
		}
		entry.Args = append(entry.Args, arg.Text)
	}
	if len(v.Elems) >= 6 {
		entry.Addr, entry.Name = v.Elems[4].Text, v.Elems[5].Text
	}
	return entry, true
}
