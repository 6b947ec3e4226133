package keys

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"redistop/internal/redis"
	"redistop/internal/server"
)

// Want says what Describe asks about each key. Every question is one small command a key.
type Want struct {
	Type, Memory, TTL bool
	Elements          bool // needs Type; see CountsElements
}

// Key is one key and what was asked about it. What was not asked, or the server refused, is absent.
type Key struct {
	Name     string
	Type     string
	Memory   redis.Maybe[int64]         // bytes, by the server's estimate from five samples (MEMORY USAGE)
	Elements redis.Maybe[int64]         // fields, members, elements, entries; of a string its bytes
	TTL      redis.Maybe[time.Duration] // known for a key that expires
	Expires  redis.Maybe[bool]
	Gone     bool // it was there when it was listed and is not any more
}

// lengths are the commands that tell how many elements a key has, by its type.
var lengths = map[string]string{"string": "STRLEN", "hash": "HLEN", "set": "SCARD", "zset": "ZCARD", "list": "LLEN", "stream": "XLEN"}

// CountsElements says whether elements can be counted without making keys look used: the commands that
// do so heat a key unless the server has CLIENT NO-TOUCH (7.2+).
func CountsElements(tool *server.Tool) bool { return tool.Has("client|no-touch") }

// Describe asks about keys, a few at a time. A key that is gone, and a right that is missing, are no
// error: what they leave unknown is absent.
func Describe(ctx context.Context, tool *server.Tool, names []string, want Want) ([]Key, error) {
	described := make([]Key, len(names))
	for i, name := range names {
		described[i].Name = name
	}
	ask := func(set func(*Key, redis.Value), command ...string) error {
		values, err := askEach(ctx, tool, names, command...)
		for i, v := range values {
			if refusal := v.Err(); refusal == nil {
				set(&described[i], v)
			} else if denied(refusal) {
				return fmt.Errorf("ask about keys: %w", refusal)
			}
		}
		return err
	}
	if want.Type && tool.Has("type") {
		if err := ask(setType, "TYPE"); err != nil {
			return nil, err
		}
	}
	if want.Memory && tool.Has("memory|usage") {
		if err := ask(setMemory, "MEMORY", "USAGE"); err != nil {
			return nil, err
		}
	}
	if want.TTL && tool.Has("pttl") {
		if err := ask(setTTL, "PTTL"); err != nil {
			return nil, err
		}
	}
	if want.Elements {
		return described, countElements(ctx, tool, described)
	}
	return described, nil
}

func setType(k *Key, v redis.Value) {
	k.Type = v.Text
	k.Gone = k.Gone || v.Text == "none"
}

func setMemory(k *Key, v redis.Value) {
	if v.Kind == redis.KindInteger {
		k.Memory = redis.Some(v.Int)
	} else {
		k.Gone = true
	}
}

func setTTL(k *Key, v redis.Value) {
	const gone, never = -2, -1
	switch {
	case v.Kind != redis.KindInteger:
	case v.Int == gone:
		k.Gone = true
	case v.Int == never:
		k.Expires = redis.Some(false)
	default:
		k.Expires = redis.Some(true)
		k.TTL = redis.Some(time.Duration(min(v.Int, longestTTL)) * time.Millisecond)
	}
}

// longestTTL is what a Duration can hold, in milliseconds.
const longestTTL = int64(1<<63-1) / int64(time.Millisecond)

func countElements(ctx context.Context, tool *server.Tool, described []Key) error {
	var commands [][]string
	var at []int
	for i, k := range described {
		if command, ok := lengths[k.Type]; ok {
			commands, at = append(commands, []string{command, k.Name}), append(at, i)
		}
	}
	values, err := tool.AskAll(ctx, commands)
	if err != nil {
		return fmt.Errorf("count elements: %w", err)
	}
	for i, v := range values {
		if v.Kind == redis.KindInteger {
			described[at[i]].Elements = redis.Some(v.Int)
		}
	}
	return nil
}

// denied recognises the refusal of a right, and of a command that is not there. It would be the same for
// every key.
func denied(err error) bool {
	var reply *redis.ReplyError
	return errors.As(err, &reply) && (reply.Code == "NOPERM" || strings.HasPrefix(reply.Message, "unknown command"))
}
