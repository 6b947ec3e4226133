package tui

import (
	"slices"
	"strconv"
)

// A panel is one subject of the screen.
type panel struct {
	id    string // as in Missing.Part, where a server can refuse it
	title string
	short string             // for tabs on a narrow terminal
	key   string             // on the keyboard; "": its digit
	about string             // for the help
	modes []mode             // at least one
	opens func(v *view) int  // the mode that it opens with until the user has chosen one; nil: the first
	off   func(v *view) bool // has no subject here; nil: always has
}

// A mode is one way to show a panel's subject.
type mode struct {
	name string // shown behind the title when there is more than one
	body body
}

// A body draws itself into an area whose first line is already below the panel's title.
type body interface {
	draw(a area, v *view, panel int)
	note(v *view, panel int) []string // what the title says behind the panel's name, most important first
}

// rows is a body that is a table.
type rows interface {
	count(v *view, panel int) int       // rows that pass the filter
	at(v *view, panel, i int) row       // the i-th row in the order shown
	find(v *view, id rowID) (row, bool) // among all rows
	columns() int
	hidden(v *view, col int) bool  // a column that has nothing to say at present
	sortColumn(ts *tableState) int // -1: none
}

// field is one line of the details of a row.
type field struct{ label, value string }

// mainPanels in the order of their digits on the keyboard, 1 to 9 and 0; those behind have a letter: see
// panelKey. A new panel is a file and a line here.
var mainPanels = []panel{
	commandsPanel,
	clientsPanel,
	keysPanel,
	livePanel,
	slowPanel,
	memoryPanel,
	errorsPanel,
	serverPanel,
	vitalsPanel,
	findingsPanel,
	messagesPanel,
}

// panels are those and, behind them, the panels of a drill page.
var panels = slices.Concat(mainPanels, drillPanels)

// panelKey is the key of a panel: a digit, of which there are ten, or its letter.
func panelKey(panel int) string {
	if key := mainPanels[panel].key; key != "" {
		return key
	}
	return strconv.Itoa((panel + 1) % 10)
}

// panelIndex finds a panel by id.
func panelIndex(id string) int {
	for i := range panels {
		if panels[i].id == id {
			return i
		}
	}
	return -1
}
