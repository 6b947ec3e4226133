package doctor

import (
	"strings"
	"testing"

	"redistop/internal/stats"
)

func TestDeletingBigKeys(t *testing.T) {
	s := newSynth(bigKeyDelete, blockingCommand)
	s.run(30, func(i int) {
		s.calls("get", 2000, 3).calls("del", 5, 4)
		if i%6 == 0 {
			s.calls("del", 1, 230_000).longest("del", 250_000).logged("10.0.5.2:4000", "cleanup", 230_000, "DEL", "basket:"+strings.Repeat("7", 5+i/6))
		}
	})
	f := s.only(t, "big-key-delete", stats.Critical)
	if want := "DEL basket:* blocks this server for 3.2 % of the time"; f.Title != want {
		t.Errorf("title %q, want %q", f.Title, want)
	}
	if len(f.Culprits) != 1 || f.Culprits[0].Name != "cleanup" || !strings.HasPrefix(f.Remedy[0], "send UNLINK instead of DEL") {
		t.Errorf("culprits %+v, remedy %q", f.Culprits, f.Remedy)
	}
	wantPrintable(t, f)
}

func TestDeletingVeryManyKeys(t *testing.T) {
	args := append([]string{"UNLINK"}, strings.Split(strings.Repeat("k:1 ", 30)+"...", " ")...)
	s := newSynth(bigKeyDelete)
	s.run(10, func(i int) {
		s.calls("get", 2000, 3).calls("unlink", 1, 60_000).logged("10.0.5.2:4000", "", 60_000, args...)
	})
	f := s.only(t, "big-key-delete", stats.Warning)
	if len(f.Remedy) != 1 || !strings.HasPrefix(f.Remedy[0], "delete fewer keys with one command") {
		t.Errorf("remedy %q", f.Remedy)
	}
}

func TestQuickDeletes(t *testing.T) {
	s := newSynth(bigKeyDelete)
	s.run(30, func(int) { s.calls("del", 5000, 4).calls("expire", 9000, 2).longest("del", 9000) }).none(t)
}
