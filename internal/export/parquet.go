package export

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
)

// rowsOfGroup bounds what is held in memory before it is written: about 15 MB of the widest table.
const rowsOfGroup = 20_000

// A parquetWriter writes Parquet: times are UTC in microseconds, texts are strings, and what may be unknown is
// optional. Compression is Snappy, which every reader has.
type parquetWriter struct {
	table Table
	to    *parquet.Writer
}

func newParquet(w io.Writer, t Table, by string) *parquetWriter {
	name, version, _ := strings.Cut(by, " ")
	return &parquetWriter{table: t, to: parquet.NewWriter(w,
		parquet.NewSchema(t.Name, ordered(t.columns)),
		parquet.MaxRowsPerRowGroup(rowsOfGroup),
		parquet.Compression(&parquet.Snappy),
		parquet.CreatedBy(name, version, ""),
	)}
}

// An orderedGroup is a group whose columns stand in the order of their table, not of the alphabet.
type orderedGroup struct {
	parquet.Group
	fields []parquet.Field
}

// Fields implements parquet.Node.
func (g orderedGroup) Fields() []parquet.Field { return g.fields }

func ordered(columns []column) orderedGroup {
	g := orderedGroup{Group: parquet.Group{}}
	for _, c := range columns {
		g.Group[c.name] = nodeOf(c)
	}
	byName := map[string]parquet.Field{}
	for _, f := range g.Group.Fields() {
		byName[f.Name()] = f
	}
	for _, c := range columns {
		g.fields = append(g.fields, byName[c.name])
	}
	return g
}

func nodeOf(c column) parquet.Node {
	var n parquet.Node
	switch c.kind {
	case text:
		n = parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
	case moment:
		n = parquet.Timestamp(parquet.Microsecond)
	case decimal:
		n = parquet.Leaf(parquet.DoubleType)
	case integer:
		n = parquet.Int(64)
	case truth:
		n = parquet.Leaf(parquet.BooleanType)
	case object:
		n = parquet.JSON()
	}
	if c.optional {
		return parquet.Optional(n)
	}
	return parquet.Required(n)
}

// Write implements Writer.
func (p *parquetWriter) Write(row Row) error {
	if err := p.table.check(row); err != nil {
		return err
	}
	values := make(parquet.Row, len(row))
	for i, c := range p.table.columns {
		v, defined := parquetValue(row[i]), 0
		if c.optional && !v.IsNull() {
			defined = 1
		}
		values[i] = v.Level(0, defined, i)
	}
	if _, err := p.to.WriteRows([]parquet.Row{values}); err != nil {
		return fmt.Errorf("write %s: %w", p.table.Name, err)
	}
	return nil
}

func parquetValue(v any) parquet.Value {
	switch v := v.(type) {
	case string:
		return parquet.ByteArrayValue([]byte(strings.ToValidUTF8(v, "\uFFFD"))) // a string of Parquet is UTF-8
	case time.Time:
		return parquet.Int64Value(v.UnixMicro())
	case float64:
		if math.IsNaN(v) {
			return parquet.NullValue()
		}
		return parquet.DoubleValue(v)
	case int64:
		return parquet.Int64Value(v)
	case bool:
		return parquet.BooleanValue(v)
	case []byte:
		return parquet.ByteArrayValue(v)
	}
	return parquet.NullValue()
}

// Close implements Writer.
func (p *parquetWriter) Close() error {
	if err := p.to.Close(); err != nil {
		return fmt.Errorf("write %s: %w", p.table.Name, err)
	}
	return nil
}
