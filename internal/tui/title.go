package tui

import (
	"fmt"
	"strings"

	"redistop/internal/stats"
)

// titlePart is a piece of the title line; the lowest prio stays when it is narrow.
type titlePart struct {
	text   string
	shorts []string // before it goes, each shorter than the one before
	style  style
	prio   int
	stays  bool // when it is as short as it can be
}

// drawTitle is the first line: who is watched at the left, how we watch at the right. What it costs
// the server is always there.
func drawTitle(a area, v *view) {
	a.paint(0, groundTitle)
	left, right := titleLeft(v), titleRight(v)
	for partsWidth(left)+partsWidth(right) > a.w+2 { // each counts the gap between them once
		if !dropPart(&left, &right) {
			break
		}
	}
	at := max(a.w-partsWidth(right)+1, 0)
	x := 1
	for _, p := range left {
		x = a.cut(x, 0, at-x, p.style, p.text) + 2
	}
	for _, p := range right {
		at = a.put(at+1, 0, p.style, p.text) + 1
	}
}

func partsWidth(parts []titlePart) int {
	n := 1
	for _, p := range parts {
		n += textWidth(p.text) + 2
	}
	return n
}

// dropPart shortens or removes the least important piece; the pieces of prio 0 stay.
func dropPart(lists ...*[]titlePart) bool {
	var from *[]titlePart
	at, worst := 0, 0
	for _, list := range lists {
		for i, p := range *list {
			if p.prio > worst && (!p.stays || len(p.shorts) > 0) {
				from, at, worst = list, i, p.prio
			}
		}
	}
	if from == nil {
		return false
	}
	if p := &(*from)[at]; len(p.shorts) > 0 {
		p.text, p.shorts = p.shorts[0], p.shorts[1:]
		return true
	}
	*from = append((*from)[:at:at], (*from)[at+1:]...)
	return true
}

// canaryParts say that test messages were lost where none may be.
func canaryParts(v *view) (parts []titlePart) {
	for i := range v.snap.Canary {
		if p := &v.snap.Canary[i]; p.Broken {
			parts = append(parts, titlePart{text: safe(p.Kind, 10) + " lost " + whole(p.Lost), style: styleBad, prio: 2})
		}
	}
	return parts
}

func titleLeft(v *view) []titlePart {
	s := &v.snap.Server
	parts := []titlePart{
		{text: "redistop", style: styleTitle, prio: 9},
		{text: orUnknown(safe(s.Addr, 120)), style: styleStrong},
	}
	parts = append(parts, findingParts(v)...)
	parts = append(parts, canaryParts(v)...)
	parts = append(parts, usageParts(s.Usage)...)
	if s.Version != "" {
		parts = append(parts, titlePart{text: safe(s.Flavor+" "+s.Version, 40), style: styleText, prio: 4})
	}
	if s.Role != "" {
		text, st := roleText(v.snap)
		parts = append(parts, titlePart{text: text, style: st, prio: 1})
	}
	if s.Mode != "" && s.Mode != "standalone" {
		parts = append(parts, titlePart{text: safe(s.Mode, 20), style: styleText, prio: 4})
	}
	if n, ok := s.UptimeSeconds.Get(); ok {
		parts = append(parts, titlePart{text: "up " + seconds(n), style: styleText, prio: 5})
	}
	if s.Restarts > 0 {
		parts = append(parts, titlePart{text: fmt.Sprintf("restarted %dx", s.Restarts), style: styleWarn, prio: 5})
	}
	return parts
}

// roleText is the role with the state of replication.
func roleText(s *stats.Snapshot) (string, style) {
	role := safe(s.Server.Role, 20)
	r := &s.Replication
	switch {
	case s.Server.Role == "replica":
		up, ok := r.PrimaryLinkUp.Get()
		switch {
		case ok && !up:
			return role + " · link down " + known(r.PrimaryLinkDownSeconds, seconds) + " !!", styleBad
		case r.SyncInProgress:
			return role + " · syncing !", styleWarn
		case r.PrimaryAddr != "":
			return role + " of " + safe(r.PrimaryAddr, 40), styleText
		}
	case r.ConnectedReplicas.Or(0) == 1:
		return role + " +1 replica", styleText
	case r.ConnectedReplicas.Or(0) > 1:
		return fmt.Sprintf("%s +%d replicas", role, r.ConnectedReplicas.Or(0)), styleText
	}
	return role, styleText
}

func titleRight(v *view) []titlePart {
	var parts []titlePart
	if v.pinned {
		text := "PAUSED"
		if v.back {
			text = "◂ " + durationText(v.now.Sub(v.snap.Time)) + " ago"
		}
		parts = append(parts, titlePart{text: text, style: styleCursor})
	}
	parts = append(parts, modeParts(v)...)
	o := &v.snap.Observer
	every := o.ActualIntervalSeconds
	if every > 0 {
		parts = append(parts, titlePart{text: "every " + digits(every, false) + "s", style: styleDim, prio: 6})
	}
	share := known(o.ServerCPUShare, percent)
	cost := titlePart{style: styleText, prio: 4, stays: true}
	if o.BudgetShare > 0 && o.ServerCPUShare.Or(0) > o.BudgetShare {
		cost.style, share = styleWarn, share+" !"
	}
	cost.text, cost.shorts = "polls cost "+share, []string{"polls " + share}
	return append(parts, cost)
}

// banner is a line under the title that is there only while something needs saying.
type banner struct {
	text  string
	style style
	opens string // the panel that a click opens; "": none
	tail  string // at the right end, where there is room for a good part of the text too
	keep  string // behind the text, which makes room for it: what to do
}

// banners of a view, most important first.
func banners(v *view) []banner {
	var all []banner
	if v.troubled() {
		all = append(all, linkBanner(v))
	}
	all = append(all, findingBanners(v)...)
	var notes []string
	if note := v.snap.Observer.PausedReason; note != "" {
		notes = append(notes, safe(note, 400))
	}
	// As the mode in the title, this is about now.
	if s := v.latest(); s.Observer.SamplingPaused != "" && !s.Stale {
		notes = append(notes, "no samples: "+safe(s.Observer.SamplingPaused, 400))
	}
	if text := stoppedText(v); text != "" {
		notes = append(notes, text)
	}
	if len(notes) > 0 {
		all = append(all, banner{text: " ! " + strings.Join(notes, " · "), style: styleWarn})
	}
	return all
}

// linkBanner is about the link as it is now, also while an older moment is shown.
func linkBanner(v *view) banner {
	l := &v.latest().Link
	parts := []string{" " + linkWord(v)}
	if l.Message != "" {
		text := l.Message
		if addr := v.latest().Server.Addr; addr != "" { // the title says where
			if _, why, ok := strings.Cut(text, addr+": "); ok {
				text = why
			}
		}
		parts = append(parts, safe(text, 300))
	}
	if at := v.figuresTime(); v.snap.Stale && !v.back && !at.IsZero() {
		// Said before the message: it must be seen on a narrow terminal too.
		parts = append(parts[:1], append([]string{"figures " + durationText(v.now.Sub(at)) + " old"}, parts[1:]...)...)
	}
	b := banner{text: strings.Join(parts, " · ") + " ", style: styleLoud}
	if l.Hint != "" {
		b.keep = "· " + safe(l.Hint, 300) + " "
	}
	return b
}

// linkWord is the state of the link in a word or two, as nobody may miss it.
func linkWord(v *view) string {
	s := v.latest()
	l := &s.Link
	word := strings.ToUpper(safe(string(l.State), 20))
	switch l.State {
	case stats.Loading:
		if share, ok := s.Persistence.LoadedShare.Get(); ok {
			word += " " + percent(share)
		}
	case stats.Down, stats.Denied, stats.Connecting:
		if l.NextTry != nil {
			if left := l.NextTry.Sub(v.now); left > 0 {
				word += ", retry in " + durationText(left+999e6)
			}
		}
	default:
		if !l.Since.IsZero() {
			word += " " + durationText(v.now.Sub(l.Since))
		}
	}
	return word
}

// leastWord is what the text of a banner has at least before what to do, in cells: the state of the link.
const leastWord = 22

// leastBanner is what the text of a banner has before a tail gets any room, in cells.
const leastBanner = 48

func drawBanner(a area, b banner) {
	room := a.w
	if n := textWidth(b.tail); n > 0 && a.w-n >= leastBanner {
		room -= n
		a.right(0, 0, a.w, b.style, b.tail)
	}
	text := room
	if n := textWidth(b.keep); n > 0 {
		text = max(room-n, leastWord)
	}
	x := a.cut(0, 0, text, b.style, b.text)
	x = a.cut(x, 0, room-x, b.style, b.keep)
	if b.style == styleLoud {
		for ; x < room; x++ {
			a.put(x, 0, b.style, " ")
		}
	}
}
