package doctor

import (
	"strconv"
	"strings"

	"redistop/internal/stats"
)

// config is what CONFIG GET says of a directive; absent where it could not be asked.
func (w *Window) config(name string) (string, bool) {
	v, ok := w.Now.Config[name]
	return v, ok
}

// configIs says whether a directive is known to have the value.
func (w *Window) configIs(name, value string) bool {
	v, ok := w.config(name)
	return ok && strings.EqualFold(v, value)
}

// configInt is a directive that is a number.
func (w *Window) configInt(name string) (int64, bool) {
	v, ok := w.config(name)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(v, 10, 64)
	return n, err == nil
}

// saves says whether the server writes its data to disk by itself, by save points or by an AOF; absent
// where that is not known.
func (w *Window) saves() stats.Maybe[bool] {
	aof := w.configIs("appendonly", "yes") || w.Now.Persistence.AOFEnabled.Or(false)
	points, known := w.config("save")
	switch {
	case aof || points != "":
		return stats.Some(true)
	case known:
		return stats.Some(false)
	}
	return stats.Maybe[bool]{}
}

// An outputLimit is what a class of clients may have waiting in output buffers; 0 is no limit.
type outputLimit struct{ hard, soft, softSeconds int64 }

// outputLimit is the limit of a class: normal, replica or pubsub.
func (w *Window) outputLimit(class string) (outputLimit, bool) {
	text, _ := w.config("client-output-buffer-limit")
	words := strings.Fields(text)
	for ; len(words) >= 4; words = words[4:] {
		if words[0] != class && !(class == "replica" && words[0] == "slave") {
			continue
		}
		hard, err1 := strconv.ParseInt(words[1], 10, 64)
		soft, err2 := strconv.ParseInt(words[2], 10, 64)
		after, err3 := strconv.ParseInt(words[3], 10, 64)
		return outputLimit{hard, soft, after}, err1 == nil && err2 == nil && err3 == nil
	}
	return outputLimit{}, false
}

// plain is a number as a configuration file takes it.
func plain(n int64) string { return strconv.FormatInt(n, 10) }

// about2 is a ratio with two decimals, as INFO writes it.
func about2(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }
