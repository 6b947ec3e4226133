package tui

import (
	"fmt"

	"redistop/internal/stats"
)

// helpLines is the help: the keys from the key table, what we cost from the receipt, and what this
// server does not give.
func helpLines(v *view) []pageLine {
	var lines []pageLine
	lines = append(lines, keyLines(v)...)
	lines = append(lines, receiptLines(&v.snap.Observer)...)
	lines = append(lines, windowLines(v.snap)...)
	lines = append(lines, missingLines(v.snap.Missing)...)
	lines = append(lines, pageLine{}, pageLine{head: true, text: "Panels"})
	for i, p := range mainPanels {
		if !v.offers(i) {
			continue
		}
		lines = append(lines, pageLine{key: panelKey(i) + "  " + p.title, text: p.about})
	}
	lines = append(lines, pageLine{}, pageLine{head: true, text: "Signs"})
	for _, s := range [][2]string{
		{unknown, "the server does not tell this; it is not 0"},
		{"!  !!", "worth a look; bad"},
		{"≤", "at most: the edge of the server's histogram bucket"},
		{"±", "estimated from samples: the truth is inside in 95 of 100 cases"},
		{"short-lived", "connections that came and went between polls"},
	} {
		lines = append(lines, pageLine{key: s[0], text: s[1]})
	}
	return lines
}

func keyLines(v *view) []pageLine {
	var lines []pageLine
	group := ""
	for i := range keyTable {
		b := &keyTable[i]
		if b.group != group {
			if group != "" {
				lines = append(lines, pageLine{})
			}
			group = b.group
			lines = append(lines, pageLine{head: true, text: group})
		}
		if b.help == "" {
			continue
		}
		lines = append(lines, pageLine{key: b.names(), text: b.help})
		if b.off != nil && b.off(v) != "" {
			lines = append(lines, pageLine{text: "(" + b.off(v) + ")"})
		}
	}
	return lines
}

func receiptLines(o *stats.Observer) []pageLine {
	lines := []pageLine{{}, {head: true, text: "What redistop costs this server"}}
	lines = append(lines, pageLine{
		key:  "polls cost",
		text: fmt.Sprintf("%s of a core (%s a second), %s allowed", known(o.ServerCPUShare, percent), known(o.UsecPerSecond, usecText), percent(o.BudgetShare)),
	})
	pace := fmt.Sprintf("every %ss, wished %ss", digits(o.ActualIntervalSeconds, false), digits(o.IntervalSeconds, false))
	if n, ok := o.ClientsEverySeconds.Get(); ok {
		pace += fmt.Sprintf("; connections every %ss", digits(n, false))
	}
	lines = append(lines, pageLine{key: "pace", text: pace})
	if o.PausedReason != "" {
		lines = append(lines, pageLine{key: "slowed", text: safe(o.PausedReason, 400)})
	}
	for _, r := range o.Receipt {
		about := ""
		if r.Estimated {
			about = ", our share by calls"
		}
		lines = append(lines, pageLine{
			key:  safe(r.Command, 40),
			text: fmt.Sprintf("%s, %s%s", calls(r.Calls), usecText(float64(r.Usec)), about),
		})
	}
	return append(lines, pageLine{key: "in all", text: fmt.Sprintf("%s, %s", calls(o.TotalCommands), usecText(float64(o.TotalUsec)))})
}

func calls(n int64) string {
	if n == 1 {
		return "1 call"
	}
	return whole(n) + " calls"
}

func missingLines(missing []stats.Missing) []pageLine {
	if len(missing) == 0 {
		return nil
	}
	lines := []pageLine{{}, {head: true, text: "What this server does not give"}}
	for _, m := range missing {
		text := safe(m.Part, 40) + ": " + safe(m.Reason, 400)
		if m.Remedy != "" {
			text += " → " + safe(m.Remedy, 400)
		}
		lines = append(lines, pageLine{key: safe(m.Command, 40), text: text})
	}
	return lines
}
