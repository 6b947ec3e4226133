package tui

import (
	"strings"
	"testing"
)

// Each share names its whole; where there is no limit there is no share of it.
func TestMemoryNamesTheWholes(t *testing.T) {
	v := recorded(t, "valkey-9.1.2.json")
	v.width, v.height = 80, 24
	v.setFocus(panelIndex(memoryPanel.id))
	frame := v.render().encode(nil)
	for _, want := range []string{"12 %   of limit", "50 %   of rss", "75 %   of used"} {
		if !strings.Contains(frame, want) {
			t.Errorf("no %q in\n%s", want, frame)
		}
	}
	s := *v.snap
	s.Memory.Max = whole64(0)
	v.snap = &s
	line := lineWith(v.render().encode(nil), "  used  ")
	if !strings.Contains(line, "no limit") || strings.ContainsAny(line, "━%") {
		t.Errorf("without a limit: %q", line)
	}
}
