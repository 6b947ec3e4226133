package stats

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the recorded Snapshots")

// snapshotFolder holds the Snapshots that the tests of every reader start from.
const snapshotFolder = "../../testdata/snapshots"

// TestSnapshotsOfRealServers folds recorded polls. Each file is an array of Snapshots in their order,
// the first without rates.
func TestSnapshotsOfRealServers(t *testing.T) {
	dirs, err := filepath.Glob("testdata/*-*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			aggregate := NewAggregate(Options{})
			var snapshots []*Snapshot
			for _, r := range readRecorded(t, dir) {
				snapshots = append(snapshots, aggregate.Observe(r))
			}
			compareGolden(t, filepath.Join(snapshotFolder, filepath.Base(dir)+".json"), snapshots)
		})
	}
}

func compareGolden(t *testing.T, file string, snapshots []*Snapshot) {
	t.Helper()
	got, err := json.MarshalIndent(snapshots, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("the Snapshots differ from %s; see them with -update and git diff", file)
	}
}
