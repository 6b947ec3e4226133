package observe

import (
	"context"
	"sync"
	"time"

	"redistop/internal/canary"
	"redistop/internal/redis"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// canaries send messages through the server and read them back, for as long as it is watched. One that cannot begin is
// started again after a while. Its methods may be called from any goroutine; run is called once.
type canaries struct {
	target server.Target
	kinds  []canary.Kind
	done   sync.WaitGroup

	mu   sync.Mutex
	sing []singer // guarded by mu; one a kind
}

// singer is the canary of one kind.
type singer struct {
	now    *canary.Canary
	failed string // why it could not begin the last time
}

// secondTry is when a canary that could not begin is started again: every attempt may cost an error in the server's counters.
const secondTry = time.Minute

func newCanaries(c Config) *canaries {
	return &canaries{target: c.Target, kinds: c.Canary, sing: make([]singer, len(c.Canary))}
}

// run starts them. They end with ctx, after they have taken away what they made; wait waits for that.
func (c *canaries) run(ctx context.Context) {
	for i, kind := range c.kinds {
		c.done.Go(func() {
			for ctx.Err() == nil {
				one := canary.New(canary.Config{Kind: kind, Write: c.target, Read: c.target, Rate: canary.DefaultRate, Patience: canary.DefaultPatience})
				c.set(i, one, nil)
				if err := one.Run(ctx); ctx.Err() == nil {
					c.set(i, one, err)
					sleep(ctx, secondTry)
				}
			}
		})
	}
}

func (c *canaries) set(i int, one *canary.Canary, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sing[i].now = one
	if err != nil {
		c.sing[i].failed = redis.PrintableCut(err.Error(), 200)
	}
}

func (c *canaries) wait() { c.done.Wait() }

// attach puts what became of the messages into a Reading. The connections and what they send are the observer's own.
func (c *canaries) attach(r *stats.Reading) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sing {
		if s.now == nil {
			continue
		}
		p := s.now.Probe()
		if p.Sent == 0 && p.LastError == "" {
			p.LastError = s.failed
		}
		r.Canary = append(r.Canary, p)
		ids, sent := s.now.Own()
		r.OwnIDs = append(r.OwnIDs[:len(r.OwnIDs):len(r.OwnIDs)], ids...)
		r.Sent = append(r.Sent[:len(r.Sent):len(r.Sent)], sent...)
	}
}
