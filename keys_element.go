package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"redistop/internal/keys"
	"redistop/internal/redis"
)

// An elementFormat writes the parts of one value. It is confined to one goroutine.
type elementFormat struct {
	of        string // the type
	json, raw bool

	printed int64  // elements, or bytes of a string
	cut     int64  // elements of which only the beginning came
	open    bool   // a quoted string is under way
	held    string // the first piece of a string, until it is known whether another comes
	rest    string // bytes at the end of the last piece that may begin a character
	restAt  int64
}

// append writes elements, a line each. A string is one line, however many pieces it comes in.
func (f *elementFormat) append(dst []byte, elements []keys.Element) []byte {
	for _, e := range elements {
		switch {
		case f.of == "string":
			f.printed += int64(len(e.Value.Bytes))
			dst = f.piece(dst, e)
			continue
		case f.json:
			dst = f.object(dst, e)
		default:
			dst = f.line(dst, e)
		}
		f.printed++
	}
	return dst
}

// line is one element for eyes and for pipes; a tab stands where its parts meet.
func (f *elementFormat) line(dst []byte, e keys.Element) []byte {
	switch f.of {
	case "hash":
		dst = f.text(append(f.text(dst, e.Name), '\t'), e.Value)
	case "set":
		dst = f.text(dst, e.Name)
	case "zset":
		dst = f.text(append(append(dst, redis.Printable(e.Score)...), '\t'), e.Name)
	case "list":
		dst = f.text(dst, e.Value)
	case "stream":
		dst = append(f.text(dst, e.Name), '\t')
		for i, field := range e.Fields {
			if i > 0 {
				dst = append(dst, ' ')
			}
			dst = f.text(dst, field)
		}
	}
	return append(dst, '\n')
}

func (f *elementFormat) text(dst []byte, t keys.Text) []byte {
	if f.raw {
		dst = append(dst, t.Bytes...)
	} else {
		dst = append(dst, redis.Argument(t.Bytes)...)
	}
	if t.Cut {
		f.cut++
		dst = fmt.Appendf(dst, "… (%s bytes)", thousands(t.Length))
	}
	return dst
}

// object is one element as JSON.
func (f *elementFormat) object(dst []byte, e keys.Element) []byte {
	dst = append(dst, '{')
	switch f.of {
	case "hash":
		dst = f.member(append(f.member(dst, "field", e.Name), ','), "value", e.Value)
	case "set":
		dst = f.member(dst, "member", e.Name)
	case "zset":
		dst = append(dst, `"score":`...)
		if score, err := strconv.ParseFloat(e.Score, 64); err == nil && score-score == 0 {
			dst = append(dst, strconv.FormatFloat(score, 'g', -1, 64)...)
		} else { // JSON has no infinity
			dst = appendJSONString(dst, e.Score)
		}
		dst = f.member(append(dst, ','), "member", e.Name)
	case "list":
		dst = append(strconv.AppendInt(append(dst, `"index":`...), e.At, 10), ',')
		dst = f.member(dst, "value", e.Value)
	case "stream":
		dst = append(f.member(dst, "id", e.Name), `,"fields":[`...)
		for i := 0; i+1 < len(e.Fields); i += 2 {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = f.member(append(dst, '{'), "name", e.Fields[i])
			dst = append(f.member(append(dst, ','), "value", e.Fields[i+1]), '}')
		}
		dst = append(dst, ']')
	}
	return append(dst, "}\n"...)
}

func (f *elementFormat) member(dst []byte, name string, t keys.Text) []byte {
	dst = appendText(dst, name, t.Bytes)
	if t.Cut {
		f.cut++
		dst = fmt.Appendf(dst, `,"%s_bytes":%d,"%s_cut":true`, name, t.Length, name)
	}
	return dst
}

// piece writes a part of a string. A character that two pieces share is kept whole.
func (f *elementFormat) piece(dst []byte, e keys.Element) []byte {
	if f.raw {
		return append(dst, e.Value.Bytes...)
	}
	text, at := f.rest+e.Value.Bytes, e.At-int64(len(f.rest))
	whole := wholeRunes(text)
	f.rest, f.restAt = text[whole:], at+int64(whole)
	if f.json {
		return f.jsonPiece(dst, at, text[:whole])
	}
	return f.quoted(dst, text[:whole])
}

func (f *elementFormat) jsonPiece(dst []byte, at int64, text string) []byte {
	if text == "" {
		return dst
	}
	dst = append(strconv.AppendInt(append(dst, `{"offset":`...), at, 10), ',')
	return append(appendText(dst, "value", text), "}\n"...)
}

// quoted writes a piece. The first waits for the next: a string that is one piece is written as any other text,
// bare if it is plain.
func (f *elementFormat) quoted(dst []byte, text string) []byte {
	switch {
	case f.open:
		return append(dst, insideQuotes(text)...)
	case f.held == "":
		f.held = text
		return dst
	}
	f.open = true
	dst = append(append(dst, '"'), insideQuotes(f.held)...)
	return append(dst, insideQuotes(text)...)
}

func insideQuotes(text string) string {
	word := redis.Argument(text)
	if strings.HasPrefix(word, `"`) {
		return word[1 : len(word)-1]
	}
	return word
}

// end is what closes the value.
func (f *elementFormat) end() []byte {
	if f.of != "string" || f.raw {
		return nil
	}
	rest := f.rest
	f.rest = ""
	if f.json {
		return f.jsonPiece(nil, f.restAt, rest)
	}
	if !f.open {
		return append([]byte(redis.Argument(f.held+rest)), '\n')
	}
	return append(f.quoted(nil, rest), "\"\n"...)
}

// wholeRunes is how many bytes of text are sure to end with a whole character.
func wholeRunes(text string) int {
	for back := 1; back < utf8.UTFMax && back <= len(text); back++ {
		c := text[len(text)-back]
		if utf8.RuneStart(c) {
			if !utf8.FullRuneInString(text[len(text)-back:]) {
				return len(text) - back
			}
			break
		}
	}
	return len(text)
}
