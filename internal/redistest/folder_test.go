package redistest

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSweepRemovesOnlyWhatKilledProgramsLeft(t *testing.T) {
	parent, err := os.MkdirTemp("/tmp", "sweep-") // short: a socket's path goes below it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(parent) })
	t.Setenv("TMPDIR", parent)
	live, killed := New(t), New(t)
	if err := killed.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{"redistop-of-another-program", "unrelated"} {
		if err := os.Mkdir(filepath.Join(parent, other), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	names := func() (found []string) {
		entries, err := os.ReadDir(parent)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			found = append(found, e.Name())
		}
		return found
	}
	all := names()

	sweep(parent, time.Now().Add(-leftAfter))
	if diff := cmp.Diff(all, names()); diff != "" {
		t.Errorf("young folders were removed:\n%s", diff)
	}
	sweep(parent, time.Now().Add(time.Second))
	var want []string
	for _, name := range all {
		if name != filepath.Base(killed.Dir()) {
			want = append(want, name)
		}
	}
	if diff := cmp.Diff(want, names()); diff != "" {
		t.Error(diff)
	}
	if _, err := live.CLI("ping"); err != nil {
		t.Errorf("the live server lost its socket: %v", err)
	}
}
