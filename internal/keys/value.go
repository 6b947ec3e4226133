package keys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"redistop/internal/redis"
	"redistop/internal/server"
)

// What can be wrong with a key that is to be read.
var (
	ErrNoKey  = errors.New("no such key")
	ErrModule = errors.New("its type is a module's, which has no command that reads it a step at a time")
	ErrGone   = errors.New("the key was deleted, expired or replaced meanwhile")
)

// Text is a string of a value. Its bytes are those of the server; Cut says that they are only the
// beginning of Length bytes.
type Text struct {
	Bytes  string
	Length int64
	Cut    bool
}

// Element is a part of a value: a field of a hash, a member of a set, an element of a list, an entry
// of a stream, a piece of a string.
type Element struct {
	At     int64  // of a list's element from 0, of a piece of a string in bytes
	Name   Text   // field, member, or the id of an entry
	Score  string // of a sorted set's member, as the server writes it
	Value  Text   // of a field, an element, a piece
	Fields []Text // of an entry: name, value, name, value ...
}

// A Value reads one key a step at a time, however large it is. What is there from beginning to end of
// a hash, a set, a sorted set or a stream is read once, whatever changes meanwhile; a list has no such
// place to go on from, so one that grows or shrinks at its head meanwhile shifts under the reader.
type Value struct {
	Type string
	Size redis.Maybe[int64] // elements, or bytes of a string, when it was opened

	tool   *server.Tool
	key    string
	step   *server.Step
	read   int64
	ask    func(*Value, context.Context) ([]Element, error)
	cursor string
	seen   *seen
	done   bool
	bytes  bool // it is a string: read counts bytes
}

// kind is how one type is read.
type kind struct {
	command string
	ask     func(*Value, context.Context) ([]Element, error)
	most    int
}

var kinds = map[string]kind{
	"string": {"getrange", (*Value).pieces, 64 << 10},
	"hash":   {"hscan", (*Value).fields, maxCount},
	"set":    {"sscan", (*Value).members, maxCount},
	"zset":   {"zscan", (*Value).scored, maxCount},
	"list":   {"lrange", (*Value).window, maxCount},
	"stream": {"xrange", (*Value).page, maxCount},
}

// Open finds out what a key is. ordered reads a sorted set in the order of its scores, by rank: one
// that changes meanwhile may then show a member twice or not at all.
func Open(ctx context.Context, tool *server.Tool, key string, ordered bool) (*Value, error) {
	described, err := Describe(ctx, tool, []string{key}, Want{Type: true, Memory: tool.Has("memory|usage"), Elements: true})
	if err != nil {
		return nil, err
	}
	d := described[0]
	k, ok := kinds[d.Type]
	switch {
	case d.Gone || d.Type == "":
		return nil, ErrNoKey
	case !ok:
		return nil, fmt.Errorf("read a key of type %s: %w", redis.PrintableCut(d.Type, 40), ErrModule)
	}
	if ordered && d.Type == "zset" {
		k = kind{"zrange", (*Value).ranks, maxCount}
	}
	v := &Value{Type: d.Type, Size: d.Elements, tool: tool, key: key, ask: k.ask, cursor: "0", seen: newSeen(), bytes: d.Type == "string"}
	if d.Type == "stream" {
		v.cursor = "-"
	}
	v.step = tool.Step(k.command, v.first(d), k.most)
	if d.Type == "list" {
		v.step.AtLeast(leastOfList)
	}
	return v, nil
}

const (
	firstElements = 50
	firstBytes    = 16 << 10
	leastOfList   = 500 // each call walks to its place anew
)

// first is the size of the first step: less than usual where the elements are large on average.
func (v *Value) first(d Key) int {
	if v.bytes {
		return int(min(firstBytes, v.tool.Room()))
	}
	memory, elements := d.Memory.Or(0), d.Elements.Or(0)
	if memory == 0 || elements == 0 {
		return firstElements
	}
	fit := float64(v.tool.Room()) / (float64(memory) / float64(elements))
	return int(max(1, min(firstElements, fit)))
}

// AtMost bounds what the next step asks for.
func (v *Value) AtMost(n int64) { v.step.Ask(int(min(int64(v.step.Size()), n))) }

// Next returns more elements, possibly none, and io.EOF after the last.
func (v *Value) Next(ctx context.Context) ([]Element, error) {
	if v.done {
		return nil, v.stillThere(ctx)
	}
	elements, err := v.ask(v, ctx)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", v.Type, err)
	}
	for _, e := range elements {
		v.read++
		if v.bytes {
			v.read += int64(len(e.Value.Bytes)) - 1
		}
	}
	return elements, nil
}

// stillThere is io.EOF when the key is still what it was.
func (v *Value) stillThere(ctx context.Context) error {
	now, err := v.tool.Ask(ctx, "TYPE", v.key)
	switch {
	case err != nil:
		return fmt.Errorf("read %s: %w", v.Type, err)
	case now.Text != v.Type:
		return ErrGone
	}
	return io.EOF
}

// Read is how many elements came, or bytes of a string.
func (v *Value) Read() int64 { return v.read }

// Progress is how much of the value was read.
func (v *Value) Progress() Progress {
	p := Progress{Looked: float64(v.read), Total: v.Size}
	if n := v.Size.Or(0); n > 0 {
		p.Part = min(1, float64(v.read)/float64(n))
	}
	return p
}

// asked sends one command and tells the step how long the reply was.
func (v *Value) asked(ctx context.Context, args ...string) (redis.Value, error) {
	reply, err := v.tool.Ask(ctx, args...)
	if err == nil && !v.bytes {
		v.step.Saw(max(1, lengthOf(reply)), v.tool.Room())
	}
	return reply, err
}

func lengthOf(v redis.Value) int64 {
	n := textOf(v).Length + 16
	for _, e := range v.Elems {
		n += lengthOf(e)
	}
	return n
}

func textOf(v redis.Value) Text {
	t := Text{Bytes: v.Text, Length: int64(len(v.Text)), Cut: v.Cut}
	if v.Cut {
		t.Length = v.Int
	}
	return t
}

func (v *Value) pieces(ctx context.Context) ([]Element, error) {
	v.step.Ask(int(min(int64(v.step.Size()), v.tool.Room())))
	size := int64(v.step.Size())
	reply, err := v.asked(ctx, "GETRANGE", v.key, strconv.FormatInt(v.read, 10), strconv.FormatInt(v.read+size-1, 10))
	if err != nil {
		return nil, err
	}
	v.done = int64(len(reply.Text)) < size
	if reply.Text == "" {
		return nil, nil
	}
	return []Element{{At: v.read, Value: textOf(reply)}}, nil
}

func (v *Value) fields(ctx context.Context) ([]Element, error) {
	return v.scan(ctx, "HSCAN", 2, func(t []redis.Value) Element { return Element{Name: textOf(t[0]), Value: textOf(t[1])} })
}

func (v *Value) members(ctx context.Context) ([]Element, error) {
	return v.scan(ctx, "SSCAN", 1, func(t []redis.Value) Element { return Element{Name: textOf(t[0])} })
}

func (v *Value) scored(ctx context.Context) ([]Element, error) {
	return v.scan(ctx, "ZSCAN", 2, scored)
}

func scored(t []redis.Value) Element { return Element{Name: textOf(t[0]), Score: t[1].Text} }

// scan makes a step of HSCAN, SSCAN or ZSCAN, whose replies have so many texts an element.
func (v *Value) scan(ctx context.Context, command string, texts int, element func([]redis.Value) Element) ([]Element, error) {
	reply, err := v.asked(ctx, command, v.key, v.cursor, "COUNT", strconv.Itoa(v.step.Size()))
	if err != nil {
		return nil, err
	}
	if len(reply.Elems) != 2 || len(reply.Elems[1].Elems)%texts != 0 {
		return nil, ErrReply
	}
	v.cursor = reply.Elems[0].Text
	v.done = v.cursor == "0"
	all := reply.Elems[1].Elems
	elements := make([]Element, 0, len(all)/texts)
	for i := 0; i < len(all); i += texts {
		e := element(all[i : i+texts])
		if v.seen.add(e.Name.Bytes) || e.Name.Cut { // of a name that is cut it is not known that it is the same
			elements = append(elements, e)
		}
	}
	return elements, nil
}

func (v *Value) ranks(ctx context.Context) ([]Element, error) {
	size := int64(v.step.Size())
	reply, err := v.asked(ctx, "ZRANGE", v.key, strconv.FormatInt(v.read, 10), strconv.FormatInt(v.read+size-1, 10), "WITHSCORES")
	if err != nil {
		return nil, err
	}
	if len(reply.Elems)%2 != 0 {
		return nil, ErrReply
	}
	v.done = int64(len(reply.Elems))/2 < size
	elements := make([]Element, 0, len(reply.Elems)/2)
	for i := 0; i < len(reply.Elems); i += 2 {
		elements = append(elements, scored(reply.Elems[i:i+2]))
	}
	return elements, nil
}

func (v *Value) window(ctx context.Context) ([]Element, error) {
	size := int64(v.step.Size())
	reply, err := v.asked(ctx, "LRANGE", v.key, strconv.FormatInt(v.read, 10), strconv.FormatInt(v.read+size-1, 10))
	if err != nil {
		return nil, err
	}
	v.done = int64(len(reply.Elems)) < size
	elements := make([]Element, len(reply.Elems))
	for i, e := range reply.Elems {
		elements[i] = Element{At: v.read + int64(i), Value: textOf(e)}
	}
	return elements, nil
}

func (v *Value) page(ctx context.Context) ([]Element, error) {
	size := v.step.Size()
	reply, err := v.asked(ctx, "XRANGE", v.key, v.cursor, "+", "COUNT", strconv.Itoa(size))
	if err != nil {
		return nil, err
	}
	v.done = len(reply.Elems) < size
	elements := make([]Element, 0, len(reply.Elems))
	for _, entry := range reply.Elems {
		if len(entry.Elems) != 2 {
			return nil, ErrReply
		}
		e := Element{Name: textOf(entry.Elems[0])}
		for _, f := range entry.Elems[1].Elems {
			e.Fields = append(e.Fields, textOf(f))
		}
		elements = append(elements, e)
		if v.cursor, err = behind(e.Name.Bytes); err != nil {
			return nil, err
		}
		v.done = v.done || v.cursor == ""
	}
	return elements, nil
}

// behind is the first id after one: "5-1" is followed by "5-2". Behind the last possible is none: "".
func behind(id string) (string, error) {
	ms, seq, ok := strings.Cut(id, "-")
	m, err := strconv.ParseUint(ms, 10, 64)
	n, err2 := strconv.ParseUint(seq, 10, 64)
	switch {
	case !ok || err != nil || err2 != nil:
		return "", fmt.Errorf("%w: id of an entry", ErrReply)
	case n < math.MaxUint64:
		return ms + "-" + strconv.FormatUint(n+1, 10), nil
	case m < math.MaxUint64:
		return strconv.FormatUint(m+1, 10) + "-0", nil
	}
	return "", nil
}
