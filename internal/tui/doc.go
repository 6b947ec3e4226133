// Package tui is the live screen: it renders Snapshots and turns keys into actions.
//
// Rendering is a pure function of a view (Snapshot, history, size, what the user chose). Panels
// draw into areas of one surface of cells, which clips: no line is ever wider and no frame ever
// taller than the terminal, whatever a server sends. Panels, columns, facts, series, layouts,
// keys and themes are tables of data; a new panel is a file and a line in panels.go.
//
// A row that the samples of the command stream know more of opens a drill page (drill.go), whose
// lists are panels too. The live panel (live.go) reads a feed of commands while it is on the screen.
//
// The app (app.go) is the Bubble Tea model: one goroutine owns it, and it only routes messages.
package tui
