package doctor

import (
	"strings"

	"redistop/internal/stats"
)

var bigKeyDelete = Rule{
	ID:    "big-key-delete",
	Title: "Deleting big keys that everybody else waits for",
	Group: "Commands",
	What:  "DEL, or EXPIRE with a time that is over, frees a big key at once, element by element; or one command deletes very many keys.",
	Why:   "A set of a million members takes a good part of a second to free, and the server answers nobody meanwhile.",
	How: "INFO commandstats counts calls and time, SLOWLOG names single calls with their sender. The size of a key that is gone cannot be asked any more. " +
		"Keys that expire, are evicted or overwritten are freed outside of any command that would show it. What would be critical is a warning while hardly anybody else uses the server.",
	Do:     "UNLINK takes the key out at once and frees it in the background; lazyfree-lazy-user-del yes makes DEL do the same.",
	Limits: timeLimits,
	Check:  checkDeletes,
}

var deletes = set("del", "unlink", "expire", "pexpire", "expireat", "pexpireat", "getdel")

func checkDeletes(w *Window) []stats.Finding {
	var found []stats.Finding
	for _, c := range w.costs(func(name string) bool { return deletes[name] }) {
		for _, f := range w.blockingFindings(&c) {
			f.Remedy = w.deleteRemedies(&c)
			found = append(found, f)
		}
	}
	return found
}

func (w *Window) deleteRemedies(c *cost) []string {
	batches := "delete fewer keys with one command: some 100 in each of several commands; " + w.tool("redistop keys delete", "", "PATTERN") + " does it in small batches (a dry run until --yes)"
	if c.work.Name == "unlink" {
		return []string{batches}
	}
	advice := []string{
		"send UNLINK instead of " + strings.ToUpper(c.work.Name) + ": the key is gone at once, and its memory is freed in the background",
		"or CONFIG SET lazyfree-lazy-user-del yes: then DEL does the same, and no client has to change",
	}
	if w.Now.Config["lazyfree-lazy-user-del"] == "yes" {
		advice = nil
	}
	if c.work.Name != "del" && c.work.Name != "getdel" {
		advice = []string{"send UNLINK instead of an expiry that is over; lazyfree-lazy-expire yes frees what expires in the background"}
	}
	if manyKeys(c.slow) {
		return append([]string{batches}, advice...)
	}
	return append(advice, "keep such keys smaller: one for each day, user or bucket")
}

// manyKeys says that the calls in the log name many keys rather than a big one.
func manyKeys(entries []SlowCommand) bool {
	many := 0
	for i := range entries {
		if len(entries[i].Args) > 20 {
			many++
		}
	}
	return many*2 > len(entries)
}
