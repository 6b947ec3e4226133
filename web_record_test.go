package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"redistop/internal/history"
	"redistop/internal/stats"
	"redistop/internal/web"
)

// TestWhoIsOnlineOutlivesTheProgram records a connection that never speaks, again and again by programs that know of
// it from the store alone: after one that was killed, and beside one that goes on.
func TestWhoIsOnlineOutlivesTheProgram(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.db")
	now := time.Now().UTC().Truncate(time.Second)
	// look is a pass over the connections, so many seconds from now; gone leaves the second of them out.
	look := func(after int64, gone bool) *stats.Snapshot {
		at := now.Add(time.Duration(after) * time.Second)
		s := &stats.Snapshot{Time: at, Server: stats.Server{RunID: "run"}}
		s.Observer.ClientsTime = &at
		for id := int64(7); id <= 8; id++ {
			if id == 8 && gone {
				break
			}
			s.Connections = append(s.Connections, stats.ConnectionRow{ID: id, Addr: "10.0.0.1:5000", Name: "silent", AgeSeconds: 600 + after, IdleSeconds: 600 + after, SeenAt: at})
		}
		s.Observer.ClientsKnown, s.Observer.ClientsExpected = len(s.Connections), len(s.Connections)
		return s
	}
	program := func() (*recorder, func() int64) {
		store, err := history.Open(t.Context(), file, history.Options{Now: func() time.Time { return now.Add(time.Minute) }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := store.Close(t.Context()); err != nil && t.Context().Err() == nil {
				t.Error(err)
			}
		})
		r := newRecording(store, []web.Watched{{Name: "cache"}}).servers["cache"]
		return r, func() int64 {
			page, err := store.Sessions(t.Context(), history.SessionQuery{State: history.StateOnline})
			if err != nil {
				t.Fatal(err)
			}
			return page.Matched
		}
	}

	first, online := program()
	first.record(t.Context(), look(0, false))
	if n := online(); n != 2 {
		t.Fatalf("%d are online, want 2", n)
	}
	for i := int64(1); i <= 3; i++ {
		next, online := program() // the one before has not said goodbye
		next.record(t.Context(), look(2*i, false))
		if n := online(); n != 2 {
			t.Errorf("after start %d: %d are online, want 2", i, n)
		}
	}
	first.record(t.Context(), look(5, false)) // later than it was told by others
	if n := online(); n != 2 {
		t.Errorf("beside another: %d are online, want 2", n)
	}
	late, online := program()
	late.record(t.Context(), look(4, false)) // before the latest look that another has told of
	if n := online(); n != 2 {
		t.Errorf("with a look that is older: %d are online, want 2", n)
	}
	last, online := program()
	last.record(t.Context(), look(8, true))
	if n := online(); n != 1 {
		t.Errorf("one went meanwhile: %d are online, want 1", n)
	}
}

// TestTheSilentAreInANewStore damages the file in use: in the one that is begun anew are also those who said nothing since.
func TestTheSilentAreInANewStore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.db")
	now := time.Now().UTC().Truncate(time.Second)
	open := func() *history.Store {
		store, err := history.Open(t.Context(), file, history.Options{Flush: 5 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	record := func(r *recorder, n int) {
		at := now.Add(time.Duration(n) * time.Millisecond)
		s := &stats.Snapshot{Time: at, Server: stats.Server{RunID: "run"}}
		s.Observer.ClientsTime = &at
		s.Connections = []stats.ConnectionRow{{ID: 7, Addr: "10.0.0.1:5000", Name: "silent", AgeSeconds: 600, IdleSeconds: 600, SeenAt: at}}
		r.record(t.Context(), s)
	}
	first := open()
	r := newRecording(first, []web.Watched{{Name: "cache"}}).servers["cache"]
	for n := range 500 { // pages to spoil
		record(r, n-1000)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	store := open()
	defer writeUntil(t.Context(), store)()
	r = newRecording(store, []web.Watched{{Name: "cache"}}).servers["cache"]
	record(r, 0) // it knows of the connection before the file is spoilt
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	copy(text[4096:], bytes.Repeat([]byte{0xAB}, len(text)))
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(text, 0); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(30 * time.Second)
	for n := 1; ; n++ {
		record(r, n)
		if store.Status().SetAside != "" && store.Status().State == history.On {
			record(r, n+1)
			page, err := store.Sessions(t.Context(), history.SessionQuery{State: history.StateOnline})
			if err == nil && page.Matched == 1 {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("online in the new store: %d, %v", page.Matched, err)
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("the file was not set aside: %+v", store.Status())
		}
		time.Sleep(5 * time.Millisecond)
	}
}
