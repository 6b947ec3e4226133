package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// everything is a table with a column of each kind, and each once more as an optional one.
var everything = Table{Name: "everything", columns: []column{
	{"z_text", text, false}, {"a_time", moment, false}, {"number", decimal, false}, {"count", integer, false}, {"yes", truth, false}, {"body", object, false},
	{"no_text", text, true}, {"no_time", moment, true}, {"no_number", decimal, true}, {"no_count", integer, true}, {"no_flag", truth, true}, {"no_body", object, true},
}}

var at = time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)

// full and empty are a row with all that there may be, and one with as little.
var (
	full = Row{"a,\"b\"\né", at, 0.1, int64(math.MaxInt64), true, []byte(`{"k":"<\u009b31m"}`),
		"=1+1", at.Add(time.Microsecond), -2.5, int64(-7), false, []byte(`[1]`)}
	empty = Row{"", time.UnixMilli(0).UTC(), 0.0, int64(0), false, []byte(`{}`), nil, nil, nil, nil, nil, nil}
)

func write(t testing.TB, format string, table Table, rows ...Row) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(format, &b, table, "redistop 1.2")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// read is a Parquet file as hyparquet reads it, which shares no code with what wrote it.
type read struct {
	CreatedBy string
	Groups    int
	Columns   []struct {
		Name, Type, Logical string
		Optional            bool
	}
	Rows []map[string]any
}

func readBack(t *testing.T, file []byte) read {
	t.Helper()
	missing := func(what string) {
		if os.Getenv("CI") == "true" {
			t.Fatal(what)
		}
		t.Skip(what)
	}
	if _, err := exec.LookPath("node"); err != nil {
		missing("no node on PATH")
	}
	if _, err := os.Stat("testdata/reader/node_modules"); err != nil {
		missing("no reader of Parquet: npm ci --prefix internal/export/testdata/reader")
	}
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command("node", "testdata/reader/read.js", path)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	var r read
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestParquetIsReadByOthers(t *testing.T) {
	r := readBack(t, write(t, "parquet", everything, full, empty, Row{"\xff", at, math.NaN(), int64(1), true, []byte("1"), nil, nil, math.NaN(), nil, nil, nil}))
	var columns []string
	for _, c := range r.Columns {
		columns = append(columns, strings.TrimSpace(fmt.Sprintf("%s %s %v %s", c.Name, c.Type, c.Optional, c.Logical)))
	}
	want := []string{
		"z_text BYTE_ARRAY false STRING", "a_time INT64 false TIMESTAMP MICROS UTC", "number DOUBLE false", "count INT64 false INTEGER", "yes BOOLEAN false", "body BYTE_ARRAY false JSON",
		"no_text BYTE_ARRAY true STRING", "no_time INT64 true TIMESTAMP MICROS UTC", "no_number DOUBLE true", "no_count INT64 true INTEGER", "no_flag BOOLEAN true", "no_body BYTE_ARRAY true JSON",
	}
	if diff := cmp.Diff(want, columns); diff != "" {
		t.Error(diff)
	}
	rows := []map[string]any{
		{"z_text": "a,\"b\"\né", "a_time": "2026-01-02T03:04:05.678Z", "number": 0.1, "count": "9223372036854775807", "yes": true, "body": map[string]any{"k": "<\u009b31m"},
			"no_text": "=1+1", "no_time": "2026-01-02T03:04:05.678Z", "no_number": -2.5, "no_count": "-7", "no_flag": false, "no_body": []any{1.0}},
		{"z_text": "", "a_time": "1970-01-01T00:00:00.000Z", "number": 0.0, "count": "0", "yes": false, "body": map[string]any{},
			"no_text": nil, "no_time": nil, "no_number": nil, "no_count": nil, "no_flag": nil, "no_body": nil},
	}
	if diff := cmp.Diff(rows, r.Rows[:2]); diff != "" {
		t.Error(diff)
	}
	if len(r.Rows) != 3 || r.Rows[2]["z_text"] != "\uFFFD" || r.Rows[2]["no_number"] != nil || !strings.HasPrefix(r.CreatedBy, "redistop version 1.2") {
		t.Errorf("%d rows by %q, the last %v", len(r.Rows), r.CreatedBy, r.Rows[len(r.Rows)-1])
	}
}

// TestParquetIsWrittenInParts holds that rows do not pile up in memory.
func TestParquetIsWrittenInParts(t *testing.T) {
	table := Table{Name: "n", columns: []column{{"n", integer, false}}}
	var rows []Row
	for i := range 2*rowsOfGroup + 1 {
		rows = append(rows, Row{int64(i)})
	}
	r := readBack(t, write(t, "parquet", table, rows...))
	if r.Groups != 3 || len(r.Rows) != len(rows) || r.Rows[rowsOfGroup]["n"] != fmt.Sprint(rowsOfGroup) {
		t.Errorf("%d groups, %d rows", r.Groups, len(r.Rows))
	}
}

func TestCSV(t *testing.T) {
	got := string(write(t, "csv", everything, full, empty))
	want := "z_text,a_time,number,count,yes,body,no_text,no_time,no_number,no_count,no_flag,no_body\n" +
		`"a,""b""\né",2026-01-02T03:04:05.678Z,0.1,9223372036854775807,true,"{""k"":""<\u009b31m""}",'=1+1,2026-01-02T03:04:05.678Z,-2.5,-7,false,[1]` + "\n" +
		",1970-01-01T00:00:00.000Z,0,0,false,{},,,,,,\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if rows, err := csv.NewReader(strings.NewReader(got)).ReadAll(); err != nil || len(rows) != 3 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	for given, want := range map[string]string{
		"plain": "plain", "=cmd|' /C calc'!A0": "'=cmd|' /C calc'!A0", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "'x": "''x", "＝1": "'＝1",
		"\t=1": `\t=1`, "\r=1": `\r=1`, "\x1b[31m": `\x1b[31m`, "a=1": "a=1", "": "",
	} {
		if got := harmless(given); got != want {
			t.Errorf("%q: %q, want %q", given, got, want)
		}
	}
}

func TestNDJSON(t *testing.T) {
	got := string(write(t, "ndjson", everything, full, empty))
	want := `{"z_text":"a,\"b\"\né","a_time":"2026-01-02T03:04:05.678Z","number":0.1,"count":9223372036854775807,"yes":true,"body":{"k":"<\u009b31m"},` +
		`"no_text":"=1+1","no_time":"2026-01-02T03:04:05.678Z","no_number":-2.5,"no_count":-7,"no_flag":false,"no_body":[1]}` + "\n" +
		`{"z_text":"","a_time":"1970-01-01T00:00:00.000Z","number":0,"count":0,"yes":false,"body":{}}` + "\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for line := range strings.Lines(got) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
}

func TestWrongRows(t *testing.T) {
	for _, format := range Formats {
		w, err := NewWriter(format, &bytes.Buffer{}, everything, "")
		if err != nil {
			t.Fatal(err)
		}
		short, mixed, missing := full[:3], append(Row{}, full...), append(Row{}, full...)
		mixed[2], missing[0] = int64(1), nil
		for _, row := range []Row{short, mixed, missing} {
			if w.Write(row) == nil {
				t.Errorf("%s takes %v", format, row)
			}
		}
	}
	if _, err := NewWriter("xlsx", nil, everything, ""); err == nil {
		t.Error("a format that is none is taken")
	}
}
