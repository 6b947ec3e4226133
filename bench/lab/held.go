package lab

import (
	"context"
	"strings"
	"sync"
	"time"

	"redistop/internal/redis"
)

// A Sight is what CLIENT LIST showed of the connections of one name at a moment.
type Sight struct {
	At          time.Time // when the answer came
	Connections int
	Monitoring  int   // of them, in MONITOR
	Held        int64 // bytes of output that the server holds for them all
}

// Held looks again and again at what a server holds for the connections of one name.
type Held struct {
	cancel context.CancelFunc
	done   chan struct{}

	mu     sync.Mutex
	sights []Sight // guarded by mu
	err    error   // guarded by mu: why it looks no more
}

// WatchHeld begins to look, every so often, over a connection of its own.
func WatchHeld(network, addr, name string, every time.Duration) (*Held, error) {
	c, err := Dial(network, addr)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	h := &Held{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(h.done)
		defer c.Close()
		tick := time.NewTicker(every)
		defer tick.Stop()
		for ctx.Err() == nil {
			s, err := sight(c, name)
			h.mu.Lock()
			h.err = err
			if err == nil {
				h.sights = append(h.sights, s)
			}
			h.mu.Unlock()
			if err != nil {
				return
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
	}()
	return h, nil
}

// Stop ends it and returns why it could not look to the end, if so. Stopping twice is fine.
func (h *Held) Stop() error {
	h.cancel()
	<-h.done
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}

// Since returns what was seen after a moment, in order.
func (h *Held) Since(t time.Time) []Sight {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, s := range h.sights {
		if s.At.After(t) {
			return append([]Sight(nil), h.sights[i:]...)
		}
	}
	return nil
}

// Most is the most that was held at once.
func Most(sights []Sight) (bytes int64) {
	for _, s := range sights {
		bytes = max(bytes, s.Held)
	}
	return bytes
}

// Left is when the last connection had left MONITOR for good; the moment given when none was in it
// after that.
func Left(sights []Sight, from time.Time) time.Time {
	left := from
	for i, s := range sights {
		if s.Monitoring == 0 {
			continue
		}
		left = s.At
		if i+1 < len(sights) {
			left = sights[i+1].At
		}
	}
	return left
}

// Catch looks without a pause until a connection of that name is in MONITOR, and says whether one
// was before patience ended.
func Catch(c *Client, name string, patience time.Duration) (bool, error) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		s, err := sight(c, name)
		if err != nil || s.Monitoring > 0 {
			return s.Monitoring > 0, err
		}
	}
	return false, nil
}

func sight(c *Client, name string) (Sight, error) {
	v, err := c.Do("CLIENT", "LIST")
	if err != nil {
		return Sight{}, err
	}
	s := Sight{At: time.Now()}
	clients, _ := redis.ParseClientList(v.Text)
	for _, client := range clients {
		if client.Name != name {
			continue
		}
		s.Connections++
		s.Held += client.OutputBuffer
		if strings.Contains(client.Flags, "O") {
			s.Monitoring++
		}
	}
	return s, nil
}
