package keys

import (
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
)

// ErrPlace says that a text is no place of a scan, ErrOtherScan that it is one of another search, and
// ErrOtherServer that the server has been restarted or is another one since: the order of its keys is
// new then, and going on from there would miss some.
var (
	ErrPlace       = errors.New("not a cursor that redistop printed")
	ErrOtherScan   = errors.New("this cursor belongs to another pattern, type or database")
	ErrOtherServer = errors.New("the server has been restarted since, or is another one: its keys have a new order, so begin anew")
)

// A Place is where a scan stands: what a later scan needs to go on without losing a key. The zero
// Place is the beginning.
type Place struct {
	Cursor uint64
	Skip   int    // keys of the step from there that were handled already
	Count  int    // the COUNT of that step, when Skip is not 0
	Mark   uint64 // what those keys were
	Search uint32 // pattern, type and database
	Server string // the beginning of the server's run_id; empty: unknown
}

// Start says whether it is the beginning.
func (p Place) Start() bool { return p.Cursor == 0 && p.Skip == 0 }

// String is the text that ParsePlace reads: CURSOR.SEARCH.SERVER, or CURSOR+SKIP-COUNT-MARK.SEARCH.SERVER.
func (p Place) String() string {
	at := strconv.FormatUint(p.Cursor, 10)
	if p.Skip > 0 {
		at += fmt.Sprintf("+%d-%d-%x", p.Skip, p.Count, p.Mark)
	}
	return fmt.Sprintf("%s.%08x.%s", at, p.Search, p.Server)
}

// ParsePlace reads what String wrote.
func ParsePlace(s string) (Place, error) {
	parts := strings.Split(s, ".")
	if len(parts) != 3 || len(parts[2]) > serverLength || strings.Trim(parts[2], "0123456789abcdef") != "" {
		return Place{}, ErrPlace
	}
	p := Place{Server: parts[2]}
	at, step, within := strings.Cut(parts[0], "+")
	cursor, err := strconv.ParseUint(at, 10, 64)
	search, err2 := strconv.ParseUint(parts[1], 16, 32)
	if err != nil || err2 != nil {
		return Place{}, ErrPlace
	}
	p.Cursor, p.Search = cursor, uint32(search)
	if !within {
		return p, nil
	}
	fields := strings.Split(step, "-")
	if len(fields) != 3 {
		return Place{}, ErrPlace
	}
	p.Skip, err = strconv.Atoi(fields[0])
	p.Count, err2 = strconv.Atoi(fields[1])
	mark, err3 := strconv.ParseUint(fields[2], 16, 64)
	if err != nil || err2 != nil || err3 != nil || p.Skip < 1 || p.Count < 1 || p.Count > maxCount {
		return Place{}, ErrPlace
	}
	p.Mark = mark
	return p, nil
}

// serverLength is how much of a run_id tells servers apart.
const serverLength = 12

func serverMark(runID string) string {
	if strings.Trim(runID, "0123456789abcdef") != "" {
		return ""
	}
	return runID[:min(len(runID), serverLength)]
}

// markOf tells rows of keys apart, in every process alike.
func markOf(keys []string) uint64 {
	h := fnv.New64a()
	for _, k := range keys {
		fmt.Fprintf(h, "%d:%s", len(k), k)
	}
	return h.Sum64()
}

func searchMark(db int, pattern, kind string) uint32 {
	return uint32(markOf([]string{strconv.Itoa(db), pattern, kind}))
}
