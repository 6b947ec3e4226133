package demo

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// The sizes of the company. KEYS * costs tens of milliseconds on that many products.
const (
	products  = 250_000
	pages     = 6_000
	visitors  = 4_000
	maxMemory = 64 << 20 // bytes; the data takes about half of it
)

// batch is how many commands of the filling go out at once.
const batch = 2_000

// fill writes the catalogue, the cached pages that are most asked for and the stream's group, then
// sets the server's counters to zero: what
// is watched begins with the traffic.
func (d *Demo) fill(ctx context.Context) error {
	c := d.client(program{name: "import", user: "admin", instances: 1, hosts: []int{7}}, 0)
	defer c.Close()
	err := inBatches(ctx, c, products, func(p redis.Pipeliner, id int) {
		p.Set(ctx, "product:"+strconv.Itoa(id), description, 0)
	})
	if err != nil {
		return fmt.Errorf("write products: %w", err)
	}
	err = inBatches(ctx, c, pages/3, func(p redis.Pipeliner, id int) { cachePage(ctx, p, pageKey(id)) })
	if err != nil {
		return fmt.Errorf("write pages: %w", err)
	}
	if err := c.XGroupCreateMkStream(ctx, orderStream, billingGroup, "$").Err(); err != nil {
		return fmt.Errorf("make consumer group: %w", err)
	}
	if err := c.Do(ctx, "slowlog", "reset").Err(); err != nil {
		return fmt.Errorf("empty slowlog: %w", err)
	}
	return c.ConfigResetStat(ctx).Err()
}

func inBatches(ctx context.Context, c *redis.Client, n int, queue func(p redis.Pipeliner, id int)) error {
	for first := 0; first < n; first += batch {
		_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
			for id := first; id < min(first+batch, n); id++ {
				queue(p, id)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

var (
	description = strings.Repeat("x", 24)
	page        = strings.Repeat("<p>lorem ipsum</p>", 40)
)

// swing is the load at a moment, around 1.
func swing(now time.Time) float64 {
	const day = 90 * time.Second
	at := float64(now.UnixNano()%int64(day)) / float64(day)
	return 1 + 0.4*math.Sin(2*math.Pi*at)
}

// popular draws from n things as people do: a few of them most of the time.
func popular(n int) func() int {
	z := rand.NewZipf(rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())), 1.1, 8, uint64(n-1))
	return func() int { return int(z.Uint64()) }
}
