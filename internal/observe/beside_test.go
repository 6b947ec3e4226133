package observe

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// What a connection beside the observer's sends is nobody else's: in no sample from its first command on, in no rate, and
// in no hit ratio.
func TestWhatIsSentBesideIsOurOwn(t *testing.T) {
	s := redistest.New(t, redistest.TCP())
	app := goredis.NewClient(&goredis.Options{Addr: s.Addr(), DisableIdentity: true})
	defer app.Close()
	app.Set(t.Context(), "prod:1", "x", 0)
	target := server.Target{Network: "tcp", Address: s.Addr(), Own: server.NewOwn()}
	var mu sync.Mutex
	var company Company // guarded by mu
	beside := func() Company {
		mu.Lock()
		defer mu.Unlock()
		told := company
		company.Sent, company.Looked = nil, redis.Lookups{}
		return told
	}
	ctx, cancel := context.WithCancel(t.Context())
	o := Start(ctx, Config{Target: target, Interval: 500 * time.Millisecond, Budget: 0.5, Sample: true, Held: 8 << 20, Beside: beside})
	defer drain(o)
	var working sync.WaitGroup
	defer working.Wait()
	defer cancel()
	until(t, o, "the first rates", hasRate)
	tool, err := server.OpenTool(ctx, target, server.ToolOptions{Budget: 1, Booked: func(sent []redis.Sent, looked redis.Lookups) {
		mu.Lock()
		defer mu.Unlock()
		company.Sent, company.Looked = append(company.Sent, sent...), company.Looked.Plus(looked)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer tool.Close()
	mu.Lock()
	company.IDs = []int64{tool.ID()}
	mu.Unlock()
	working.Go(func() {
		for ctx.Err() == nil {
			if _, err := tool.AskAll(ctx, [][]string{{"TYPE", "prod:1"}, {"PTTL", "prod:1"}}); err != nil {
				return
			}
		}
	})
	working.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			app.HGetAll(ctx, "cart:"+strconv.Itoa(1000+i%100))
			server.Sleep(ctx, time.Millisecond)
		}
	})
	seen := 0
	until(t, o, "samples of what the application sends", func(s *stats.Snapshot) bool {
		for _, k := range s.Keys {
			if strings.HasPrefix(k.Pattern, "prod") {
				t.Errorf("our own question is somebody's: %+v", k)
			}
			if k.Pattern == "cart:*" && k.Seen > 20 {
				seen++
			}
		}
		return seen > 2
	})
	last := until(t, o, "the connection", func(s *stats.Snapshot) bool {
		for _, c := range s.Connections {
			if c.ID == tool.ID() {
				t.Errorf("our own connection is somebody's: %+v", c)
			}
		}
		return len(s.Connections) > 0
	})
	for _, row := range last.Commands {
		if (row.Name == "type" || row.Name == "pttl") && row.CallsPerSecond.Or(0) > 50 { // one write may be under way
			t.Errorf("our own calls are somebody's: %+v", row)
		}
	}
}
