package stats

import (
	"encoding/json"
	"flag"
	"math"
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

// The figures of a recorded server agree with each other: what the commands table adds up to is what
// the server counted in all, and the same of connections that count for themselves.
func TestRecordedFiguresAgree(t *testing.T) {
	dirs, err := filepath.Glob("testdata/*-*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, dir := range dirs {
		aggregate := NewAggregate(Options{})
		for i, r := range readRecorded(t, dir) {
			s := aggregate.Observe(r)
			if i == 0 {
				continue
			}
			all, commands, share := s.Throughput.CommandsPerSecond.Or(-1), 0.0, 0.0
			for _, c := range s.Commands {
				commands += c.CallsPerSecond.Or(0)
				share += c.Share.Or(0)
			}
			if math.Abs(all-commands) > 1e-6*all || math.Abs(share-1) > 1e-9 {
				t.Errorf("%s, poll %d: %v commands/s, but the table adds up to %v, shares to %v", dir, i+1, all, commands, share)
			}
			for _, groups := range [][]ClientGroup{s.Clients, s.ClientsByName, s.ClientsByUser, s.ClientsByLibrary} {
				connections := 0
				for _, g := range groups {
					connections += g.Connections
				}
				if connections != len(s.Connections) {
					t.Errorf("%s, poll %d: %d connections, but the groups have %d", dir, i+1, len(s.Connections), connections)
				}
			}
			if p99, ok := s.Throughput.P99Usec.Get(); !ok || p99 < 1 || p99 > 1e6 {
				t.Errorf("%s, poll %d: p99 %v, %v", dir, i+1, p99, ok)
			}
		}
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
