package redis

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// StreamID is the id of an entry of a stream: by default the time at which it was added, in milliseconds,
// and a number within that.
type StreamID struct{ Ms, Seq uint64 }

// ParseStreamID reads "1526919030474-55".
func ParseStreamID(s string) (StreamID, bool) {
	ms, seq, ok := strings.Cut(s, "-")
	if !ok {
		return StreamID{}, false
	}
	m, err := strconv.ParseUint(ms, 10, 64)
	n, err2 := strconv.ParseUint(seq, 10, 64)
	return StreamID{m, n}, err == nil && err2 == nil
}

// Compare orders ids by their age.
func (id StreamID) Compare(o StreamID) int {
	return cmp.Or(cmp.Compare(id.Ms, o.Ms), cmp.Compare(id.Seq, o.Seq))
}

// Time is when the entry was added, if its id is a time: one from 2001 to a day behind now. Ids may be
// numbers of the application's own instead.
func (id StreamID) Time(now time.Time) (time.Time, bool) {
	const year2001 = 978_307_200_000
	if id.Ms < year2001 || id.Ms > uint64(max(0, now.Add(24*time.Hour).UnixMilli())) {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(id.Ms)).UTC(), true
}
