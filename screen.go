package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"redistop/internal/observe"
	"redistop/internal/stats"
	"redistop/internal/tui"
)

// screen runs the live screen until the user leaves it or ctx ends.
func (v *view) screen(ctx context.Context, o *observe.Observer) error {
	options := tui.Options{
		Snapshots:   o.Snapshots(),
		Interval:    v.interval,
		SetInterval: o.SetInterval,
		Save:        saveSnapshot,
		Watch:       o.Watch,
		SetSampling: o.SetSampling,
		Live:        o.Live(),
		Theme:       v.theme,
	}
	if !v.readOnly {
		options.Kill = o.Kill
	}
	if err := tui.Run(ctx, options); err != nil && ctx.Err() == nil {
		return err
	}
	return context.Cause(ctx)
}

// The size of a plain frame where COLUMNS and LINES do not give one, and what its graph remembers: a
// frame needs no rows of the past.
const (
	frameWidth   = 120
	frameHeight  = 40
	frameHistory = 15 * time.Minute
	frameRows    = 1
)

// frames returns what prints Snapshots as plain frames, an empty line between two.
func (v *view) frames(w io.Writer) func(*stats.Snapshot) error {
	width, height := sizeFrom("COLUMNS", frameWidth), sizeFrom("LINES", frameHeight)
	history := stats.NewHistory(frameHistory, frameRows)
	between := ""
	return func(s *stats.Snapshot) error {
		history.Add(s)
		_, err := fmt.Fprintf(w, "%s%s\n", between, strings.TrimRight(tui.Frame(s, history, width, height), "\n"))
		between = "\n"
		return err
	}
}

func sizeFrom(variable string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(variable)); err == nil && n > 0 && n <= 1000 {
		return n
	}
	return otherwise
}
