package tui

import (
	"strings"
	"testing"

	"redistop/internal/stats"
)

// Before the first figure no panel may say that the server has nothing, or cannot tell.
func TestNothingIsSaidOfAServerThatToldNothing(t *testing.T) {
	for state, want := range map[stats.LinkState]string{
		stats.Denied: "not known: login denied", stats.Connecting: "not known yet: no answer so far", stats.Stalled: "not known yet: no answer so far",
		stats.Down: "not known: no connection",
	} {
		for p := range mainPanels {
			v := newView(80, 24)
			v.snap.Link.State, v.keys, v.full, v.live.offered = state, true, true, true
			v.setFocus(p)
			frame := v.render().encode(nil)
			for _, untrue := range []string{"does not count", "no keys", "no slow", "nobody but", "no command", "nothing was found", "never"} {
				if strings.Contains(frame, untrue) {
					t.Errorf("%s, %s: it says %q\n%s", state, panels[p].id, untrue, frame)
				}
			}
			if panels[p].id != vitalsPanel.id && !strings.Contains(frame, want) {
				t.Errorf("%s, %s: it does not say %q\n%s", state, panels[p].id, want, frame)
			}
		}
	}
}

// What to do stays on a narrow terminal; what the server said makes room for it.
func TestTheHintStays(t *testing.T) {
	const hint = "give the password with --askpass, -a or REDISCLI_AUTH"
	v := newView(80, 24)
	next := noon.Add(9e9)
	v.now, v.snap.Time = noon, noon
	v.snap.Link = stats.Link{State: stats.Denied, NextTry: &next, Message: "log in to 127.0.0.1:6379: denied: NOAUTH Authentication required.", Hint: hint}
	line := lineWith(v.render().encode(nil), "DENIED")
	if !strings.Contains(line, "DENIED, retry in 9") || !strings.Contains(line, hint) {
		t.Errorf("%q", line)
	}
	v.width = 200
	if line := lineWith(v.render().encode(nil), "DENIED"); !strings.Contains(line, "required. · "+hint) {
		t.Errorf("wide: %q", line)
	}
}
