package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"redistop/bench/lab"
	"redistop/internal/redis"
	"redistop/internal/redistest"
)

// A Stage is where one Scene is played: its servers, its clients and their goroutines. All of it ends with
// Close.
type Stage struct {
	Server  *redistest.Server
	Watched *redistest.Server // that redistop looks at; Server unless the Scene says otherwise
	Short   bool

	parts    int       // of what the slow command of this Scene walks over; see Weigh
	password string    // of every server; "": none
	onset    time.Time // when the incident began; a Scene may know better than its player
	binary   redistest.Binary
	ctx      context.Context
	end      context.CancelFunc
	group    sync.WaitGroup
	mu       sync.Mutex
	clients  []*lab.Client       // guarded by mu
	servers  []*redistest.Server // guarded by mu
	err      error               // guarded by mu: the first that a goroutine of the Scene met
}

// Open starts the Scene's server.
func Open(ctx context.Context, binary redistest.Binary, scene *Scene, short bool) (*Stage, error) {
	s := &Stage{Short: short, binary: binary}
	if !scene.Open {
		s.password = password
	}
	s.ctx, s.end = context.WithCancel(ctx)
	server, err := s.start(scene.Config...)
	if err != nil {
		s.end()
		return nil, err
	}
	s.Server, s.Watched = server, server
	return s, nil
}

// password lets clients come from other addresses than 127.0.0.1, and is what a healthy server has.
const password = "a-test-password"

// start starts one more server that ends with the Stage.
func (s *Stage) start(config ...string) (*redistest.Server, error) {
	if s.password != "" {
		config = append([]string{"requirepass " + s.password, "masterauth " + s.password}, config...)
	}
	server, err := redistest.Start(s.ctx, redistest.Options{Binary: s.binary, TCP: true, Config: config})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.servers = append(s.servers, server)
	return server, nil
}

// Close ends everything and returns the first error that the Scene's clients met.
func (s *Stage) Close() error {
	s.end()
	s.mu.Lock()
	for _, c := range s.clients {
		c.Close()
	}
	servers := s.servers
	s.mu.Unlock()
	for _, server := range servers {
		if err := server.Stop(); err != nil {
			s.fail(err)
		}
	}
	s.group.Wait()
	return s.Err()
}

// Err is the first error that the Scene's clients met: then it is not the incident that it should be.
func (s *Stage) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *Stage) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

// Dial connects a client that ends with the Stage.
func (s *Stage) Dial(who Who) (*lab.Client, error) { return s.DialTo(s.Server, who) }

// DialTo is Dial to another server than the first.
func (s *Stage) DialTo(server *redistest.Server, who Who) (*lab.Client, error) {
	c, err := s.connect(server, who)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.clients = append(s.clients, c)
	s.mu.Unlock()
	return c, nil
}

// connect connects a client that the caller closes.
func (s *Stage) connect(server *redistest.Server, who Who) (*lab.Client, error) {
	c, err := lab.DialFrom(who.IP, server.Addr())
	if err != nil {
		return nil, err
	}
	var hello [][]string
	if s.password != "" {
		hello = append(hello, []string{"AUTH", s.password})
	}
	if who.Name != "" {
		hello = append(hello, []string{"CLIENT", "SETNAME", who.Name})
	}
	if _, refused, err := c.Batch(hello); refused > 0 || err != nil {
		c.Close()
		return nil, errors.Join(fmt.Errorf("log in as %s: %d refused", who, refused), err)
	}
	return c, nil
}

// Address is the watched server as redistop is told of it.
func (s *Stage) Address() string {
	if s.password == "" {
		return s.Watched.Addr()
	}
	return "redis://:" + s.password + "@" + s.Watched.Addr()
}

// Go runs what goes on during the Scene. An error before its end is the Scene's.
func (s *Stage) Go(f func() error) {
	s.group.Go(func() {
		if err := f(); err != nil && s.ctx.Err() == nil {
			s.fail(err)
		}
	})
}

// Every calls f again and again, pause apart, until the end.
func (s *Stage) Every(pause time.Duration, f func() error) {
	s.Go(func() error {
		for s.ctx.Err() == nil {
			if err := f(); err != nil {
				return err
			}
			s.Sleep(pause)
		}
		return nil
	})
}

// Ask sends one command of who again and again, pause apart.
func (s *Stage) Ask(who Who, pause time.Duration, args ...string) error {
	c, err := s.Dial(who)
	if err != nil {
		return err
	}
	s.Every(pause, func() error { return refused(c.Do(args...)) })
	return nil
}

// Occupy sends one command of who again and again, so that the server is in it for about a share of its
// time. The server tells how long the first one took; the way to the client and back does not count.
func (s *Stage) Occupy(who Who, share float64, args ...string) error {
	c, err := s.Dial(who)
	if err != nil {
		return err
	}
	s.Go(func() error {
		if _, err := c.Do(args...); err != nil {
			return err
		}
		took, err := s.took(args[0])
		if err != nil {
			return err
		}
		period := min(longestPeriod, time.Duration(float64(took)/share))
		for next := time.Now().Add(period); s.ctx.Err() == nil; next = next.Add(period) {
			s.Sleep(time.Until(next))
			if _, err := c.Do(args...); err != nil {
				return err
			}
		}
		return nil
	})
	return nil
}

// slowEnough is a call that the slow log, which begins at 10 ms, keeps with its sender, also when it is twice
// as quick as at the first time.
const slowEnough = 25 * time.Millisecond

// Weigh makes a command slow on a machine of any speed: fill makes what it walks over of n parts, args is the
// command for that. Where the server is done with it too soon, there are more parts. How many there are at
// last is s.parts.
func (s *Stage) Weigh(n int, fill func(n int) error, args func(n int) []string) error {
	return s.filler(func(c *lab.Client) error {
		for most := 16 * n; ; n *= 2 {
			if err := fill(n); err != nil {
				return err
			}
			if _, err := c.Do("CONFIG", "RESETSTAT"); err != nil {
				return err
			}
			asked := args(n)
			if _, err := c.Do(asked...); err != nil {
				return err
			}
			took, err := s.took(asked[0])
			if err != nil {
				return err
			}
			if s.parts = n; took >= slowEnough || 2*n > most {
				return nil
			}
		}
	})
}

// longestPeriod lets ten seconds see a command twice, however slow this machine makes it.
const longestPeriod = 5 * time.Second

// took is how long the server was in a command, by its own count.
func (s *Stage) took(command string) (took time.Duration, err error) {
	err = s.filler(func(c *lab.Client) error {
		info, err := c.Info("commandstats")
		if err != nil {
			return err
		}
		for _, row := range info.Commands {
			if row.Name == strings.ToLower(command) && row.Calls > 0 {
				took = time.Duration(row.Usec/row.Calls) * time.Microsecond
				return nil
			}
		}
		return fmt.Errorf("ask INFO commandstats: no %s in it", command)
	})
	return max(took, time.Millisecond), err
}

// Sleep waits, or until the end.
func (s *Stage) Sleep(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.ctx.Done():
	}
}

// size is a number for the full form and one for the short form.
func (s *Stage) size(full, short int) int {
	if s.Short {
		return short
	}
	return full
}

// refused drops the error of a reply that is an error: what a Scene provokes is no failure of it.
func refused(_ redis.Value, err error) error {
	if reply := (*redis.ReplyError)(nil); errors.As(err, &reply) {
		return nil
	}
	return err
}

// filler is who prepares a Scene; it leaves before the Scene begins.
func (s *Stage) filler(f func(*lab.Client) error) error {
	c, err := s.connect(s.Server, from("1", ""))
	if err != nil {
		return err
	}
	defer c.Close()
	return f(c)
}

// Fill runs a script for the numbers 1 to n, in pieces that hold the server up for a few milliseconds.
// The script has the number as i and the key as KEYS[1].
func (s *Stage) Fill(key string, n int, body string) error {
	const piece = 5000
	script := "for i = ARGV[1], ARGV[2] do " + body + " end"
	return s.filler(func(c *lab.Client) error {
		for from := 1; from <= n; from += piece {
			if _, err := c.Do("EVAL", script, "1", key, strconv.Itoa(from), strconv.Itoa(min(n, from+piece-1))); err != nil {
				return fmt.Errorf("fill server: %w", err)
			}
		}
		return nil
	})
}

// Settle forgets what the preparations cost: a Scene begins on a server that has nothing to tell.
func (s *Stage) Settle() error {
	c, err := s.connect(s.Watched, from("1", ""))
	if err != nil {
		return err
	}
	defer c.Close()
	for _, args := range [][]string{
		{"SLOWLOG", "RESET"},
		{"LATENCY", "RESET"},
		{"COMMANDLOG", "RESET", "large-request"}, // Valkey 8.1 and later
		{"COMMANDLOG", "RESET", "large-reply"},
		{"CONFIG", "RESETSTAT"}, // last: it forgets the refused ones too
	} {
		if err := refused(c.Do(args...)); err != nil {
			return err
		}
	}
	return nil
}

const carts = 500

// Shop is the traffic of the others: a few hundred commands a second on keys that expire.
func (s *Stage) Shop() error {
	if err := s.Fill("", carts, `redis.call("SET", "cart:" .. i, "two shirts, one pair of shoes", "EX", 3600)`); err != nil {
		return err
	}
	for i := range 4 {
		c, err := s.Dial(from(strconv.Itoa(21+i%2), "shop-web"))
		if err != nil {
			return err
		}
		s.Every(10*time.Millisecond, func() error {
			key := "cart:" + strconv.Itoa(1+rand.IntN(carts))
			if rand.IntN(4) == 0 {
				return refused(c.Do("SET", key, "two shirts, one pair of shoes", "EX", "3600"))
			}
			return refused(c.Do("GET", key))
		})
	}
	return nil
}
