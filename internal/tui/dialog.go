package tui

import (
	"context"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"redistop/internal/redis"
)

// dialog is a question over the screen, which has the keys until it is answered.
type dialog interface {
	lines(width int) []dialogLine // long texts wrapped to width cells
	short() string                // where there is no room for a box
	press(m *app, key string) tea.Cmd
}

type dialogLine struct {
	text  string
	style style
}

// killDialog asks before a connection is closed, and names it.
type killDialog struct {
	target  rowTarget
	sending bool
}

func (d *killDialog) lines(int) []dialogLine {
	lines := []dialogLine{
		{text: fmt.Sprintf("Kill client id=%d %s", d.target.id, safe(d.target.addr, 80)), style: styleStrong},
		{text: "name=" + orUnknown(safe(d.target.name, 80)) + "  user=" + orUnknown(safe(d.target.user, 80)) + "?"},
		{},
	}
	if d.sending {
		return append(lines, dialogLine{text: "asking the server …"})
	}
	return append(lines, dialogLine{text: "y kills it · any other key keeps it  [y/N]"})
}

func (d *killDialog) short() string {
	return fmt.Sprintf("Kill client id=%d %s? y/N", d.target.id, safe(d.target.addr, 80))
}

const killTimeout = 5 * time.Second

func (d *killDialog) press(m *app, key string) tea.Cmd {
	if d.sending {
		return nil
	}
	if key != "y" && key != "Y" {
		m.view.dialog = nil
		return m.say(styleDim, "kept")
	}
	d.sending = true
	kill, ctx, target := m.Kill, m.ctx, d.target
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, killTimeout)
		defer cancel()
		return killedMsg{target, kill(ctx, target.id, target.addr)}
	}
}

// askKill opens the question for the selected connection.
func (m *app) askKill() tea.Cmd {
	v := m.view
	if m.Kill == nil {
		return m.say(styleWarn, "killing is not offered: this is a read-only screen")
	}
	row, ok := m.selected()
	switch {
	case v.focus != panelIndex("clients"):
		return m.say(styleWarn, "k kills a connection: select one in the clients panel (2, g)")
	case !ok:
		return m.say(styleWarn, "select a connection first: arrows, or g until every connection is listed")
	case row.target.id == 0:
		return m.say(styleWarn, "this is a group: g shows its connections one by one")
	}
	v.dialog = &killDialog{target: row.target}
	return nil
}

func (m *app) killed(msg killedMsg) tea.Cmd {
	m.view.dialog = nil
	who := fmt.Sprintf("client id=%d %s", msg.target.id, redis.PrintableCut(msg.target.addr, 80))
	if msg.err != nil {
		return m.say(styleBad, "not killed: "+who+": "+safe(msg.err.Error(), 300))
	}
	return m.say(styleGood, "killed "+who)
}

// drawDialog draws the question in a box in the middle; where there is no room for a box, on the
// last line.
func drawDialog(a area, v *view) {
	lines := v.dialog.lines(min(a.w-8, 70))
	if a.h < len(lines)+4 || a.w < 40 {
		last := a.sub(0, a.h-1, a.w, 1)
		last.clear()
		last.cut(0, 0, a.w, styleWarn, v.dialog.short())
		return
	}
	width := 0
	for _, l := range lines {
		width = max(width, textWidth(l.text))
	}
	width = min(width+6, a.w-2)
	box := a.sub((a.w-width)/2, (a.h-len(lines)-4)/2, width, len(lines)+4)
	box.clear()
	drawBox(box, styleWarn)
	for i, l := range lines {
		box.cut(3, 2+i, box.w-6, l.style, l.text)
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
