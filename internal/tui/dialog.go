package tui

import "fmt"

// killDialog asks before a connection is closed, and names it.
type killDialog struct {
	target  rowTarget
	sending bool
}

func (d *killDialog) question() []string {
	lines := []string{
		fmt.Sprintf("Kill client id=%d %s", d.target.id, safe(d.target.addr, 80)),
		"name=" + orUnknown(safe(d.target.name, 80)) + "  user=" + orUnknown(safe(d.target.user, 80)) + "?",
	}
	if d.sending {
		return append(lines, "", "asking the server …")
	}
	return append(lines, "", "y kills it · any other key keeps it  [y/N]")
}

// drawDialog draws the question in a box in the middle; where there is no room for a box, on the
// last line.
func drawDialog(a area, v *view) {
	lines := v.dialog.question()
	if a.h < len(lines)+4 || a.w < 40 {
		last := a.sub(0, a.h-1, a.w, 1)
		last.clear()
		last.cut(0, 0, a.w, styleWarn, lines[0]+"? y/N")
		return
	}
	width := 0
	for _, l := range lines {
		width = max(width, textWidth(l))
	}
	width = min(width+6, a.w-2)
	box := a.sub((a.w-width)/2, (a.h-len(lines)-4)/2, width, len(lines)+4)
	box.clear()
	drawBox(box, styleWarn)
	for i, l := range lines {
		st := styleText
		if i == 0 {
			st = styleStrong
		}
		box.cut(3, 2+i, box.w-6, st, l)
	}
}

func drawBox(a area, st style) {
	right, bottom := a.w-1, a.h-1
	for x := 1; x < right; x++ {
		a.put(x, 0, st, "─")
		a.put(x, bottom, st, "─")
	}
	for y := 1; y < bottom; y++ {
		a.put(0, y, st, "│")
		a.put(right, y, st, "│")
	}
	a.put(0, 0, st, "╭")
	a.put(right, 0, st, "╮")
	a.put(0, bottom, st, "╰")
	a.put(right, bottom, st, "╯")
}
