package main

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"redistop/internal/keys"
	"redistop/internal/redis"
	"redistop/internal/server"
)

// scanCost is what a scan took, as its summaries tell it.
type scanCost struct {
	Looked  int64   `json:"looked_at"`         // keys, estimated when it was stopped before its end
	Seconds float64 `json:"seconds"`           // that it took
	Usec    float64 `json:"server_usec"`       // of the server's main thread, by its own count
	Share   float64 `json:"server_cpu_share"`  // of that thread, while it ran
	Guessed string  `json:"guessed,omitempty"` // why server_usec is the time that answers took instead

	estimated bool // Looked is
}

func costOf(c server.Cost, p keys.Progress) scanCost {
	s := scanCost{Looked: int64(p.Looked + 0.5)}
	s.finish(c)
	return s
}

func (c *scanCost) finish(cost server.Cost) {
	c.Seconds, c.Usec, c.Share, c.Guessed = cost.Elapsed.Seconds(), cost.Usec, cost.Share(), cost.Guessed
}

// keysMatch says how many keys match.
func keysMatch(n int64) string {
	if n == 1 {
		return "1 key matches"
	}
	return thousands(n) + " keys match"
}

// text is "; 5,000,000 of 5,000,000 keys of HOST looked at in 31 s, 0.98 % of the server's time".
func (c scanCost) text(total redis.Maybe[int64], target server.Target) string {
	looked := thousands(c.Looked)
	if n, ok := total.Get(); ok {
		looked = thousands(min(c.Looked, n)) + " of " + thousands(n)
	}
	if c.estimated {
		looked = "about " + looked
	}
	return fmt.Sprintf("; %s keys in database %d of %s looked at in ", looked, target.DB, target) + c.spent()
}

// spent is "31 s, 0.98 % of the server's time".
func (c scanCost) spent() string {
	text := fmt.Sprintf("%s, %s of the server's time", spanText(c.Seconds), c.price())
	if c.Guessed != "" {
		text += " (" + c.Guessed + ")"
	}
	return text
}

// price is a share of the server's time, or of a run too short for that to say anything, a time.
func (c scanCost) price() string {
	elapsed := time.Duration(c.Seconds * float64(time.Second))
	if elapsed >= 5*time.Second {
		return priceText(server.Cost{Usec: c.Usec, Elapsed: elapsed, Guessed: c.Guessed})
	}
	text := strconv.FormatFloat(c.Usec/1000, 'f', 1, 64) + " ms"
	if c.Guessed != "" {
		return "at most " + text
	}
	return text
}

// priceText is a share of the server's time.
func priceText(c server.Cost) string {
	about := ""
	if c.Guessed != "" {
		about = "at most "
	}
	return about + strconv.FormatFloat(c.Share()*100, 'f', 2, 64) + " %"
}

func spanText(seconds float64) string {
	switch {
	case seconds < 10:
		return strconv.FormatFloat(seconds, 'f', 1, 64) + " s"
	case seconds < 120:
		return strconv.FormatFloat(seconds, 'f', 0, 64) + " s"
	}
	return plainDuration(time.Duration(seconds) * time.Second)
}

// plainDuration writes a time without the units that are 0 at its end: "5m", not "5m0s".
func plainDuration(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// sizeText is a number of bytes for eyes.
func sizeText(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	v, i := float64(n), 0
	for v >= 999.5 && i < len(units)-1 {
		v /= 1024
		i++
	}
	if i == 0 {
		return strconv.FormatInt(n, 10) + " B"
	}
	digits := 1
	if v >= 99.95 {
		digits = 0
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + " " + units[i]
}

// known shows what may be unknown.
func known[T any](m redis.Maybe[T], show func(T) string) string {
	if v, ok := m.Get(); ok {
		return show(v)
	}
	return "n/a"
}

// lifeText is how long a key still lives.
func lifeText(k keys.Key) string {
	ttl, ok := k.TTL.Get()
	switch {
	case k.Gone:
		return "gone"
	case ok:
		return ttlText(ttl)
	case k.Expires.Known():
		return "no expiry"
	}
	return "n/a"
}

// ttlText is a time of two units at most: 3d 4h, 12m 5s, 250ms.
func ttlText(d time.Duration) string {
	units := []struct {
		size time.Duration
		name string
	}{{365 * 24 * time.Hour, "y"}, {24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}}
	for i, u := range units {
		if d < u.size {
			continue
		}
		text := strconv.FormatInt(int64(d/u.size), 10) + u.name
		if i+1 < len(units) {
			if rest := d % u.size / units[i+1].size; rest > 0 {
				text += " " + strconv.FormatInt(int64(rest), 10) + units[i+1].name
			}
		}
		return text
	}
	return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
}

// describedKey is a key in JSON.
type describedKey struct {
	Key      string               `json:"key"`
	Bytes    string               `json:"key_base64,omitempty"` // when it is not UTF-8; key is then for eyes
	Type     string               `json:"type,omitempty"`
	Memory   redis.Maybe[int64]   `json:"memory_bytes,omitzero"`
	Elements redis.Maybe[int64]   `json:"elements,omitzero"`
	TTL      redis.Maybe[float64] `json:"ttl_seconds,omitzero"` // absent: it does not expire, or it is not known
	Expires  redis.Maybe[bool]    `json:"expires,omitzero"`
	Gone     bool                 `json:"gone,omitempty"`
}

func keyJSON(k keys.Key) describedKey {
	d := describedKey{Key: k.Name, Type: k.Type, Memory: k.Memory, Elements: k.Elements, Expires: k.Expires, Gone: k.Gone}
	if !utf8.ValidString(k.Name) {
		d.Key, d.Bytes = redis.Printable(k.Name), base64.StdEncoding.EncodeToString([]byte(k.Name))
	}
	if ttl, ok := k.TTL.Get(); ok {
		d.TTL = redis.Some(ttl.Seconds())
	}
	return d
}

// appendText appends "name":"text", and "name_base64" where the text is not UTF-8.
func appendText(dst []byte, name, text string) []byte {
	dst = append(append(append(dst, '"'), name...), `":`...)
	if utf8.ValidString(text) {
		return appendJSONString(dst, text)
	}
	dst = appendJSONString(dst, redis.Printable(text))
	dst = append(append(append(dst, `,"`...), name...), `_base64":"`...)
	return append(base64.StdEncoding.AppendEncode(dst, []byte(text)), '"')
}

// appendJSONString appends a JSON string that says exactly text, and that no terminal acts on.
func appendJSONString(dst []byte, text string) []byte {
	plain := true
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			plain = false
			break
		}
	}
	if plain {
		return append(append(append(dst, '"'), text...), '"')
	}
	return append(dst, escapeControls(jsonString(text))...)
}

// goOn is the line that tells the command that goes on at a cursor. Passwords in args are overwritten already:
// those of flags are left out, and the line says where to put them.
func goOn(args []string, cursor string) string {
	words, with := goOnWords(args, cursor)
	return "go on" + with + " with: " + strings.Join(words, " ")
}

func goOnWords(args []string, cursor string) (words []string, with string) {
	flags := true
	for i := 0; i < len(args); i++ {
		arg := strings.TrimRight(args[i], "\x00")
		if i == 0 {
			arg = "redistop"
		}
		if start, end, next := secretInFlag(arg); flags && strings.HasPrefix(arg, "-") && (next || start < end) {
			with = " (the password in REDISCLI_AUTH)"
			if next {
				i++
			}
			continue
		}
		if start, end := secretInURI(arg); start < end && strings.Contains(arg, "***") {
			with = " (the password in place of ***)"
		}
		if arg == "--cursor" {
			i++
			continue
		}
		if strings.HasPrefix(arg, "--cursor=") {
			continue
		}
		if arg == "--" { // flags end here
			words = append(words, "--cursor", cursor)
			cursor, flags = "", false
		}
		words = append(words, shellWord(arg))
	}
	if cursor != "" {
		words = append(words, "--cursor", cursor)
	}
	return words, with
}

// shellWord quotes a word for a POSIX shell where it needs that.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=,@%+", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	if redis.Printable(s) != s {
		return "$'" + strings.ReplaceAll(strings.Trim(redis.Argument(s), `"`), "'", `\'`) + "'"
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
