package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"redistop/bench/lab"
	"redistop/internal/redis"
)

// contents is what a framework had in a server at a moment, and its own numbers then: enough to bring them into
// another server. Ids, times and JSON of jobs in lists are as they were; what is long, binary or not needed to tell
// how many jobs there are and since when is filler of the same length.
type contents struct {
	Framework string    `json:"framework"`
	Version   string    `json:"version"`
	Scene     string    `json:"scene"`
	Own       []numbers `json:"own"`
	Keys      []content `json:"keys"`
}

// content is a key; of a list or set the elements, of a hash fields and values in turn, of a sorted set scores and
// members in turn, of a stream ids, of a string the text.
type content struct {
	Name   string   `json:"name"`
	Type   string   `json:"type"`
	Values []string `json:"values"`
}

// questions ask for all of a key.
var questions = map[string][]string{"string": {"GET"}, "list": {"LRANGE", "0", "-1"}, "hash": {"HGETALL"}, "set": {"SMEMBERS"},
	"zset": {"ZRANGE", "0", "-1", "WITHSCORES"}, "stream": {"XRANGE", "-", "+"}}

// readContents reads all keys: a few dozen.
func readContents(socket string) ([]content, error) {
	c, err := lab.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	names, err := c.Do("KEYS", "*")
	if err != nil {
		return nil, err
	}
	var all []content
	for _, n := range names.Elems {
		kind, err := c.Do("TYPE", n.Text)
		if err != nil {
			return nil, err
		}
		question := questions[kind.Text]
		if question == nil {
			continue // it has expired
		}
		v, err := c.Do(append([]string{question[0], n.Text}, question[1:]...)...)
		if err != nil {
			return nil, err
		}
		all = append(all, content{nameless(n.Text), kind.Text, values(kind.Text, v)})
	}
	slices.SortFunc(all, func(a, b content) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

func values(kind string, v redis.Value) []string {
	if kind == "string" {
		return []string{plain(v.Text, 64, 0)}
	}
	list := []string{}
	for i, e := range v.Elems {
		switch {
		case kind == "stream":
			list = append(list, e.Elems[0].Text)
		case kind == "list":
			list = append(list, plain(e.Text, 4096, i))
		default:
			list = append(list, plain(e.Text, 64, i))
		}
	}
	if kind == "zset" { // ZADD takes the score first
		for i := 0; i+1 < len(list); i += 2 {
			list[i], list[i+1] = list[i+1], list[i]
		}
	}
	return list
}

// between stands between the parts of a binding of Celery's, which names a queue.
const between = "\x06\x16"

// plain is a text as it may be kept: filler where it is longer than most, binary or a path. n keeps members apart.
func plain(text string, most, n int) string {
	text = nameless(text)
	printable := !strings.ContainsFunc(strings.ReplaceAll(text, between, ""), func(r rune) bool { return r < ' ' || r > '~' })
	if printable && len(text) <= most && !strings.Contains(text, string(filepath.Separator)+"root") && !strings.Contains(text, "/home/") {
		return text
	}
	filler := fmt.Sprintf("filler-%d-", n)
	return filler + strings.Repeat("x", max(0, len(text)-len(filler)))
}

// write keeps it for the tests of internal/messaging.
func (c *contents) write(folder string) error {
	text, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		return fmt.Errorf("encode contents: %w", err)
	}
	name := filepath.Join(folder, slug(c.Framework)+"-"+c.Version+"-"+c.Scene+".json")
	if err := os.WriteFile(name, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write contents: %w", err)
	}
	return nil
}
