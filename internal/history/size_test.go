package history_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"redistop/internal/history"
	"redistop/internal/presence"
	"redistop/internal/stats"
)

// fileBytes is what the file and its log have.
func fileBytes(where string) (bytes int64) {
	for _, part := range []string{"", "-wal"} {
		info, err := os.Stat(where + part)
		if err == nil {
			bytes += info.Size()
		}
	}
	return bytes
}

// TestSizeIsBounded writes several times as much as fits, of 10 servers: the file and its log stay under the limit all the time,
// the newest is there, the oldest detail is gone, and writing never fails.
func TestSizeIsBounded(t *testing.T) {
	t.Parallel()
	where := filepath.Join(t.TempDir(), "history.db")
	const most = 4 << 20
	c := &clock{at: noon}
	told := &reports{}
	s := openAt(t, where, history.Options{Now: c.now, MostBytes: most, Report: told.add, Flush: time.Millisecond})
	round, id := 0, int64(0)
	var largest int64
	run(t, s, func() bool {
		if s.Status().Waiting > 2000 {
			return false // the writer has not caught up
		}
		at := noon.Add(time.Duration(round) * time.Minute)
		c.set(at)
		for server := range 10 {
			name := fmt.Sprintf("server-%d", server)
			s.Snapshot(name, snapshotAt(at, float64(round)))
			u := presence.Update{Time: at, Seen: at}
			for range 100 {
				id++
				one := sessionOf(id)
				one.OnlineSince, one.LastSeen = at.Add(-time.Minute), at
				u.Gone = append(u.Gone, gone(one, at, stats.OfflineUnknown))
			}
			s.Presence(name, u)
		}
		round++
		largest = max(largest, fileBytes(where))
		return round == 28
	})
	largest = max(largest, fileBytes(where))
	if largest > most {
		t.Errorf("%d bytes on the disk, more than %d", largest, most)
	}
	if told.count() > 0 || s.Status().Lost != (history.Lost{}) {
		t.Errorf("reports %q, status %+v", told.all, s.Status())
	}
	s = openAt(t, where, history.Options{Now: c.now, ReadOnly: true})
	page, err := s.Sessions(t.Context(), history.SessionQuery{Limit: 1})
	if err != nil || page.Since == nil || !page.Since.After(noon) {
		t.Errorf("since %v, %v", page.Since, err)
	}
	var kept, oldest int64
	err = s.EachSession(t.Context(), noon.Add(-time.Hour), c.now(), func(one history.ServerSession) error {
		kept++
		if oldest == 0 || one.ID < oldest {
			oldest = one.ID
		}
		return nil
	})
	if err != nil || kept < 8_000 || kept == id || kept != id-oldest+1 {
		t.Errorf("%d sessions of %d kept, the oldest is %d: %v", kept, id, oldest, err)
	}
	t.Logf("%d sessions of %d kept, %d bytes at most", kept, id, largest)
}

// TestRoomIsGivenBack holds that the file shrinks when what is in it is too old.
func TestRoomIsGivenBack(t *testing.T) {
	t.Parallel()
	where := filepath.Join(t.TempDir(), "history.db")
	c := &clock{at: noon}
	s := openAt(t, where, history.Options{Now: c.now})
	u := presence.Update{Time: noon}
	for id := range int64(14_000) {
		u.Gone = append(u.Gone, gone(sessionOf(id), noon, stats.OfflineKilled))
	}
	s.Presence("a", u)
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := fileBytes(where)
	c.set(noon.Add(60 * 24 * time.Hour))
	s = openAt(t, where, history.Options{Now: c.now, Flush: time.Millisecond, MostBytes: 4 << 20}) // so that the log is small, too
	run(t, s, func() bool { bytes, known := s.Status().Bytes.Get(); return known && bytes < before/2 })
	if after := fileBytes(where); after > before/2 {
		t.Errorf("%d bytes, %d before", after, before)
	}
}

// TestPostgresIsBounded writes more than may be kept, of two ages: the older go.
func TestPostgresIsBounded(t *testing.T) {
	c := &clock{at: noon}
	s := openAt(t, postgres(t), history.Options{Now: c.now, MostBytes: 4 << 20})
	for _, ends := range []time.Time{noon.Add(-time.Hour), noon} {
		u := presence.Update{Time: noon}
		for id := range int64(10_000) {
			u.Gone = append(u.Gone, gone(sessionOf(ends.UnixMilli()+id), ends, stats.OfflineUnknown))
		}
		s.Presence("a", u)
	}
	old := history.SessionQuery{State: history.StateOffline, From: noon.Add(-2 * time.Hour), To: noon.Add(-time.Minute)}
	if page, err := s.Sessions(t.Context(), old); err != nil || page.Matched != 10_000 {
		t.Fatalf("%d are old, %v", page.Matched, err)
	}
	s.Upkeep(t.Context())
	page, err := s.Sessions(t.Context(), old)
	if err != nil || page.Matched != 0 || s.Status().State != history.On {
		t.Errorf("%d are old, %v; %+v", page.Matched, err, s.Status())
	}
	if page.Since != nil {
		t.Errorf("since %v, but no connections were ever looked at", page.Since)
	}
	if page, err = s.Sessions(t.Context(), history.SessionQuery{State: history.StateOffline}); err != nil || page.Matched != 10_000 {
		t.Errorf("%d are left, %v", page.Matched, err)
	}
}

func TestOnlyTheOwnerReadsTheFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "redistop")
	s := openAt(t, filepath.Join(dir, "history.db"), history.Options{})
	s.Snapshot("a", snapshotAt(noon, 1))
	if n, err := ask(t, s); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	for name, want := range map[string]os.FileMode{"": 0o700, "history.db": 0o600, "history.db-wal": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%q: %v, %v", name, info.Mode(), err)
		}
	}
}
