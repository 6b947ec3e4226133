package tui

import (
	"context"
	"fmt"
	"math"
	"os"
	"redistop/internal/stats"
	"testing"
	"time"
)

func TestLook(t *testing.T) {
	size := os.Getenv("LOOK")
	if size == "" {
		t.Skip()
	}
	var w, h, p int
	fmt.Sscanf(size, "%dx%d,%d", &w, &h, &p)
	hist := busyHistory(noon)
	v := newView(w, h)
	v.hist, v.snap, v.now, v.keys, v.canKill = hist, hist.Latest(), noon, true, true
	v.setFocus(p)
	th := themes[os.Getenv("THEME")]
	fmt.Println(v.render().encode(th))
}

func TestLive(t *testing.T) {
	if os.Getenv("LIVE") == "" {
		t.Skip()
	}
	ch := make(chan *stats.Snapshot, 300)
	start := time.Now().Add(-600 * time.Second).Round(0)
	for i := range 300 {
		load := 0.75 + 0.2*math.Sin(float64(i)/17) + 0.05*math.Sin(float64(i)/3)
		ch <- busyCache(start.Add(time.Duration(i)*2*time.Second), load)
	}
	go func() {
		for i := 300; ; i++ {
			time.Sleep(2 * time.Second)
			load := 0.75 + 0.2*math.Sin(float64(i)/17) + 0.05*math.Sin(float64(i)/3)
			s := busyCache(time.Now().Round(0), load)
			if os.Getenv("LIVE") == "down" && i > 302 {
				s.Stale = true
				next := time.Now().Add(3 * time.Second)
				s.Link = stats.Link{State: stats.Down, Message: "dial tcp 10.0.0.5:6379: connection refused", Hint: "is the server running?", NextTry: &next}
			}
			ch <- s
		}
	}()
	err := Run(context.Background(), Options{
		Snapshots: ch, Interval: 2 * time.Second, SetInterval: func(time.Duration) {}, Theme: "auto",
		Kill: func(context.Context, int64, string) error { time.Sleep(time.Second); return nil },
		Save: func(*stats.Snapshot) (string, error) { return "/tmp/x.json", nil },
	})
	fmt.Println("ended:", err)
}
