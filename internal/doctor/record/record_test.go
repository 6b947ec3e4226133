package record

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/doctor"
	"redistop/internal/doctor/report"
	"redistop/internal/stats"
)

// recorded are Snapshots of real servers.
func recorded(t testing.TB) []*stats.Snapshot {
	t.Helper()
	files, err := filepath.Glob("../../../testdata/snapshots/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recorded snapshots: %v", err)
	}
	var list []*stats.Snapshot
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var some []*stats.Snapshot
		if err := json.Unmarshal(text, &some); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		list = append(list, some...)
	}
	return list
}

func asked() report.Asked {
	return report.Asked{Redistop: "1.0", Seconds: 10, Rules: 2, Groups: []string{"Commands"}, Sampling: true}
}

// saved is a file of these Snapshots.
func saved(t testing.TB, list []*stats.Snapshot, interrupted bool) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, asked())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		if err := w.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(interrupted); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func load(file []byte) (got report.Asked, list []*stats.Snapshot, interrupted bool, err error) {
	interrupted, err = Read(bytes.NewReader(file), func(a report.Asked) { got = a }, func(s *stats.Snapshot) { list = append(list, s) })
	return got, list, interrupted, err
}

func TestWhatIsSavedComesBack(t *testing.T) {
	list := recorded(t)
	f := stats.Finding{Rule: "r", Severity: stats.Warning, Title: "t", FirstSeen: time.Unix(1, 2).UTC(), Resolved: new(time.Time)}
	list[0].Findings = []stats.Finding{f}
	got, back, interrupted, err := load(saved(t, list, true))
	if err != nil || !interrupted || len(back) != len(list) {
		t.Fatalf("%d of %d, interrupted %v: %v", len(back), len(list), interrupted, err)
	}
	if diff := cmp.Diff(asked(), got); diff != "" {
		t.Error(diff)
	}
	for i := range list {
		want, _ := json.Marshal(withoutValues(list[i]))
		have, _ := json.Marshal(back[i])
		if diff := cmp.Diff(string(want), string(have)); diff != "" {
			t.Errorf("snapshot %d: %s", i, diff)
		}
	}
	if !Looks(bytes.NewReader(saved(t, nil, false))) {
		t.Error("an empty observation does not look like one")
	}
}

func TestValuesAreNotSaved(t *testing.T) {
	s := &stats.Snapshot{Slowlog: []stats.SlowRow{
		{Command: "set", Args: []string{"SET", "card:7", "hunter2"}},
		{Command: "auth", Args: []string{"AUTH", "hunter2"}},
		{Command: "eval", Args: []string{"EVAL", "return 'hunter2'", "0", "hunter2"}},
		{Command: "keys", Args: []string{"KEYS", "shiro:*"}},
	}}
	zip, err := gzip.NewReader(bytes.NewReader(saved(t, []*stats.Snapshot{s}, false)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte("hunter2")) || !bytes.Contains(text, []byte("shiro:*")) || !bytes.Contains(text, []byte("card:7")) {
		t.Errorf("%s", text)
	}
	if s.Slowlog[0].Args[2] != "hunter2" {
		t.Error("the Snapshot itself was changed")
	}
}

func TestAFileDoesNotGrowForEver(t *testing.T) {
	var b bytes.Buffer
	w, err := NewWriter(&b, asked())
	if err != nil {
		t.Fatal(err)
	}
	w.whole = 0
	s := &stats.Snapshot{Connections: make([]stats.ConnectionRow, 7), Clients: make([]stats.ClientGroup, 3), Findings: []stats.Finding{{Rule: "r"}}}
	for range 2 {
		if err := w.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(false); err != nil {
		t.Fatal(err)
	}
	_, back, _, err := load(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	last := back[len(back)-1]
	if last.ConnectionsOmitted != 7 || last.GroupsOmitted != 3 || len(last.Connections) != 0 || len(last.Findings) != 1 {
		t.Errorf("%+v", last)
	}
}

func zipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.Bytes()
}

func TestFilesThatAreNone(t *testing.T) {
	whole := saved(t, recorded(t), false)
	wrong := bytes.Clone(whole)
	wrong[len(wrong)-5] ^= 1 // of the checksum
	const head = `{"redistop_observation":1,"redistop":"1.0"}` + "\n"
	tests := []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "not an observation"},
		{"text", []byte("127.0.0.1:6379\n"), "not an observation"},
		{"another gzip", zipped("hello\n"), "not an observation"},
		{"other JSON", zipped(`{"a":1}` + "\n"), "not an observation"},
		{"no version", zipped(`{"redistop_observation":0}` + "\n"), "not an observation"},
		{"cut in the middle", whole[:len(whole)/2], "cut short"},
		{"cut at the end", whole[:len(whole)-3], "cut short"},
		{"without its end", zipped(head + `{"snapshot":{}}` + "\n"), "cut short"},
		{"a wrong checksum", wrong, "checksum"},
		{"a later format", zipped(`{"redistop_observation":9}` + "\n"), "of a later redistop: its format is 9"},
		{"no JSON", zipped(head + "{]\n"), "damaged in line 2"},
		{"something else in it", zipped(head + "{}\n"), "damaged in line 2: it is neither"},
		{"a look is missing", zipped(head + `{"end":{"snapshots":2}}` + "\n"), "damaged: 0 looks where there should be 2"},
		{"more behind the end", zipped(head + `{"end":{"snapshots":0}}` + "\nx\n"), "something follows"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, _, _, err := load(tt.file); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// FuzzRead holds that no file makes a report panic, whatever is in it.
func FuzzRead(f *testing.F) {
	f.Add("", `{"snapshot":{"time":"2026-01-01T00:00:00Z"}}`)
	f.Add(`,"asked_seconds":1e300`, `{"snapshot":{"findings":[{"rule":"\u001b","severity":"x","culprits":[{}],"resolved":"0001-01-01T00:00:00Z"}]}}`)
	f.Add("", `{"end":{"snapshots":0}}`)
	f.Fuzz(func(t *testing.T, head, body string) {
		if _, err := Read(strings.NewReader(head+body), func(report.Asked) {}, func(*stats.Snapshot) {}); err == nil {
			t.Error("what is no gzip was read")
		}
		var g *report.Gatherer
		file := zipped(`{"redistop_observation":1` + head + "}\n" + body + "\n" + `{"end":{"snapshots":1}}` + "\n")
		judge := doctor.New(doctor.Options{})
		interrupted, err := Read(bytes.NewReader(file), func(a report.Asked) { g = report.Gather(a) }, func(s *stats.Snapshot) {
			s.Findings = append(s.Findings, judge.Observe(s)...)
			g.Add(s)
		})
		if err != nil {
			return
		}
		r := g.Report(interrupted)
		for _, text := range []string{report.Text(r, 80, false), report.Markdown(r)} {
			if strings.ContainsAny(text, "\x1b\x07\u202e") {
				t.Errorf("%q", text)
			}
		}
		if _, err := report.HTML(r); err != nil {
			t.Error(err)
		}
	})
}
