package export

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write docs/export.md")

// types are what a kind of column is in Parquet, and in the other formats.
var types = map[kind][2]string{
	text:    {"string", "text"},
	moment:  {"timestamp, microseconds, UTC", "RFC 3339, UTC, milliseconds"},
	decimal: {"double", "number"},
	integer: {"int64", "number"},
	truth:   {"boolean", "true or false"},
	object:  {"JSON", "JSON; in NDJSON not as a text"},
}

// TestColumnsPage holds that docs/export.md is that of the tables; -update writes it.
func TestColumnsPage(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(`# The tables of redistop export

` + "`redistop export`" + ` writes what ` + "`redistop web`" + ` has kept, a table of each kind. Columns may be added to; none is renamed. This page is made from the code.

    redistop export --from -30d -o month.parquet
    redistop export --what sessions,changes --format csv -o out
    duckdb -c "SELECT time, p99_usec FROM 'month.parquet' WHERE server = 'cache' ORDER BY p99_usec DESC LIMIT 10"

A row of snapshots is one Snapshot (` + "`tier`" + ` raw) or, where those are no longer kept, a minute, ten minutes or an hour of them (1m, 10m, 1h): of each series the
mean, the least and the greatest value. ` + "`snapshots`" + ` says of how many. What is not known is null in Parquet, empty in CSV, and absent in NDJSON.
In CSV a text that begins with =, +, -, @ or an apostrophe has an apostrophe before it, and control characters are escaped (\x1b); Parquet and NDJSON have texts as they are.
`)
	for _, k := range Kinds() {
		fmt.Fprintf(&b, "\n## %s\n\n| column | Parquet | CSV and NDJSON | always |\n|---|---|---|---|\n", k.Name)
		for i := 0; i < len(k.columns); i++ {
			c, always, name := k.columns[i], "yes", "`"+k.columns[i].name+"`"
			if c.optional {
				always = "no"
			}
			if c.kind == decimal && i+2 < len(k.columns) && k.columns[i+2].name == c.name+"_max" {
				name, i = name+", `"+c.name+"_min`, `"+c.name+"_max`", i+2
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, types[c.kind][0], types[c.kind][1], always)
		}
	}
	file := filepath.Join("..", "..", "docs", "export.md")
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, b.Bytes()) {
		t.Errorf("%s is not that of the tables: go test ./internal/export -run TestColumnsPage -update writes it", file)
	}
}
