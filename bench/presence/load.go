package main

import (
	"container/heap"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"redistop/bench/lab"
)

// deed is what the load knows of one connection: before born it was not there, after died neither.
type deed struct {
	id         int64
	asked      time.Time // to connect
	born, died time.Time // it was connected; it began to be closed. died is zero while it is there
	client     *lab.Client
	leaves     time.Time // when it is to go
}

// load is the connections to a server.
type load struct {
	addr string
	mean time.Duration // that a connection lives

	mu    sync.Mutex
	deeds []*deed   // guarded by mu, as all below
	dying departure // those that are there, the next to go first
	ends  error     // the first failure
	made  int
}

func newLoad(addr string, mean time.Duration) *load { return &load{addr: addr, mean: mean} }

// dialers connect at the same time: one alone would wait for each answer.
const dialers = 16

// gather makes the first n connections.
func (l *load) gather(ctx context.Context, n int) error {
	jobs := make(chan struct{})
	var working sync.WaitGroup
	for range dialers {
		working.Go(func() {
			for range jobs {
				l.come()
			}
		})
	}
	for range n {
		if ctx.Err() != nil {
			break
		}
		jobs <- struct{}{}
	}
	close(jobs)
	working.Wait()
	return l.failure()
}

// come makes one connection and writes it down.
func (l *load) come() {
	l.mu.Lock()
	l.made++
	n := l.made
	l.mu.Unlock()
	d := &deed{asked: time.Now()}
	err := d.connect(l.addr, n)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		if l.ends == nil {
			l.ends = err
		}
		return
	}
	l.deeds = append(l.deeds, d)
	d.leaves = d.born.Add(time.Duration(rand.ExpFloat64() * float64(l.mean)))
	heap.Push(&l.dying, d)
}

// connect comes from one of eight addresses, each of which has ports of its own, by one of twenty names.
func (d *deed) connect(addr string, n int) (err error) {
	if d.client, err = lab.DialFrom(fmt.Sprintf("127.0.0.%d", 1+n%8), addr); err != nil {
		return err
	}
	d.born = time.Now()
	v, refused, err := d.client.Batch([][]string{{"CLIENT", "SETNAME", fmt.Sprint("app-", n%20)}, {"CLIENT", "ID"}})
	if err == nil && refused > 0 {
		err = fmt.Errorf("connect: %d commands refused", refused)
	}
	d.id = v.Int
	return err
}

// churn lets turnover connections a second come, and those go whose time is over, until ctx ends.
func (l *load) churn(ctx context.Context, turnover int) error {
	jobs := make(chan struct{}, turnover)
	var working sync.WaitGroup
	for range dialers {
		working.Go(func() {
			for range jobs {
				l.come()
			}
		})
	}
	defer working.Wait()
	defer close(jobs)
	begun, asked := time.Now(), 0
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for l.failure() == nil {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		for due := int(time.Since(begun).Seconds() * float64(turnover)); asked < due; asked++ {
			select {
			case jobs <- struct{}{}:
			default: // the machine is too slow for it: fewer come
			}
		}
		l.depart(time.Now())
	}
	return l.failure()
}

// depart closes those whose time is over.
func (l *load) depart(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.dying) > 0 && l.dying[0].leaves.Before(now) {
		d := heap.Pop(&l.dying).(*deed)
		d.died = time.Now()
		d.client.Close()
	}
}

func (l *load) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ends
}

func (l *load) leave() { l.depart(time.Now().Add(24 * time.Hour)) }

// truth is a copy of all deeds so far.
func (l *load) truth() []deed {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]deed, len(l.deeds))
	for i, d := range l.deeds {
		list[i] = *d
	}
	return list
}

// departure is a heap, the next to go first.
type departure []*deed

func (d departure) Len() int           { return len(d) }
func (d departure) Less(i, j int) bool { return d[i].leaves.Before(d[j].leaves) }
func (d departure) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *departure) Push(x any)        { *d = append(*d, x.(*deed)) }
func (d *departure) Pop() any {
	last := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return last
}
