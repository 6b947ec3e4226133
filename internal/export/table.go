package export

import (
	"fmt"
	"io"
	"time"
)

// kind is what the values of a column are. Each but text and numbers has its own type in Parquet.
type kind int

const (
	text    kind = iota // string
	moment              // time.Time, UTC
	decimal             // float64
	integer             // int64
	truth               // bool
	object              // []byte, JSON
)

// A column of a table. In one that is optional nil stands for what is not known.
type column struct {
	name     string
	kind     kind
	optional bool
}

// A Table is rows of one kind: a value for each column.
type Table struct {
	Name    string // "snapshots"
	columns []column
}

// Columns are the names of the columns, in their order.
func (t Table) Columns() []string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return names
}

// A Row has a value for each column of its table, of the type of the column's kind, or nil.
type Row []any

// A Writer writes a table. The writer below it is the caller's to close.
type Writer interface {
	Write(Row) error
	Close() error
}

// Formats are the names of the formats; each is also how the name of its files ends.
var Formats = []string{"parquet", "csv", "ndjson"}

// NewWriter begins a table. by is the program and its version, which Parquet notes.
func NewWriter(format string, w io.Writer, t Table, by string) (Writer, error) {
	switch format {
	case "parquet":
		return newParquet(w, t, by), nil
	case "csv":
		return newCSV(w, t)
	case "ndjson":
		return newNDJSON(w, t), nil
	}
	return nil, fmt.Errorf("write table: unknown format %q", format)
}

// check holds that a row is one of its table. It cannot fail but by a mistake in this package.
func (t Table) check(row Row) error {
	if len(row) != len(t.columns) {
		return fmt.Errorf("write %s: %d values for %d columns", t.Name, len(row), len(t.columns))
	}
	for i, c := range t.columns {
		ok := false
		switch row[i].(type) {
		case nil:
			ok = c.optional
		case string:
			ok = c.kind == text
		case time.Time:
			ok = c.kind == moment
		case float64:
			ok = c.kind == decimal
		case int64:
			ok = c.kind == integer
		case bool:
			ok = c.kind == truth
		case []byte:
			ok = c.kind == object
		}
		if !ok {
			return fmt.Errorf("write %s: column %s cannot hold a %T", t.Name, c.name, row[i])
		}
	}
	return nil
}
