package doctor

import (
	"slices"

	"redistop/internal/stats"
)

var bigKeys = Rule{
	ID:    "big-keys",
	Title: "Single keys are very large",
	Group: "Memory",
	What:  "Keys hold megabytes each: by the average over all keys, or by what single commands moved.",
	Why:   "Reading, deleting, expiring or moving such a key takes long, and everybody waits. One of them fills a client's buffer and the network.",
	How:   "INFO memory and INFO keyspace for the average; COMMANDLOG large-reply and large-request (Valkey 8.1+) for single ones. No key is looked at for this: redistop keys big does that, in small steps.",
	Do:    "Split them: by user, day or bucket. Delete them with UNLINK.",
	Limits: []Limit{
		{"average_bytes", 1 << 20, "a key, on average: usual values have some hundred bytes, pages some ten thousand"},
		{"data_bytes", 100 << 20, "of data: on small servers they do no harm"},
		{"moved_bytes", 4 << 20, "by one command: some ten milliseconds of copying"},
	},
	Behind: []string{"blocking-command", "huge-replies", "huge-requests", "big-key-delete"},
	Check:  checkBigKeys,
}

func checkBigKeys(w *Window) []stats.Finding {
	f := stats.Finding{
		Severity: stats.Info, Confidence: stats.Certain,
		Impact: "Reading, deleting or expiring one of them makes everybody wait.",
		Remedy: []string{
			"see which: " + w.tool("redistop keys big", "", ""),
			"split them by user, day or bucket; delete them with UNLINK",
		},
	}
	data, known := w.Now.Memory.Dataset.Get()
	all, _ := keys(w.Now)
	if average := float64(data) / float64(max(1, all)); known && all > 0 && average >= w.Limit("average_bytes") && float64(data) >= w.Limit("data_bytes") {
		f.Title = "A key holds " + bytes(average) + " on average"
		f.Evidence = append(f.Evidence, moment("data, and keys", bytes(float64(data))+" in "+plural(all, "key"), "INFO memory (used_memory_dataset), INFO keyspace"))
		f.Unknown = []string{"which keys are the large ones: no key was looked at"}
	}
	moved := w.Slow(func(c *SlowCommand) bool {
		return c.Kind != stats.Slow && float64(c.Bytes.Or(0)) >= w.Limit("moved_bytes") && c.rawKey() != ""
	})
	slices.SortStableFunc(moved, func(a, b SlowCommand) int { return int(b.Bytes.Or(0) - a.Bytes.Or(0)) })
	seen := map[string]bool{}
	for _, c := range moved {
		const most = 3
		key := c.rawKey()
		if seen[key] || len(seen) >= most {
			continue
		}
		seen[key] = true
		if f.Title == "" {
			f.Title = "One " + commandName(c.Command) + " of " + quoted(key) + " moved " + bytes(float64(c.Bytes.Or(0)))
		}
		f.Evidence = append(f.Evidence, moment(commandName(c.Command)+" "+quoted(key), bytes(float64(c.Bytes.Or(0))), "COMMANDLOG "+string(c.Kind)))
		f.Culprits = append(f.Culprits, c.Who)
	}
	if f.Title == "" {
		return nil
	}
	return []stats.Finding{f}
}
