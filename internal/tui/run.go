package tui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"

	"redistop/internal/stats"
)

// Options are what the screen needs from outside.
type Options struct {
	Snapshots   <-chan *stats.Snapshot // one an interval; closed when the observer ends
	Interval    time.Duration          // at the start
	SetInterval func(time.Duration)    // called when the user changes it

	// Kill closes a connection. The server may have given the id to nobody else, but the address is
	// checked too. Nil: nothing is killed from here, and the key says so.
	Kill func(ctx context.Context, id int64, addr string) error

	// Save writes a Snapshot to a file and tells which.
	Save func(*stats.Snapshot) (path string, err error)

	Watch       func(time.Duration) // shows every command by MONITOR for this long; 0 ends it. Nil: not offered
	SetSampling func(on bool)       // switches the windows of MONITOR. Nil: not offered
	Live        Live                // feeds the live panel. Nil: there is none

	Theme string // "auto" (by the terminal's background), "dark", "light", "none"
}

// Run shows the screen until the user quits, ctx is done or the terminal is gone; none of these is
// an error. The terminal is as it was before when Run returns.
func Run(ctx context.Context, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	keyboard := os.Stdin
	if !term.IsTerminal(keyboard.Fd()) {
		in, _, err := tea.OpenTTY()
		if err != nil {
			return fmt.Errorf("open terminal: %w", err)
		}
		defer in.Close()
		keyboard = in
	}
	program := tea.NewProgram(newApp(ctx, o),
		tea.WithContext(ctx),
		tea.WithoutSignalHandler(), // signals end ctx; with two that listen to one signal, Bubble Tea may wait for itself for ever
		tea.WithInput(&terminal{File: keyboard, gone: cancel}),
		tea.WithFPS(30))
	_, err := program.Run()
	switch {
	case err == nil, errors.Is(err, tea.ErrInterrupted), ctx.Err() != nil && !errors.Is(err, tea.ErrProgramPanic):
		return nil
	}
	return fmt.Errorf("run screen: %w", err)
}

// terminal is the terminal's input. Bubble Tea goes on when it ends; a screen without a terminal must
// not.
type terminal struct {
	*os.File
	gone func()
}

// Read reads keys, and reports the end of the terminal.
func (t *terminal) Read(p []byte) (int, error) {
	n, err := t.File.Read(p)
	if err != nil {
		t.gone()
	}
	return n, err
}

// Frame draws one frame as plain text, without colours and keys, for a pipe or a log. The history may
// be nil, and so may the Snapshot before there is one. Lines end without blanks and are at most width cells wide; there are at most height.
func Frame(s *stats.Snapshot, h *stats.History, width, height int) string {
	v := newView(width, height)
	if s != nil {
		v.snap, v.hist, v.now = s, h, s.Time
		v.learnSampling(s)
	}
	return strings.TrimRight(v.render().encode(nil), "\n")
}
