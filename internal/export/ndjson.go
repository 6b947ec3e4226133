package export

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"redistop/internal/redis"
)

// An ndjsonWriter writes an object a line; what is not known is absent.
type ndjsonWriter struct {
	table Table
	names [][]byte // of the columns, as JSON with a colon
	to    *bufio.Writer
	line  []byte
}

func newNDJSON(w io.Writer, t Table) *ndjsonWriter {
	n := &ndjsonWriter{table: t, to: bufio.NewWriterSize(w, 64<<10)}
	for _, c := range t.columns {
		n.names = append(n.names, []byte(`"`+c.name+`":`))
	}
	return n
}

// Write implements Writer.
func (n *ndjsonWriter) Write(row Row) error {
	if err := n.table.check(row); err != nil {
		return err
	}
	line := append(n.line[:0], '{')
	for i, v := range row {
		if at, ok := v.(time.Time); ok {
			v = at.UTC().Format(timeForm)
		}
		if d, ok := v.(float64); v == nil || ok && (math.IsNaN(d) || math.IsInf(d, 0)) {
			continue
		}
		value, whole := v.([]byte)
		if !whole {
			var err error
			if value, err = json.Marshal(v); err != nil {
				return fmt.Errorf("write %s: %w", n.table.Name, err)
			}
		}
		if len(line) > 1 {
			line = append(line, ',')
		}
		line = append(append(line, n.names[i]...), value...)
	}
	line = append(redis.SafeJSON(append(line, '}')), '\n')
	n.line = line[:0]
	if _, err := n.to.Write(line); err != nil {
		return fmt.Errorf("write %s: %w", n.table.Name, err)
	}
	return nil
}

// Close implements Writer.
func (n *ndjsonWriter) Close() error {
	if err := n.to.Flush(); err != nil {
		return fmt.Errorf("write %s: %w", n.table.Name, err)
	}
	return nil
}
