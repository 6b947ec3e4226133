package export

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"redistop/internal/redis"
)

// timeForm is RFC 3339 in UTC, to the millisecond, which is what history keeps.
const timeForm = "2006-01-02T15:04:05.000Z"

// A csvWriter writes CSV as RFC 4180 has it, but for lines that end with LF alone. What is not known is empty.
type csvWriter struct {
	table Table
	to    *csv.Writer
	cells []string
}

func newCSV(w io.Writer, t Table) (*csvWriter, error) {
	c := &csvWriter{table: t, to: csv.NewWriter(w), cells: make([]string, len(t.columns))}
	return c, c.failed(c.to.Write(t.Columns()))
}

func (c *csvWriter) failed(err error) error {
	if err != nil {
		return fmt.Errorf("write %s: %w", c.table.Name, err)
	}
	return nil
}

// Write implements Writer.
func (c *csvWriter) Write(row Row) error {
	if err := c.table.check(row); err != nil {
		return err
	}
	for i, v := range row {
		c.cells[i] = csvCell(v)
	}
	return c.failed(c.to.Write(c.cells))
}

func csvCell(v any) string {
	switch v := v.(type) {
	case string:
		return harmless(v)
	case time.Time:
		return v.UTC().Format(timeForm)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case []byte:
		return harmless(string(redis.SafeJSON(v)))
	}
	return ""
}

// harmless is a text that a spreadsheet takes for text and a terminal prints as it is. What begins like a
// formula gets an apostrophe before it; so does what begins with one, so that the first can be taken away again.
func harmless(s string) string {
	s = redis.Printable(s)
	if first, _ := utf8.DecodeRuneInString(s); s != "" && strings.ContainsRune("=+-@'＝＋－＠", first) {
		return "'" + s
	}
	return s
}

// Close implements Writer.
func (c *csvWriter) Close() error {
	c.to.Flush()
	return c.failed(c.to.Error())
}
