package history_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"redistop/internal/history"
)

// childFull names the store of a child whose files may not grow for a while, as on a full disk.
const childFull = "REDISTOP_TEST_HISTORY_FULL"

// TestDiskFull runs itself in a child, which limits the size of its own files.
func TestDiskFull(t *testing.T) {
	if where := os.Getenv(childFull); where != "" {
		if err := fullDisk(t.Context(), where); err != nil {
			t.Fatal(err)
		}
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDiskFull$")
	cmd.Env = append(os.Environ(), childFull+"="+filepath.Join(t.TempDir(), "history.db"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// limitFiles lets no file of this process grow beyond size: what is more fails, as it does on a full disk.
func limitFiles(size uint64) error {
	signal.Ignore(syscall.SIGXFSZ)
	var now syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &now); err != nil {
		return err
	}
	now.Cur = min(size, now.Max)
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &now)
}

// fullDisk is the child: it records, is stopped by the full disk, and goes on when there is room again. It returns what went wrong.
func fullDisk(t context.Context, where string) error {
	told := &reports{}
	s, err := history.Open(t, where, history.Options{Report: told.add, Now: func() time.Time { return noon }, Flush: 5 * time.Millisecond})
	if err != nil {
		return err
	}
	record := func(from, n int) {
		for i := from; i < from+n; i++ {
			s.Snapshot("a", snapshotAt(noon.Add(-time.Duration(i)*time.Second), 1))
		}
	}
	ask := func() (int, error) {
		r, err := s.Range(t, history.RangeQuery{Server: "a", From: noon.Add(-time.Hour), Step: time.Second})
		n := 0
		for _, v := range r.Series["up"].Mean {
			if v.Known() {
				n++
			}
		}
		return n, err
	}
	record(0, 100)
	if n, err := ask(); n != 100 || err != nil {
		return fmt.Errorf("%d points before, %w", n, err)
	}
	if err := limitFiles(16 << 10); err != nil {
		return err
	}
	record(100, 1000)
	for range 3 {
		if n, err := ask(); n != 1100 || err != nil {
			return fmt.Errorf("%d points while the disk is full, %w", n, err)
		}
	}
	if st := s.Status(); st.State != history.Failing || !strings.Contains(st.Why, "the disk") || st.Waiting != 1000 || told.count() != 1 {
		return fmt.Errorf("while the disk is full: status %+v, reports %q", st, told.all)
	}
	if err := limitFiles(1 << 30); err != nil {
		return err
	}
	if err := s.Close(t); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}
	s, err = history.Open(t, where, history.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	n := 0
	err = s.EachPoint(t, noon.Add(-time.Hour), noon, func(history.Point) error { n++; return nil })
	if err != nil || n != 1100 {
		return fmt.Errorf("%d points stored, %w", n, err)
	}
	return nil
}
