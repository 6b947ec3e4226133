package tui

import "redistop/internal/stats"

// unanswered says why there is no figure at all; "" once the server has told anything of itself. What is
// not known must not read as if the server had nothing to tell.
func (v *view) unanswered() string {
	if v.snap.Server.Version != "" {
		return ""
	}
	switch v.snap.Link.State {
	case stats.Denied:
		return "not known: login denied"
	case stats.Down:
		return "not known: no connection"
	case stats.Loading:
		return "not known yet: the server is loading its dataset"
	case stats.Busy:
		return "not known: the server runs a long script"
	case stats.Stalled, stats.Connecting:
		return "not known yet: no answer so far"
	}
	return "not known yet"
}
