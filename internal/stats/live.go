package stats

import "time"

// LiveCommand is one command of the MONITOR stream as a person reads it. All its text is from
// strangers: Line and Keys are as MONITOR quoted them, bytes beyond ASCII escaped.
type LiveCommand struct {
	Time    time.Time `json:"time"` // the server's clock
	DB      int       `json:"db"`
	Addr    string    `json:"addr"`
	Name    string    `json:"name,omitempty"` // of the connection, where CLIENT LIST has shown it
	Script  bool      `json:"script,omitempty"`
	Command string    `json:"command"`        // lower case, with its subcommand
	Line    string    `json:"line,omitempty"` // the whole command, cut at 1 KiB
	Keys    string    `json:"keys"`           // the same with values as byte counts: what is shown by default
	Bytes   int       `json:"bytes"`          // of the whole command as MONITOR wrote it
	Cut     bool      `json:"cut,omitempty"`
}
