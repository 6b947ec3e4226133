package redis

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// StreamInfo is what XINFO STREAM (5.0+) says. The first and the last entry are in its reply whole; their
// fields are not kept.
type StreamInfo struct {
	Length        int64
	Groups        int64
	LastGenerated string        // the newest id ever, of an entry that may be deleted by now
	MaxDeleted    Maybe[string] // the newest id that XDEL deleted; "0-0": none (7.0+)
	Added         Maybe[int64]  // entries ever added (7.0+)
	First, Last   string        // ids of the entries that are there; "" where there are none
}

// StreamGroup is a row of XINFO GROUPS (5.0+).
type StreamGroup struct {
	Name          string
	Consumers     int64
	Pending       int64
	LastDelivered string
	Read          Maybe[int64] // entries-read (7.0+); absent where the server does not know it
	Lag           Maybe[int64] // 7.0+; absent where the server does not know it
}

// StreamConsumer is a row of XINFO CONSUMERS (5.0+).
type StreamConsumer struct {
	Name        string
	Pending     int64
	Idle        time.Duration        // what it means depends on HasInactive: see Asked and Got
	Inactive    Maybe[time.Duration] // since it last got something (7.2+); absent where it never got anything
	HasInactive bool                 // the server tells that (7.2+), be it that it never got anything
}

// Asked is how long ago the consumer last asked. Before 7.2 no server tells that: a read that brings nothing
// leaves Idle as it is.
func (c *StreamConsumer) Asked() Maybe[time.Duration] {
	if !c.HasInactive {
		return Maybe[time.Duration]{}
	}
	return Some(c.Idle)
}

// Got is how long ago it last got something, which before 7.2 is what Idle tells; absent where it never did.
func (c *StreamConsumer) Got() Maybe[time.Duration] {
	if !c.HasInactive {
		return Some(c.Idle)
	}
	return c.Inactive
}

// PendingEntry is a row of XPENDING with a range (5.0+): an entry that was delivered and not acknowledged.
type PendingEntry struct {
	ID         string
	Consumer   string
	Idle       time.Duration // since it was last delivered
	Deliveries int64
}

// ParseStreamInfo reads the reply of XINFO STREAM without FULL.
func ParseStreamInfo(v Value) (StreamInfo, error) {
	var s StreamInfo
	ok := true
	err := eachField("stream", v, func(name string, v Value) {
		switch name {
		case "length":
			s.Length = natural(v, &ok)
		case "groups":
			s.Groups = natural(v, &ok)
		case "last-generated-id":
			s.LastGenerated = v.Text
		case "max-deleted-entry-id":
			s.MaxDeleted = Some(v.Text)
		case "entries-added":
			s.Added = Some(natural(v, &ok))
		case "first-entry":
			s.First = entryID(v, &ok)
		case "last-entry":
			s.Last = entryID(v, &ok)
		}
	})
	if err == nil && (!ok || s.LastGenerated == "") {
		err = fmt.Errorf("read stream: %w", errShape)
	}
	return s, err
}

// entryID is the id of an entry, "" of none.
func entryID(v Value, ok *bool) string {
	if v.Kind == KindNull {
		return ""
	}
	if !v.isList() || len(v.Elems) != 2 || !v.Elems[0].isText() {
		*ok = false
		return ""
	}
	return v.Elems[0].Text
}

// ParseStreamGroups reads the reply of XINFO GROUPS.
func ParseStreamGroups(v Value) ([]StreamGroup, error) {
	return eachRow("stream group", v, func(row Value, g *StreamGroup) (ok bool) {
		ok = true
		err := eachField("stream group", row, func(name string, v Value) {
			switch name {
			case "name":
				g.Name = v.Text
			case "consumers":
				g.Consumers = natural(v, &ok)
			case "pending":
				g.Pending = natural(v, &ok)
			case "last-delivered-id":
				g.LastDelivered = v.Text
			case "entries-read":
				g.Read = naturalOrNull(v, &ok)
			case "lag":
				g.Lag = naturalOrNull(v, &ok)
			}
		})
		return ok && err == nil && g.LastDelivered != ""
	})
}

// ParseStreamConsumers reads the reply of XINFO CONSUMERS.
func ParseStreamConsumers(v Value) ([]StreamConsumer, error) {
	return eachRow("stream consumer", v, func(row Value, c *StreamConsumer) (ok bool) {
		ok = true
		err := eachField("stream consumer", row, func(name string, v Value) {
			switch name {
			case "name":
				c.Name = v.Text
			case "pending":
				c.Pending = natural(v, &ok)
			case "idle":
				c.Idle = milliseconds(v, &ok)
			case "inactive":
				c.HasInactive = true
				if n, known := v.integer(); known && n >= 0 { // -1: it never got anything
					c.Inactive = Some(milliseconds(v, &ok))
				}
			}
		})
		return ok && err == nil
	})
}

// ParsePending reads the reply of XPENDING with a range.
func ParsePending(v Value) ([]PendingEntry, error) {
	return eachRow("pending entry", v, func(row Value, p *PendingEntry) bool {
		if !row.isList() || len(row.Elems) != 4 || !row.Elems[0].isText() || !row.Elems[1].isText() {
			return false
		}
		ok := true
		p.ID, p.Consumer = row.Elems[0].Text, row.Elems[1].Text
		p.Idle, p.Deliveries = milliseconds(row.Elems[2], &ok), natural(row.Elems[3], &ok)
		return ok
	})
}

// ParseSubscribers reads the reply of PUBSUB NUMSUB or SHARDNUMSUB: subscribers by channel.
func ParseSubscribers(v Value) (map[string]int64, error) {
	subscribers := map[string]int64{}
	ok := true
	err := eachField("subscribers", v, func(channel string, v Value) { subscribers[channel] = natural(v, &ok) })
	if err == nil && !ok {
		err = fmt.Errorf("read subscribers: %w", errShape)
	}
	return subscribers, err
}

// ParseNames reads a reply that is a list of texts: keys, channels.
func ParseNames(v Value) ([]string, error) {
	if err := v.Err(); err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	names, ok := texts(v)
	if !ok {
		return nil, fmt.Errorf("read names: %w", errShape)
	}
	return names, nil
}

// eachField calls f with each field of a map, or of the array that RESP2 sends instead.
func eachField(what string, v Value, f func(name string, v Value)) error {
	if err := v.Err(); err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	pairs, ok := v.pairs()
	if !ok {
		return fmt.Errorf("read %s: %w", what, errShape)
	}
	for i := 0; i < len(pairs); i += 2 {
		if !pairs[i].isText() {
			return fmt.Errorf("read %s: %w", what, errShape)
		}
		f(pairs[i].Text, pairs[i+1])
	}
	return nil
}

// eachRow reads a list of rows.
func eachRow[R any](what string, v Value, read func(Value, *R) bool) ([]R, error) {
	if err := v.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	if !v.isList() {
		return nil, fmt.Errorf("read %s: %w", what, errShape)
	}
	rows := make([]R, len(v.Elems))
	for i, e := range v.Elems {
		if !read(e, &rows[i]) {
			return nil, fmt.Errorf("read %s %d: %w", what, i, errShape)
		}
	}
	return rows, nil
}

// natural reads a number that is not negative.
func natural(v Value, ok *bool) int64 {
	n, is := v.integer()
	if !is || n < 0 {
		*ok = false
		return 0
	}
	return n
}

func naturalOrNull(v Value, ok *bool) Maybe[int64] {
	if v.Kind == KindNull {
		return Maybe[int64]{}
	}
	return Some(natural(v, ok))
}

func milliseconds(v Value, ok *bool) time.Duration {
	return time.Duration(min(natural(v, ok), math.MaxInt64/int64(time.Millisecond))) * time.Millisecond
}

// ParseScan reads the reply of SCAN.
func ParseScan(v Value) (cursor uint64, keys []string, err error) {
	if err := v.Err(); err != nil {
		return 0, nil, fmt.Errorf("read scan: %w", err)
	}
	if !v.isList() || len(v.Elems) != 2 {
		return 0, nil, fmt.Errorf("read scan: %w", errShape)
	}
	keys, ok := texts(v.Elems[1])
	cursor, wrong := strconv.ParseUint(v.Elems[0].Text, 10, 64)
	if !ok || wrong != nil {
		return 0, nil, fmt.Errorf("read scan: %w", errShape)
	}
	return cursor, keys, nil
}
