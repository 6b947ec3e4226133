package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"redistop/internal/stats"
)

// A monitorReport is what a run of monitor comes to. In JSON the names of its Summary stand beside its own.
type monitorReport struct {
	Source     string        `json:"source"` // the server's address, or the file; "-" is standard input
	Filter     string        `json:"filter,omitempty"`
	Ended      string        `json:"ended_by"`              // time, limit, signal, guard, or input
	NotPrinted int64         `json:"not_printed,omitempty"` // counted, but standard output was too slow for them
	Unread     int64         `json:"unread,omitempty"`      // lines that are no command of MONITOR
	Long       int64         `json:"long,omitempty"`        // lines of which only the beginning was looked at
	Paused     []string      `json:"paused,omitempty"`      // why nothing was looked at for a time
	Server     *serverDuring `json:"server,omitempty"`

	*stats.Summary // nil: nothing was seen
}

// serverDuring is what the server's counters say of the same time.
type serverDuring struct {
	Before   stats.Maybe[float64] `json:"commands_per_second_before,omitzero"` // in the last second or two
	During   float64              `json:"commands_per_second"`
	MostHeld int64                `json:"held_bytes"` // most that it was seen to hold of the stream for us; it was asked once a second
	Hidden   []hiddenCommand      `json:"hidden,omitempty"`
}

// hiddenCommand is an ADMIN command, which MONITOR never shows.
type hiddenCommand struct {
	Name  string `json:"name"`
	Calls int64  `json:"calls"`
}

// report writes the summary where it belongs: as the last object of the JSON; as text beside the commands
// to standard error, alone to standard output.
func (m *monitoring) report(r *monitorReport) error {
	if m.json {
		return writeReportJSON(os.Stdout, r)
	}
	if m.prints() {
		fmt.Fprintln(os.Stderr)
		_, err := io.WriteString(os.Stderr, reportText(r))
		return err
	}
	if _, err := io.WriteString(os.Stdout, reportText(r)); err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	return nil
}

func writeReportJSON(w io.Writer, r *monitorReport) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(map[string]*monitorReport{"summary": r}); err != nil {
		return fmt.Errorf("encode summary: %w", err)
	}
	if _, err := w.Write(escapeControls(b.Bytes())); err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	return nil
}
