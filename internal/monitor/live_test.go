package monitor

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"redistop/internal/redis"
)

// TestLiveIsOfNow hands out nothing of before, when nobody has asked for a while, also when the ring has gone round.
func TestLiveIsOfNow(t *testing.T) {
	for _, many := range []int{3, liveKept + 3} {
		synctest.Test(t, func(t *testing.T) {
			l := NewLive(func([]byte) string { return "" })
			tap := func(n int) {
				for i := range n {
					l.Tap(&redis.MonitorLine{Addr: []byte("10.0.0.1:1"), Args: fmt.Appendf(nil, `"GET" "k:%d"`, i)})
				}
			}
			l.Since(0)
			tap(many)
			time.Sleep(idleAfter / 2)
			lines, next, dropped := l.Since(0)
			if len(lines) != min(many, atOnce) || next != int64(many) || dropped != int64(many-len(lines)) {
				t.Fatalf("after %d: %d lines up to %d, %d dropped", many, len(lines), next, dropped)
			}
			time.Sleep(idleAfter - time.Second)
			tap(2) // for who might ask again
			time.Sleep(idleAfter)
			if lines, next, _ := l.Since(0); len(lines) != 0 || next != int64(many+2) {
				t.Errorf("after %d: %d lines of long ago, up to %d", many, len(lines), next)
			}
			tap(5)
			lines, next, dropped = l.Since(int64(many))
			if len(lines) != 5 || next != int64(many+7) || dropped != 2 || lines[0].Keys != "GET k:0" {
				t.Errorf("after %d: %d lines up to %d, %d dropped: %+v", many, len(lines), next, dropped, lines)
			}
		})
	}
}
