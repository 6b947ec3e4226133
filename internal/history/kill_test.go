package history_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"redistop/internal/history"
	"redistop/internal/presence"
	"redistop/internal/stats"
)

const (
	childStore = "REDISTOP_TEST_HISTORY_CHILD"
	childFlush = 50 * time.Millisecond
)

// childWrites is another process that records as fast as it can, and prints when it had recorded what.
func childWrites(where string) int {
	ctx := context.Background()
	s, err := history.Open(ctx, where, history.Options{Flush: childFlush})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	go func() {
		if err := s.Run(ctx); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	out := bufio.NewWriter(os.Stdout)
	for n := int64(1); ; n++ {
		at := time.Now()
		s.Snapshot("a", snapshotAt(at, float64(n)))
		one := sessionOf(n + at.UnixNano()) // no other child has it
		one.OnlineSince, one.LastSeen = at, at
		s.Presence("a", presence.Update{Time: at, Came: []stats.Session{one}})
		fmt.Fprintln(out, at.UnixMilli(), one.ID)
		if out.Flush() != nil {
			return 1
		}
		time.Sleep(time.Millisecond)
	}
}

// TestKilled kills a process that writes, twenty times at random moments. Each time the file must be sound, and hold all that
// was recorded a while before: the time between two writings, and what one takes on a busy machine.
func TestKilled(t *testing.T) {
	t.Parallel()
	where := filepath.Join(t.TempDir(), "history.db")
	for round := range 20 {
		recorded, killed := killedChild(t, where, time.Duration(60+rand.IntN(140))*time.Millisecond)
		if len(recorded) == 0 {
			t.Fatalf("round %d: the child recorded nothing", round)
		}
		found, newest := inFile(t, where)
		first := slices.Min(slices.Collect(maps.Keys(recorded)))
		for at, id := range recorded {
			if at <= newest && !found[id] {
				t.Fatalf("round %d: a session of %d is missing, though one of %d is there", round, at, newest)
			}
		}
		if lag := killed - max(newest, first); lag > (childFlush + 5*time.Second).Milliseconds() {
			t.Errorf("round %d: the newest that was kept was recorded %d ms before the end", round, lag)
		}
	}
}

// killedChild runs a child for so long after its first word; recorded is session ids by the time.
func killedChild(t *testing.T, where string, after time.Duration) (recorded map[int64]int64, killed int64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childStore+"="+where)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	recorded = map[int64]int64{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if len(recorded) == 0 {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
		var at, id int64
		if _, err := fmt.Sscan(lines.Text(), &at, &id); err != nil {
			break // the last line may be cut
		}
		recorded[at], killed = id, at
	}
	_ = cmd.Wait() // it was killed
	return recorded, killed
}

// inFile checks the file by SQLite itself, and reads the ids of sessions and when the newest began.
func inFile(t *testing.T, where string) (ids map[int64]bool, newest int64) {
	t.Helper()
	db, err := sql.Open("sqlite", where)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var sound string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&sound); err != nil || sound != "ok" {
		t.Fatalf("integrity: %q, %v", sound, err)
	}
	rows, err := db.Query("SELECT id, online_since FROM session")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	ids = map[int64]bool{}
	for rows.Next() {
		var id, since int64
		if err := rows.Scan(&id, &since); err != nil {
			t.Fatal(err)
		}
		ids[id], newest = true, max(newest, since)
	}
	return ids, newest
}
